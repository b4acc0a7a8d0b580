// What stands in a binary log file.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "archive/log_file.h"
#include "archive/log_verifier.h"
#include "binlog/gtid_set.h"

namespace binlogd {

// One file, in numbers. Plain data; grows with the number of tables only.
struct LogSummary {
  struct Rows {
    uint64_t inserts = 0;
    uint64_t updates = 0;
    uint64_t deletes = 0;
  };
  struct Transaction {
    uint64_t bytes = 0;
    uint64_t begin = 0;  // Offset of its first event.
    std::string gtid;    // Empty when it has none.
  };

  std::string path;
  std::string name;
  uint64_t size = 0;  // Bytes, uncompressed.
  Flavor flavor = Flavor::kMySql;
  std::string server_version;  // As the server states it; not always UTF-8.
  ChecksumAlgorithm checksum = ChecksumAlgorithm::kNone;
  bool in_use = false;
  bool relay_log = false;
  std::array<uint64_t, 256> events = {};  // By type; of a compressed transaction only the event that holds it.
  uint64_t event_count = 0;
  uint64_t transactions = 0;
  std::map<std::pair<std::string, std::string>, Rows> rows;  // By database and table.
  GtidSet stated_gtids;                                      // Complete where the file begins, as it says.
  GtidSet gtids;                                             // Of its own transactions.
  std::string first_gtid;
  std::string last_gtid;
  uint32_t first_time = 0;  // The least and the greatest time of its events, seconds since 1970; 0 without any.
  uint32_t last_time = 0;
  Transaction biggest;
};

// Reads the file to its end and decodes all of it. `summary` also tells what came before an error. Errors as
// TrackedLog::Next() and EventError().
absl::Status SummarizeLog(const std::string& path, const LogFileOptions& options, LogFileObserver observe,
                          LogSummary* summary);

}  // namespace binlogd
