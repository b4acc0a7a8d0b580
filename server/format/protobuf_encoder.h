// Decoded events as length-delimited protobuf messages.
#pragma once

#include "absl/status/status.h"
#include "binlogd/v1/event.pb.h"
#include "format/event_encoder.h"

namespace binlogd {

// binlogd.v1.Event, each after its length as a varint, as protobuf's own delimited streams have it. The same event
// always gives the same bytes.
class ProtobufEncoder : public EventEncoder {
 public:
  absl::Status Append(const DecodedEvent& event, const EventPlace& place, bool passes, RecordBuffer* out) override;
  void Finish(RecordBuffer*) override {}

 private:
  v1::Event message_;
};

}  // namespace binlogd
