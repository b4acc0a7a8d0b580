// Decoded events as Canal's flat messages.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "format/event_encoder.h"
#include "format/row_changes.h"

namespace binlogd {

// One record a row event or statement; docs/formats/canal.md says where we differ. Records have no
// keys: one may hold several rows.
class CanalEncoder : public EventEncoder {
 public:
  explicit CanalEncoder(const EncoderOptions& options);

  absl::Status Append(const DecodedEvent& event, const EventPlace& place, bool passes, RecordBuffer* out) override;
  void Finish(RecordBuffer*) override {}

 private:
  absl::Status AppendRows(const DecodedEvent& event, std::string* values);
  void AppendHead(const DecodedEvent& event, const EventPlace& place, absl::string_view type, std::string* out);

  const absl::Time received_;
  RowChanges changes_;
  std::string old_rows_;
};

}  // namespace binlogd
