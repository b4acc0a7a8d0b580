// The way of blocks to one target: a bounded queue, encoding ahead, and the thread that writes.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/byte_budget.h"
#include "base/thread_pool.h"
#include "binlog/block.h"
#include "binlog/event_filter.h"
#include "binlog/gtid_set.h"
#include "pipeline/block_builder.h"
#include "pipeline/block_encoder.h"
#include "target/target.h"

namespace binlogd {

// One target, at one moment.
struct TargetSnapshot {
  std::string name;
  std::string type;
  absl::Status error;  // OK while it works.
  absl::Time error_since = absl::InfinitePast();
  DurablePosition durable;
  absl::Time last_write = absl::InfinitePast();
  uint64_t events_written = 0;  // Since the lane was made.
  uint64_t bytes_written = 0;
  uint64_t queue_bytes = 0;  // Of blocks that wait or are being written.
};

// Owns the target and its writer thread. Open, Begin, Start, Offer, Drain and Abandon are called by the streamer's
// thread, Snapshot by any.
//
// Blocks are encoded on the pool ahead of the writer. Of one whose encoded form is large (a compressed transaction may
// uncompress to gigabytes) only the first piece is; the writer encodes the others, and writes each before the next.
//
// A write for which there is no room (RESOURCE_EXHAUSTED) is tried again with back-off until it succeeds or the lane
// ends; any other failure ends the lane, which then reports it through `on_failure` and accepts no more.
class TargetLane {
 public:
  struct Options {
    BatchLimits batch;
    std::shared_ptr<const EventFilter> filter;
    std::string source_name;           // The streamer, as records tell it.
    ThreadPool* pool = nullptr;        // Where blocks are encoded; outlives the lane.
    std::function<void()> on_failure;  // Called once, by the writer thread, without a lock.
    std::function<void()> on_commit;   // Called after each commit, by the writer thread, without a lock.
  };
  TargetLane(std::unique_ptr<Target> target, Options options);
  ~TargetLane();  // Abandons.

  // See Target. The writer must not be running.
  absl::StatusOr<std::optional<DurablePosition>> Open();
  absl::Status Begin(const DurablePosition& start, const EpochStart& epoch);
  // Starts the writer.
  void Start();

  // Queues what the target does not have yet of a block; blocks come in the log's order. Fails with the lane's failure.
  absl::Status Offer(const std::shared_ptr<const Block>& block, const ByteBudget::Lease& lease);
  // Waits until all that was offered is written, commits, and ends the writer. Returns the lane's failure; gives up at
  // once when the target is failing.
  absl::Status Drain();
  // Ends the writer without waiting for the queue and without a commit, and closes the target.
  void Abandon();

  bool decodes() const { return target_->decodes(); }
  const DurablePosition& durable() const { return target_->durable(); }  // Only while the writer is not running.
  TargetSnapshot Snapshot() const;
  // Why the writer ended by itself; OK while it goes on.
  absl::Status failure() const {
    absl::MutexLock lock(&mutex_);
    return failure_;
  }

 private:
  struct Slot {
    std::shared_ptr<const Block> block;
    ByteBudget::Lease lease;
    BlockRange range;
    size_t from = 0;  // For a target that takes bytes.
    bool encoding = false;
    bool ready = false;
    absl::Status status;
    EncodedBlock encoded;                // The first piece.
    std::unique_ptr<BlockEncoder> rest;  // Gives the others, to the writer; null when there are none.
  };
  enum class End { kNo, kDrain, kNow };

  void Run();
  // Waits for the next block that is ready, the time to commit, or the end. Null for the latter two.
  std::shared_ptr<Slot> NextSlot(absl::Time commit_at, bool* end);
  absl::Status WriteSlot(Slot& slot);
  // Writes a block's bytes (`encoded` is null) or one piece of it, again and again while there is no room.
  absl::Status WritePiece(const Slot& slot, const EncodedBlock* encoded);
  absl::Status CommitNow();
  void Fail(const absl::Status& status);
  void SetError(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  // Hands blocks at the front of the queue to the pool, as long as few enough bytes are under way.
  void EncodeAhead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Encode(std::shared_ptr<Slot> slot);
  void StopWriter(End how);
  bool FrontReady() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return end_ == End::kNow || (queue_.empty() ? end_ == End::kDrain : queue_.front()->ready);
  }
  bool EndingNow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return end_ != End::kNo; }
  bool Abandoned() {
    absl::MutexLock lock(&mutex_);
    return end_ == End::kNow;
  }
  bool NothingEncoding() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return encoding_ == 0; }

  const std::unique_ptr<Target> target_;
  const Options options_;
  GtidSet held_;  // Set before the writer starts, then constant.

  // The streamer's thread.
  DurablePosition skip_until_;

  // The writer.
  std::thread writer_;
  absl::Time oldest_uncommitted_ = absl::InfiniteFuture();  // When the oldest block not yet committed came.

  mutable absl::Mutex mutex_;
  std::deque<std::shared_ptr<Slot>> queue_ ABSL_GUARDED_BY(mutex_);
  End end_ ABSL_GUARDED_BY(mutex_) = End::kNow;
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  uint64_t encoding_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t encoded_ahead_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  TargetSnapshot snapshot_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
