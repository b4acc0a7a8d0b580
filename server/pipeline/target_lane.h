// The way of blocks to one target, and the thread that writes them.
#pragma once

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
#include "base/thread.h"
#include "base/thread_pool.h"
#include "binlog/block.h"
#include "binlog/event_filter.h"
#include "pipeline/block_builder.h"
#include "pipeline/lane_queue.h"
#include "pipeline/lane_replay.h"
#include "pipeline/replay.h"
#include "pipeline/target_snapshot.h"
#include "target/target.h"

namespace binlogd {

// Owns the target and its writer thread, and keeps the target's troubles from the others. A write for which there is no
// room (RESOURCE_EXHAUSTED) is tried again with back-off. After any other failure that is not permanent the target is
// opened again, with back-off, until it works. What it lacks then it gets by a replay, up to the first block that still
// waits for it; and so does a target that is far behind, or that was detached because too much waited for it.
//
// What is permanent ends the lane; so does a store that comes back as it cannot be gone on with here (in another epoch,
// or new), for all targets to be opened anew.
//
// Open, Begin, Start, Reserve, Offer, Flush, Drain and Abandon are called by the streamer's thread; Interrupt, Snapshot
// and failure by any.
class TargetLane {
 public:
  struct Options {
    BatchLimits batch;
    std::shared_ptr<const EventFilter> filter;
    std::string source_name;     // The streamer, as records tell it.
    ThreadPool* pool = nullptr;  // Where blocks are encoded; outlives the lane.
    bool required = true;        // Otherwise it is detached when too much waits for it, and may fail alone.
    TargetSnapshot last = {};    // Of the lane before: where it stood, and its error, are told until it is open.
    ReplayFactory make_replay;
    absl::Duration first_retry = absl::Milliseconds(200);  // Doubles up to 30 s.
    std::function<void()> on_failure;  // The lane ended by itself. Called once, by the writer, without a lock.
    std::function<void()> on_commit;   // Called after each commit, by the writer, without a lock.
  };
  TargetLane(std::unique_ptr<Target> target, Options options);
  ~TargetLane();  // Abandons.

  // See Target. The writer must not be running. A failure that is not permanent is left to the writer, once there is
  // one; a permanent one ends the lane.
  absl::StatusOr<std::optional<DurablePosition>> Open();
  absl::Status Begin(const DurablePosition& start, const EpochStart& epoch);
  // Whether Open, or Begin, went well and the target was not closed since. Only while the writer is not running.
  bool open() const { return open_; }
  // Ends the lane before it started, with a permanent failure.
  void GiveUp(const absl::Status& why);
  // Starts the writer, unless the lane has ended; blocks that follow `at` are to come.
  void Start(std::shared_ptr<const EpochStart> epoch, const ReadEnd& at);

  // A block of `bytes` comes: a target that is not required is detached when more than `limit` bytes would wait for it.
  void Reserve(uint64_t bytes, uint64_t limit);
  // Takes the next block of the log. Fails with failure().
  absl::Status Offer(const std::shared_ptr<const Block>& block, const ByteBudget::Lease& lease);
  // Waits until all that was offered is durable. Gives up with UNAVAILABLE at `deadline`, with CANCELLED after
  // Interrupt, and with the target's error when it is in trouble, unless `patient`, and when the lane ends.
  absl::Status Flush(absl::Time deadline, bool patient);
  // Tells the writer to write what waits, to commit and to end; it gives up when it is in trouble.
  void RequestDrain();
  // The same, and waits; what still holds the target up at `deadline` is interrupted. The target's error, if it has
  // one.
  absl::Status Drain(absl::Time deadline = absl::InfiniteFuture());
  // Ends the writer without a commit, and closes the target.
  void Abandon();
  // The streamer is about to end: ends what waits for an Open, and is a RequestDrain, now and from now on.
  void Interrupt();

