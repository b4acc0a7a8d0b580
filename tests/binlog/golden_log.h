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
inline GoldenLog ReadGoldenLog(Flavor flavor, const std::string& name) {
  GoldenLog log{flavor, name, {}};
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

// The log with all column types.
inline GoldenLog ReadGoldenLog(Flavor flavor) {
  return ReadGoldenLog(flavor, flavor == Flavor::kMySql ? "mysql-9.7" : "mariadb-10.11");
}

// These, and those with compressed transactions, partial JSON and statements.
inline std::vector<GoldenLog> ReadGoldenLogs() {
  return {ReadGoldenLog(Flavor::kMySql), ReadGoldenLog(Flavor::kMariaDb),
          ReadGoldenLog(Flavor::kMySql, "mysql-9.7-events"), ReadGoldenLog(Flavor::kMariaDb, "mariadb-10.11-events")};
}

}  // namespace binlogd
