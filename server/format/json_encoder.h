// Decoded events as JSON lines.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/decoder.h"
#include "binlog/rows.h"

namespace binlogd {

// Writes events in the JSON form of docs/formats.md. Keeps its buffers from one event to the next. Not thread-safe.
class JsonEncoder {
 public:
  // Appends the event as one line; it ends at `end_offset` of `file`. DATA_LOSS, with `out` as it was, when its rows
  // cannot be decoded.
  absl::Status Append(const DecodedEvent& event, absl::string_view file, uint64_t end_offset, std::string* out);

 private:
  absl::Status AppendRows(const DecodedEvent& event, std::string* out);

  RowCursor cursor_;
  std::string old_rows_;
};

}  // namespace binlogd
