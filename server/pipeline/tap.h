// Live views of the event stream that can never slow it down.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/thread.h"
#include "base/thread_pool.h"
#include "binlog/block.h"
#include "pipeline/block_builder.h"
#include "pipeline/tap_block.h"

namespace binlogd {

class TapHub;

// Events that a tap missed.
struct TapGap {
  uint64_t dropped_events = 0;  // As ShownEvents counts them.
  Position from;                // Where the first missed event begins.
  Position to;                  // Where the last missed event ends.
};

// Where a streamer's reader stands.
struct LogEnd {
  std::shared_ptr<const EpochStart> epoch;
  ReadStart at;
};

// One subscriber's place in the window of its hub, which outlives it. Take and Join are called by one thread at a time.
class Tap {
 public:
  // `wake` is called, on a thread of the hub and without a lock, when there is something after Take said that there is
  // nothing, and at the end; it must be quick and not call back.
  Tap(TapHub* hub, std::function<void()> wake) : hub_(hub), wake_(std::move(wake)) {}

  // What comes next in the stream's order.
  struct Item {
    std::optional<TapGap> gap;  // Before the block.
    std::shared_ptr<const TapBlock> block;
  };
  // Takes the next item; false when there is none now.
  bool Take(Item* item);
  // Whether what comes next has left the window already. Cheap: without a lock.
  bool overtaken() const;
  // What begins at `offset` or later in the block that was taken last was not looked at: it counts as missed.
  void LeaveRest(const TapBlock& block, uint64_t offset);
  // From now on what follows `reached` comes next, perhaps with some of what stands before it in the same block. False
  // when the window does not go back that far, or is of another epoch.
  bool Join(const Epoch& epoch, const Position& reached);
  // Why the stream ended; nullopt while it goes on. What is left in the window can still be taken, until the hub opens
  // again.
  std::optional<absl::Status> ended() const;

 private:
  friend class TapHub;

  TapHub* const hub_;
  const std::function<void()> wake_;
  // Under the hub's mutex.
  uint64_t next_ = 0;         // Number of the block to come; changes on the thread that takes only.
  uint64_t next_events_ = 0;  // Events before what is to come.
  Position from_;             // Where it begins.
  bool waiting_ = false;      // Wants to be woken.
  bool over_ = false;         // The hub was opened again after it had closed: what was left is gone.
  std::optional<absl::Status> closed_;
};

// The taps of one streamer, and the newest blocks of its stream: a window that they share, which costs the reader the
// same for one tap as for many. A tap that is overtaken by it misses what has left it. While all are, and none replays
// what it wants to join, the window is but the newest block: to hold more would cost the reader, and help nobody.
// Thread-safe.
class TapHub {
 public:
  // What the window holds at most, but for a block that is larger; and taps and their replays at a time.
  static constexpr uint64_t kWindowBytes = 16 << 20;
  static constexpr size_t kWindowBlocks = 1024;
  static constexpr size_t kMostTaps = 256;
  static constexpr uint32_t kMostReplays = 4;

  // `streamer` is for the names of threads.
  explicit TapHub(std::string streamer = "") : streamer_(std::move(streamer)) {}
  const std::string& streamer() const { return streamer_; }

  // RESOURCE_EXHAUSTED (TOO_MANY_TAPS) when there are too many; FAILED_PRECONDITION (NOT_RUNNING) while closed.
  absl::StatusOr<std::shared_ptr<Tap>> Attach(std::function<void()> wake);
  void Detach(const std::shared_ptr<Tap>& tap);
  // Allows a replay for as long as the answer lives, which the hub has to outlive. RESOURCE_EXHAUSTED
  // (TOO_MANY_REPLAYS).
  absl::StatusOr<std::shared_ptr<void>> AllowReplay();

  // The reader is connected, and `place` follows.
  void Follow(std::shared_ptr<const EpochStart> epoch, const ReadStart& place);
  // Takes the next block; costs next to nothing when there is no tap. What was offered before, as a reader does that
  // begins anew, is passed over.
  void Offer(const std::shared_ptr<const Block>& block);
  // Where the reader stands; nullopt until it was connected.
  std::optional<LogEnd> end() const;
  // Ends every tap with `status` and refuses new ones, until Reopen. A new hub is closed.
  void Close(const absl::Status& status);
  void Reopen();

  uint32_t count() const { return count_.load(std::memory_order_relaxed); }
  // Events that taps found that they missed since the hub was made, and how often.
  uint64_t dropped_events() const { return dropped_events_.load(std::memory_order_relaxed); }
  uint64_t gaps() const { return gaps_.load(std::memory_order_relaxed); }
  // What those who make messages for taps tell: events that were sent, and that could not be decoded.
  void CountSent(uint64_t events) { sent_events_.fetch_add(events, std::memory_order_relaxed); }
  void CountDecodeError() { decode_errors_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t sent_events() const { return sent_events_.load(std::memory_order_relaxed); }
  uint64_t decode_errors() const { return decode_errors_.load(std::memory_order_relaxed); }

 private:
  friend class Tap;
  struct Entry {
    std::shared_ptr<const TapBlock> block;
    uint64_t events_before = 0;  // Since the hub was opened.
  };
  void Push(const std::shared_ptr<const Block>& block, uint64_t from_offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PlaceAtEnd(Tap* tap) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Has those that wait woken, off the caller's thread.
  void WakeWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CallWaiting();

  const std::string streamer_;
  std::atomic<uint32_t> count_{0};
  std::atomic<uint32_t> replays_{0};
  std::atomic<uint64_t> dropped_events_{0};
  std::atomic<uint64_t> gaps_{0};
  std::atomic<uint64_t> sent_events_{0};
  std::atomic<uint64_t> decode_errors_{0};
  mutable absl::Mutex mutex_;
  std::vector<std::shared_ptr<Tap>> taps_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> closed_ ABSL_GUARDED_BY(mutex_) = absl::OkStatus();
  std::deque<Entry> window_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> first_{0};                    // Number of the window's first block; changes under the mutex.
  uint64_t newest_next_ ABSL_GUARDED_BY(mutex_) = 0;  // The most that any tap has come to, its number as Tap::next_.
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;        // Of the window.
  uint64_t events_ ABSL_GUARDED_BY(mutex_) = 0;       // Before the next block.
  LogEnd end_ ABSL_GUARDED_BY(mutex_);                // Without an epoch until it is known.
  bool some_wait_ ABSL_GUARDED_BY(mutex_) = false;
  bool waking_ ABSL_GUARDED_BY(mutex_) = false;
  ThreadPool waker_{ThreadName("wake", ':', streamer_), 1, ThreadPool::kLowPriority};
};

}  // namespace binlogd
