// Blocks to the messages of one tap.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "binlog/event_filter.h"
#include "binlogd/v1/service.pb.h"
#include "format/row_match.h"
#include "pipeline/block_encoder.h"
#include "pipeline/tap_feed.h"

namespace binlogd {

// Turns what a feed gives into messages, a few at a time. Not thread-safe.
class TapEncoder {
 public:
  // `most_events`: how many are wanted; 0 is without end.
  TapEncoder(FilterSpec streamer_filter, FilterSpec tap_filter, RowMatch rows, uint64_t most_events);

  // Begins with the item's block; `held` is as TapFeed has it, and stays.
  void Start(const TapFeed::Item& item, const GtidSet* held);
  // Whether the block has more.
  bool busy() const { return cursor_.has_value(); }
  // Ends the block here, if it can be ended here: the offset of the first event that was not looked at, else nullopt.
  std::optional<uint64_t> LeaveRest();
  // Whether there were as many events as are wanted.
  bool enough() const { return most_events_ > 0 && events_ >= most_events_; }

  // Appends the block's next messages; perhaps none, when few of its events pass. An error ends the block.
  absl::Status Encode(std::deque<v1::TapResponse>* messages);

 private:
  absl::Status Add(const DecodedEvent& event, std::deque<v1::TapResponse>* messages);
  void AddGap(const DecodedEvent& event, std::deque<v1::TapResponse>* messages);
  // All events that begin before `offset` were seen.
  void PassBoundaries(uint64_t offset);
  void EndBlock();
  // Gives the open batch its token; what stands behind the last boundary in it becomes a batch of its own.
  void CloseBatch(std::deque<v1::TapResponse>* messages);

  const EventFilter streamer_filter_;
  const EventFilter tap_filter_;
  std::optional<RowMatcher> rows_;
  const uint64_t most_events_;
  uint64_t events_ = 0;
  std::shared_ptr<const Block> block_;
  std::optional<BlockCursor> cursor_;
  uint64_t to_offset_ = 0;
  size_t passed_ = 0;      // Events of the block that were seen.
  uint64_t boundary_ = 0;  // The last boundary among them.

  v1::TapResponse::Batch* batch_ = nullptr;  // The last message, while events can be added to it.
  size_t batch_bytes_ = 0;
  int events_at_boundary_ = 0;  // Of the batch, when boundary_ was passed.
};

}  // namespace binlogd
