// Blocks, decoded, filtered and written in a format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/block.h"
#include "binlog/decoder.h"
#include "binlog/event_filter.h"
#include "binlog/gtid_set.h"
#include "format/event_encoder.h"
#include "target/target.h"

namespace binlogd {

// What of a block is delivered.
struct BlockRange {
  uint64_t from_offset = 0;       // Events that begin before it were delivered before; an offset in the block's file.
  const GtidSet* held = nullptr;  // Transactions to leave out; not owned, may be null.
  uint64_t to_offset = std::numeric_limits<uint64_t>::max();  // Nor those that begin at or after it.
};

// Tells the transactions to leave out. Remembers the last answer: it is asked for every event.
class HeldTransactions {
 public:
  HeldTransactions(Flavor flavor, const GtidSet* held) : flavor_(flavor), held_(held) {}
  bool Contains(absl::string_view gtid);

 private:
  const Flavor flavor_;
  const GtidSet* const held_;
  std::string last_;
  bool last_held_ = false;
};

// Walks the decoded events of a block in order, and before them those of the block's context. Events of a transaction
// whose beginning was not read are left out; of a compressed transaction that does not pass, all but the first may be.
// A compressed transaction passes event by event. Keeps references to its arguments. Not thread-safe.
class BlockCursor {
 public:
  BlockCursor(const Block& block, const BlockRange& range, const EventFilter& filter);

  // The next event, valid until the next call; null at the end. DATA_LOSS (permanent; DECODE_FAILED or the cause's own
  // reason) names file, offset and event type; OUT_OF_RANGE (POSITION_INVALID, permanent) when range.from_offset lies
  // inside an event.
  absl::Status Next(const DecodedEvent** event);
  // Whether the event is in the range and passes the filter.
  bool passes() const { return passes_; }
  // Whether more of the event's bytes in the log may follow, as in a compressed transaction.
  bool inside() const { return inside_; }
  // Whether it is in the range.
  bool in_range() const { return in_range_; }
  // The offset in the file after the event; all those of a compressed transaction have the same. 0 in the context.
  uint64_t end_offset() const { return end_offset_; }
  // `cause` as an error of the event, as Next() has them: for rows that turn out not to be decodable.
  absl::Status Failed(const absl::Status& cause) const;

 private:
  // Feeds the next event of the context or the block; `*event` as EventDecoder::Feed has it.
  absl::Status FeedContext(const DecodedEvent** event);
  absl::Status FeedNext(const DecodedEvent** event);

  const Block& block_;
  const BlockRange range_;
  const EventFilter& filter_;
  EventDecoder decoder_;
  HeldTransactions held_;
  const size_t context_size_;
  size_t context_at_ = 0;
  size_t at_ = 0;
  bool readable_;
  bool in_range_ = false;
  bool inside_ = false;  // The event fed last may hold more.
  bool passes_ = false;
  uint64_t end_offset_ = 0;
  const DecodedEvent* current_ = nullptr;
};

// Encodes a block piece by piece, so that what becomes large, as a compressed transaction may, is never whole in
// memory. Keeps references to its arguments but the last. Not thread-safe.
class BlockEncoder {
 public:
  // What a target's records tell of their source is told by `source_name`. `wants_records` as Target has it.
  BlockEncoder(const Block& block, const BlockRange& range, const EventFilter& filter, EventFormat format,
               const std::string& source_name, bool wants_records = false);

  // The next piece: it ends with the event with which it reaches `piece_bytes`, or with the block. The pieces put
  // together are what one piece would be; one of them has the boundary, if there is one. Errors as BlockCursor's.
  absl::StatusOr<EncodedBlock> Next(size_t piece_bytes);
  // Whether the last piece has been given.
  bool done() const { return done_; }

 private:
  const Block& block_;
  BlockCursor cursor_;
  const std::unique_ptr<EventEncoder> encoder_;
  const bool wants_records_;
  uint64_t boundary_ = 0;
  bool before_boundary_ = false;
  bool done_ = false;
};

}  // namespace binlogd
