// Table definitions, kept across restarts. docs/on-disk.md describes the file.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/position.h"
#include "binlog/table_versions.h"

namespace binlogd {

// What tells a log file from a later one of the same name.
struct LogFileIdentity {
  uint32_t created = 0;
  uint32_t server_id = 0;
  friend bool operator==(const LogFileIdentity&, const LogFileIdentity&) = default;
};

struct KeptDefinitions {
  std::string epoch;  // Its name.
  // Every statement before it has been told to the versions. No GTID set.
  Position observed;
  std::map<std::string, LogFileIdentity> files;  // Those that the versions and `observed` speak of, by name.
  TableVersions versions;
};

std::string SerializeDefinitions(const KeptDefinitions& kept);
// DATA_LOSS when it is not, to the last byte, what SerializeDefinitions has written.
absl::StatusOr<KeptDefinitions> ParseDefinitions(absl::string_view bytes);

// NOT_FOUND when there is no file. A damaged one is moved aside (".corrupt") and DATA_LOSS.
absl::StatusOr<KeptDefinitions> LoadDefinitions(const std::string& path);
// Replaces the file, durably; its directory is made.
absl::Status SaveDefinitions(const std::string& path, const KeptDefinitions& kept);

}  // namespace binlogd
