// The file beside a target's data that records how far the data is durable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file.h"
#include "target/position_record.h"

namespace binlogd {

// An append-only file of records, the last valid one of which counts (docs/on-disk.md). A line a record:
//   8 hexadecimal digits (CRC-32 of the rest), space, a JSON object, newline
// A torn last line is ignored and written over. The file is written anew when it has grown past 1 MiB. Not thread-safe.
class PositionLog {
 public:
  // Opens or makes the file. Permanent: DATA_LOSS (TARGET_DAMAGED) when a record before the last is not valid,
  // FAILED_PRECONDITION (TARGET_FORMAT_MISMATCH) when one is of another version.
  static absl::StatusOr<PositionLog> Open(const std::string& path);

  const std::optional<PositionRecord>& last() const { return last_; }
  // Durable when it returns, also where somebody has cut or removed the file meanwhile. After an error the log has to
  // be opened anew.
  absl::Status Append(const PositionRecord& record);

 private:
  PositionLog(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  bool IsAsWritten() const;

  std::string path_;
  FileDescriptor file_;
  uint64_t length_ = 0;  // Of the valid records.
  std::optional<PositionRecord> last_;
};

}  // namespace binlogd