  bool decodes() const { return target_->decodes(); }
  bool required() const { return options_.required; }
  const DurablePosition& durable() const { return target_->durable(); }  // As open().
  const std::string& name() const { return target_->name(); }
  // "STREAMER/TARGET", of threads that work for it.
  std::string thread_name() const { return ThreadName(options_.source_name, '/', name()); }
  TargetSnapshot Snapshot() const;
  // Why all targets have to be opened anew, or the streamer fails; OK for a target that is not required and has failed
  // for good.
  absl::Status failure() const;

 private:
  enum class End { kNo, kDrain, kNow };

  LaneQueue::Options QueueOptions() const;
  void Run();
  // Brings the target what it lacks, then what is offered, until it is told to end.
  absl::Status Follow();
  // One replay. Errors of the source are waited out.
  absl::Status CatchUp(const ReadEnd& to);
  // Waits, opens the target again and sees whether it can be gone on with.
  absl::Status Reopen();
  absl::Status WriteFrom(LaneQueue& queue);
  absl::Status WriteSlot(const LaneQueue& queue, LaneSlot& slot);
  // Writes a block's bytes (`encoded` is null) or one piece of it, again and again while there is no room.
  absl::Status WritePiece(const LaneSlot& slot, const EncodedBlock* encoded);
  absl::Status CommitNow();
  absl::Status TimedCommit();
  // For metrics.
  void CountRetry() const;
  void CountWritten(const LaneSlot& slot, const EncodedBlock* encoded) const;
  absl::Status CountDecodeError(const absl::Status& encoded) const;
  void Fail(const absl::Status& status);
  void SetError(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);
  void SetCatchingUp(bool catching_up) ABSL_LOCKS_EXCLUDED(mutex_);
  void RequestEnd(End how) ABSL_LOCKS_EXCLUDED(mutex_);
  void InterruptTarget() ABSL_LOCKS_EXCLUDED(mutex_);
  // False when it was told to end.
  bool Wait(absl::Duration duration) ABSL_LOCKS_EXCLUDED(mutex_);
  bool is_failing() const ABSL_LOCKS_EXCLUDED(mutex_);
  bool ending() const ABSL_LOCKS_EXCLUDED(mutex_);
  bool abandoned() const ABSL_LOCKS_EXCLUDED(mutex_);
  std::string Named() const;
  bool told_to_end() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return end_ != End::kNo; }
  bool has_ended() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !running_; }
  bool in_trouble() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !running_ || !snapshot_.error.ok(); }
  bool flushed_or_ended() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return flushed_ >= flush_wanted_ || told_to_end() || !running_;
  }
  bool flushed_or_in_trouble() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return flushed_or_ended() || in_trouble(); }

  const std::unique_ptr<Target> target_;
  const Options options_;
  LaneQueue queue_;

  // Of the streamer's thread while there is no writer, then of the writer.
  std::thread writer_;
  bool open_ = false;
  bool had_position_ = false;  // The store was begun.
  bool anew_ = false;          // All targets have to be opened anew.
  std::shared_ptr<const EpochStart> epoch_;
  Position reached_;                                        // The target has everything before it, durable or not.
  absl::Time oldest_uncommitted_ = absl::InfiniteFuture();  // When the oldest block not yet committed came.
  Backoff backoff_;

  mutable absl::Mutex mutex_;
  End end_ ABSL_GUARDED_BY(mutex_) = End::kNow;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  bool opening_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;      // Interrupt was called.
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;   // The target was; it is of no use any more.
  uint64_t flush_wanted_ ABSL_GUARDED_BY(mutex_) = 0;  // Numbers of LaneQueue::RequestFlush.
  uint64_t flushed_ ABSL_GUARDED_BY(mutex_) = 0;
  bool catching_up_ ABSL_GUARDED_BY(mutex_) = false;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;  // For good.
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<LaneReplay> replay_ ABSL_GUARDED_BY(mutex_);
  TargetSnapshot snapshot_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
