// The files of a file target, as binlogctl reads them.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "absl/strings/strip.h"
#include "archive/log_bytes.h"
#include "tests/target/target_testing.h"

namespace binlogd::testing {

// A file's content, decrypted and uncompressed; an error stands at the end of what could be read.
inline std::string ReadContent(const std::string& path, const KeyRing& keys) {
  std::string content;
  if (std::filesystem::file_size(path) == 0) return content;
  absl::StatusOr<std::unique_ptr<LogBytes>> bytes = LogBytes::Open(path, &keys);
  absl::Status status = bytes.status();
  char buffer[65536];
  while (status.ok()) {
    const absl::StatusOr<size_t> got = (*bytes)->Read(buffer, sizeof(buffer));
    status = got.status();
    if (!got.ok() || *got == 0) break;
    content.append(buffer, *got);
  }
  return status.ok() ? content : content + status.ToString();
}

// As FolderContent, but decrypted and uncompressed, and by names without ".zst", ".gz" and ".enc".
inline std::map<std::string, std::string> ReadFolder(const std::string& folder, const KeyRing& keys) {
  std::map<std::string, std::string> content;
  for (const auto& [name, bytes] : FolderContent(folder)) {
    absl::string_view stem = name;
    for (const char* suffix : {".enc", ".gz", ".zst"}) absl::ConsumeSuffix(&stem, suffix);
    content[std::string(stem)] = ReadContent(folder + "/" + name, keys);
  }
  return content;
}

}  // namespace binlogd::testing
