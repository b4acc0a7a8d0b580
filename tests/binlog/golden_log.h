// Binary logs for tests, captured from servers.
#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "binlog/event_header.h"
#include "binlog/flavor.h"

namespace binlogd {

// A captured binary log.
struct GoldenLog {
  Flavor flavor;
  std::string name;                 // "mysql-9.7"
  std::vector<std::string> events;  // Whole events, in order.
};

inline std::string ReadGoldenFile(const std::string& name) {
  std::ifstream file(absl::StrCat(BINLOGD_GOLDEN_DIRECTORY, "/", name), std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

// Aborts when the file is not there or not whole.
inline GoldenLog ReadGoldenLog(Flavor flavor) {
  GoldenLog log{flavor, flavor == Flavor::kMySql ? "mysql-9.7" : "mariadb-10.11", {}};
  const std::string bytes = ReadGoldenFile(log.name + ".binlog");
  size_t at = kFirstEventOffset;
  while (at < bytes.size()) {
    const auto header = ParseEventHeader(absl::string_view(bytes).substr(at));
    if (!header.ok() || header->size > bytes.size() - at) std::abort();
    log.events.push_back(bytes.substr(at, header->size));
    at += header->size;
  }
  if (log.events.empty()) std::abort();
  return log;
}

}  // namespace binlogd
