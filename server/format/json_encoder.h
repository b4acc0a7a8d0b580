// Decoded events as JSON lines.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "binlog/rows.h"
#include "format/event_encoder.h"

namespace binlogd {

// The JSON form of docs/formats.md: a line for each event.
class JsonEncoder : public EventEncoder {
 public:
  absl::Status Append(const DecodedEvent& event, const EventPlace& place, bool passes, RecordBuffer* out) override;
  void Finish(RecordBuffer*) override {}

 private:
  absl::Status AppendRows(const DecodedEvent& event, std::string* out);

  RowCursor cursor_;
  std::string old_rows_;
};

}  // namespace binlogd
