// Whether binary log files are whole and follow each other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "archive/log_file.h"
#include "archive/tracked_log.h"
#include "binlog/decoder.h"
#include "binlog/gtid_set.h"

namespace binlogd {

// Called for every event while a file is read: for a progress display. CANCELLED and the like end the reading.
using LogFileObserver = absl::FunctionRef<void(const LogFileReader& file)>;

// What was found in one file. Plain data.
struct LogFinding {
  std::string path;
  std::string name;
  uint64_t size = 0;  // Bytes, uncompressed, up to the problem.
  uint64_t events = 0;
  uint64_t transactions = 0;
  std::string gtid_set;  // Complete at the end: those of earlier files, as the file states them, and its own.
  absl::Status problem;  // The first one; OK when there is none. Its message is EventError()'s or names the file.
};

// Verifies files in order:
//   of each event: its size, checksum, end position (where the server states one); that it can be decoded, though not
//     the values of its rows
//   of each file: that it begins with a format description and has no other (relay logs have); nothing after a ROTATE
//     or STOP; no transaction within another or cut off by the end; no rows and commits outside of one; GTIDs stated
//     before the first transaction; no GTID twice (MySQL)
//   of files in one folder: consecutive numbers, the one that the ROTATE before names, and GTIDs that go on where the
//     file before ended
// The rest of a file is not read after its first problem. Not thread-safe.
class LogVerifier {
 public:
  explicit LogVerifier(LogFileOptions options) : options_(std::move(options)) {}

  LogFinding Verify(const std::string& path, LogFileObserver observe);

 private:
  absl::Status VerifyFile(const std::string& path, LogFileObserver observe, LogFinding* finding);
  absl::Status VerifyName() const;
  absl::Status VerifyPlace(const LogFileEvent& event) const;
  absl::Status VerifyContent(const LogFileEvent& event);
  absl::Status VerifyGtid() const;
  absl::Status VerifyStatedGtids() const;

  // What the next file is compared with.
  struct FileBefore {
    std::string path;
    std::string next_name;  // From its ROTATE; empty without one.
    std::optional<GtidSet> gtids;
  };

  const LogFileOptions options_;
  std::optional<FileBefore> before_;
  // Of the file that is being verified.
  std::optional<TrackedLog> log_;
  std::optional<EventDecoder> decoder_;
  bool follows_before_ = false;
  bool any_transaction_ = false;
  EventType closed_by_ = EventType::kUnknown;
  std::string next_name_;
};

}  // namespace binlogd
