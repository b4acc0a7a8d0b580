// What targets that feed the event decoder share.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "absl/strings/string_view.h"
#include "binlog/decoder.h"
#include "binlog/flavor.h"
#include "binlog/stream_tracker.h"
#include "format/event_encoder.h"

namespace binlogd::fuzz {

// Takes events as a streamer does: follows them, decodes them, and writes what comes out in every format. Aborts when
// something breaks its contract: an error of another kind than bad data, output of an event that failed, or output
// that is no JSON.
class StreamFuzzer {
 public:
  explicit StreamFuzzer(Flavor flavor);
  // A whole event, which its header may deny.
  void Feed(absl::string_view event);
  void Finish();

 private:
  void Encode(const DecodedEvent& event);
  void CheckOutput(EventFormat format, const RecordBuffer& records);

  StreamTracker tracker_;
  EventDecoder decoder_;
  std::array<std::unique_ptr<EventEncoder>, 5> encoders_;
  RecordBuffer records_{true};
};

}  // namespace binlogd::fuzz
