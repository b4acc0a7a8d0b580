// Captured events with bytes cut off or changed: each ends in an error or in a decode. What reads out of bounds is
// found when the test runs under AddressSanitizer; each event has a heap block of its own size for that.
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "binlog/decoder.h"
#include "binlog/stream_tracker.h"
#include "binlog/transaction_payload.h"
#include "format/json_encoder.h"
#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"

namespace binlogd {
namespace {

// Where the log stands before an event.
struct Place {
  Flavor flavor;
  std::shared_ptr<const FormatDescription> format;
  std::shared_ptr<const std::vector<std::string>> context;
  std::string next;  // The event after it.
};

// Decodes a changed event, and the one after it, for which a changed table map matters.
void Try(const Place& place, absl::string_view changed, JsonEncoder* encoder) {
  const std::unique_ptr<char[]> block(new char[changed.size()]);
  std::memcpy(block.get(), changed.data(), changed.size());
  EventDecoder decoder(place.flavor, place.format);
  const DecodedEvent* event = nullptr;
  for (const std::string& before : *place.context) ASSERT_TRUE(decoder.Feed(before, &event).ok());
  RecordBuffer line;
  for (const absl::string_view bytes :
       {absl::string_view(block.get(), changed.size()), absl::string_view(place.next)}) {
    absl::Status status = decoder.Feed(bytes, &event);
    while (status.ok() && event != nullptr) {
      status = encoder->Append(*event, {"binlog.000001", 4}, true, &line);
      if (!status.ok()) {
        ASSERT_EQ(line.values, "");
      }
      line.values.clear();
      if (status.ok()) status = decoder.Next(&event);
    }
    if (!status.ok()) {
      ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    }
  }
  StreamTracker tracker(place.flavor);
  tracker.set_format(place.format);
  const auto header = ParseEventHeader(absl::string_view(block.get(), changed.size()));
  bool ends = false;
  if (header.ok()) tracker.Take(*header, absl::string_view(block.get(), changed.size()), &ends).IgnoreError();
}

// Calls `change(place, event)` for every event of the captured logs.
template <typename Change>
void ForEachEvent(Change change) {
  for (const GoldenLog& log : ReadGoldenLogs()) {
    StreamTracker tracker(log.flavor);
    for (size_t i = 0; i < log.events.size(); ++i) {
      const std::string next = i + 1 < log.events.size() ? log.events[i + 1] : MakeXid();
      change(Place{log.flavor, tracker.format(), tracker.context(), next}, log.events[i]);
      bool ends = false;
      ASSERT_TRUE(tracker.Take(*ParseEventHeader(log.events[i]), log.events[i], &ends).ok());
    }
  }
}

TEST(MutationTest, EveryTruncation) {
  JsonEncoder encoder;
  ForEachEvent([&encoder](const Place& place, std::string event) {
    for (size_t size = event.size() - 1; size > 0; --size) {
      event.resize(size);
      Try(place, event, &encoder);  // The header's size is wrong.
      if (size >= kEventHeaderSize) {
        event.replace(9, 4, Little(size, 4));
        Try(place, event, &encoder);
      }
    }
  });
}

// The events inside a compressed transaction, changed before they are compressed: what the decoder finds behind zstd,
// which would refuse a change of its own bytes.
std::string InnerEvents(absl::string_view payload_event) {
  TransactionPayload payload;
  const size_t framing = kEventHeaderSize + kChecksumSize;
  EXPECT_TRUE(payload.Open(payload_event.substr(kEventHeaderSize, payload_event.size() - framing)).ok());
  std::string events;
  absl::string_view inner;
  while (payload.Next(&inner).ok() && !inner.empty()) absl::StrAppend(&events, inner);
  return events;
}

TEST(MutationTest, EveryFlippedByteInsideAPayload) {
  JsonEncoder encoder;
  size_t payloads = 0;
  ForEachEvent([&](const Place& place, const std::string& event) {
    if (ParseEventHeader(event)->type != EventType::kTransactionPayload) return;
    ++payloads;
    std::string events = InnerEvents(event);
    const auto try_changed = [&] {
      Try(place,
          MakeEvent(EventType::kTransactionPayload,
                    absl::StrCat(MakePayloadBody(events, 255, events.size()), std::string(kChecksumSize, '\0'))),
          &encoder);
    };
    for (size_t i = 0; i < events.size(); ++i) {
      for (const char flip : {'\x01', '\x80', '\xff'}) {
        events[i] = static_cast<char>(events[i] ^ flip);
        try_changed();
        events[i] = static_cast<char>(events[i] ^ flip);
      }
    }
    while (!events.empty()) {
      events.pop_back();
      try_changed();
    }
  });
  EXPECT_GT(payloads, 3u);
}

TEST(MutationTest, EveryFlippedBit) {
  JsonEncoder encoder;
  ForEachEvent([&encoder](const Place& place, std::string event) {
    for (size_t i = 0; i < event.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        event[i] = static_cast<char>(event[i] ^ (1 << bit));
        Try(place, event, &encoder);
        event[i] = static_cast<char>(event[i] ^ (1 << bit));
      }
    }
  });
}

}  // namespace
}  // namespace binlogd
