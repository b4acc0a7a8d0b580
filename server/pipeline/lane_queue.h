// Blocks on their way to one target, encoded ahead of its writer.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/byte_budget.h"
#include "base/thread_pool.h"
#include "binlog/block.h"
#include "binlog/event_filter.h"
#include "binlog/gtid_set.h"
#include "pipeline/block_builder.h"
#include "pipeline/block_encoder.h"
#include "target/target.h"

namespace binlogd {

// A block in a lane. Its writer owns what is in it once LaneQueue::Next has given it out, but for the lease.
struct LaneSlot {
  std::shared_ptr<const Block> block;
  ReadEnd follows;                     // Where the block before it ended.
  uint64_t from_offset = 0;            // The target has what stands before it; an offset in the block's file.
  absl::Status status;                 // Of the encoding.
  EncodedBlock encoded;                // The first piece.
  std::unique_ptr<BlockEncoder> rest;  // Gives the others, to the writer; null when there are none.

 private:
  friend class LaneQueue;
  std::shared_ptr<const GtidSet> held;  // Of transactions to leave out; for the encoder.
  ByteBudget::Lease lease;
  bool ready = false;
  bool in_queue = true;
  uint64_t charged_bytes = 0;  // Of LaneQueue::ahead_bytes_.
};

// The log's blocks in order, without a gap between them. While it is detached it takes none, but knows where the last
// one ended that it was offered. Blocks are encoded on a pool ahead of the writer, as far as the encoded bytes stay
// within a bound; of a block whose encoded form is large (a compressed transaction may uncompress to gigabytes) only
// the first piece is.
//
// Thread-safe. Begin, Reserve and Offer are called by whoever reads the log; Knows, Missing, Next, Done and EncodeFrom
// by the target's writer.
class LaneQueue {
 public:
  // The most bytes of a piece; exceeded by one event at most.
  static constexpr size_t kPieceBytes = 2 << 20;

  struct Options {
    std::shared_ptr<const EventFilter> filter;
    std::string source_name;            // The streamer, as records tell it.
    std::optional<EventFormat> format;  // None: blocks are not encoded.
    bool wants_records = false;         // See Target.
    ThreadPool* pool = nullptr;         // Where they are; outlives the queue.
  };
  explicit LaneQueue(Options options) : options_(std::move(options)) {}
  ~LaneQueue();  // Waits for what is being encoded.

  // Empties it. Blocks that follow `at` are to come.
  void Begin(const ReadEnd& at);
  // Detaches when it would hold more than `limit` bytes with `bytes` more, unless it is empty. True when it did.
  bool Reserve(uint64_t bytes, uint64_t limit);
  // Takes the next block of the log, unless the target has it or the queue is detached or ended.
  void Offer(const std::shared_ptr<const Block>& block, const ByteBudget::Lease& lease);

  // The target holds everything before `durable`: blocks are encoded for it from now on.
  void Knows(const DurablePosition& durable);
  // Up to where a target that has everything before `reached` lacks what lies before the next block; nullopt when the
  // queue goes on from there. Decides whether to be detached: it is when the target is far behind what it holds, and
  // is not any more when the target is close to where the reader is.
  std::optional<ReadEnd> Missing(const Position& reached);

  enum class Wake { kBlock, kTime, kDetached, kFlush, kEnd };
  struct News {
    Wake wake = Wake::kTime;
    std::shared_ptr<LaneSlot> slot;  // kBlock.
    uint64_t flush = 0;              // kFlush: its number.
  };
  // Waits for a block that is encoded, the time, or a reason to look elsewhere.
  News Next(absl::Time deadline);
  // The slot that Next gave is written. Its block counts until then.
  void Done();

  enum class Ending { kNo, kWhenEmpty, kNow };
  // Next says kEnd, then or when all blocks were taken.
  void End(Ending how);
  Ending ending() const;
  // Next says kFlush when all blocks that were offered before were taken, until Flushed. The number of the request;
  // they count up.
  uint64_t RequestFlush();
  // Requests up to this number are served.
  void Flushed(uint64_t flush);

  // Encodes the slot anew, without what stands before `from_offset`.
  void EncodeFrom(uint64_t from_offset, LaneSlot* slot) const;

  bool detached() const;
  // Of blocks that wait or are being written.
  uint64_t bytes() const;
  // Where the last block ended that was offered.
  Position end() const;

 private:
  void DropAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Gives blocks to the pool, in order, as long as few enough encoded bytes are under way.
  void EncodeAhead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EncodeOnPool(std::shared_ptr<LaneSlot> slot);
  absl::Status ParseHeld(Flavor flavor) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Charge(LaneSlot& slot, uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Wake Reason() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool HasNews() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return Reason() != Wake::kTime; }
  bool NothingEncoding() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return encoding_ == 0; }

  const Options options_;
  mutable absl::Mutex mutex_;
  std::deque<std::shared_ptr<LaneSlot>> slots_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<LaneSlot> taken_ ABSL_GUARDED_BY(mutex_);  // By the writer, not yet done.
  size_t handed_out_ ABSL_GUARDED_BY(mutex_) = 0;            // Slots at the front that were given to the pool.
  uint64_t encoding_ ABSL_GUARDED_BY(mutex_) = 0;            // Slots with the pool now.
  uint64_t ahead_bytes_ ABSL_GUARDED_BY(mutex_) = 0;         // Encoded and not taken, or about to be.
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool detached_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t flush_wanted_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t flushed_ ABSL_GUARDED_BY(mutex_) = 0;
  Ending ending_ ABSL_GUARDED_BY(mutex_) = Ending::kNo;
  ReadEnd end_ ABSL_GUARDED_BY(mutex_);
  bool known_ ABSL_GUARDED_BY(mutex_) = false;  // What the target has.
  Position has_ ABSL_GUARDED_BY(mutex_);
  std::string held_gtid_set_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const GtidSet> held_ ABSL_GUARDED_BY(mutex_);  // The same, once a block told its flavor.
};

}  // namespace binlogd
