// Live views of the event stream that can never slow it down.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "binlog/block.h"

namespace binlogd {

// Events that a tap missed.
struct TapGap {
  uint64_t dropped_events = 0;
  Position from;  // Where the first missed event begins.
  Position to;    // Where the last missed event ends.
};

// One subscriber's queue of blocks. Offered to by the pipeline, taken from by the subscriber; thread-safe.
class Tap {
 public:
  // Blocks that may wait; more are dropped, whole, and told as a gap.
  static constexpr uint64_t kMostBytes = 4 << 20;
  static constexpr size_t kMostBlocks = 64;

  // `wake` is called without a lock whenever the queue is no longer empty, or closed; it must be quick and not call
  // back.
  explicit Tap(std::function<void()> wake) : wake_(std::move(wake)) {}

  // What comes next in the stream's order.
  struct Item {
    std::optional<TapGap> gap;
    std::shared_ptr<const Block> block;
  };
  // Takes the next item; false when there is none now.
  bool Take(Item* item);
  // Why the stream ended; nullopt while it goes on or items are left.
  std::optional<absl::Status> ended() const;

 private:
  friend class TapHub;
  // False when the block was dropped.
  bool Offer(const std::shared_ptr<const Block>& block);
  void Close(const absl::Status& status);

  const std::function<void()> wake_;
  mutable absl::Mutex mutex_;
  std::deque<Item> queue_ ABSL_GUARDED_BY(mutex_);
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<TapGap> gap_ ABSL_GUARDED_BY(mutex_);  // Open, not yet in the queue.
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

// The taps of one streamer. Thread-safe.
class TapHub {
 public:
  // At most this many at a time.
  static constexpr size_t kMostTaps = 256;

  // RESOURCE_EXHAUSTED (TOO_MANY_TAPS) when there are too many; FAILED_PRECONDITION (NOT_RUNNING) while closed.
  absl::StatusOr<std::shared_ptr<Tap>> Attach(std::function<void()> wake);
  void Detach(const std::shared_ptr<Tap>& tap);

  // Hands a block to every tap; costs next to nothing when there is none.
  void Offer(const std::shared_ptr<const Block>& block);
  // Ends every tap with `status` and refuses new ones, until Reopen. A new hub is closed.
  void Close(const absl::Status& status);
  void Reopen();

  uint32_t count() const { return count_.load(std::memory_order_relaxed); }
  // Events that taps missed since the hub was made.
  uint64_t dropped_events() const { return dropped_events_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> count_{0};
  std::atomic<uint64_t> dropped_events_{0};
  absl::Mutex mutex_;
  std::vector<std::shared_ptr<Tap>> taps_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = true;
};

}  // namespace binlogd
