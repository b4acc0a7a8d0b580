// Bounds how many streamers connect to one source at a time.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/cancellation.h"

namespace binlogd {

// So that a source is not stormed when binlogd starts with hundreds of streamers on it, or when it comes back itself.
// Streamers of other sources do not wait for it. A source that does not answer holds nobody up for long: a pass is good
// for kMostHeld, and then the next one is let in beside it. Thread-safe.
class ConnectGate {
 public:
  static constexpr int kDefaultMost = 32;
  static constexpr absl::Duration kMostHeld = absl::Milliseconds(500);

  // `most` at a time for each source, at least 1.
  explicit ConnectGate(int most = kDefaultMost) : most_(most) {}
  ConnectGate(const ConnectGate&) = delete;
  ConnectGate& operator=(const ConnectGate&) = delete;

  // The right to connect; given back by its end. The gate outlives it.
  class Pass {
   public:
    Pass(Pass&& other) noexcept : gate_(other.gate_), source_(std::move(other.source_)), number_(other.number_) {
      other.gate_ = nullptr;
    }
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->Leave(source_, number_);
    }

   private:
    friend class ConnectGate;
    Pass(ConnectGate* gate, std::string source, uint64_t number)
        : gate_(gate), source_(std::move(source)), number_(number) {}
    ConnectGate* gate_;
    std::string source_;
    uint64_t number_;
  };

  // Waits until it is this one's turn: first come, first served. CANCELLED when the caller waits no longer.
  absl::StatusOr<Pass> Enter(const std::string& source, const Cancellation& caller);

 private:
  struct Holder {
    uint64_t number;
    absl::Time until;  // When it no longer counts.
  };
  // What goes on with one source; here while anybody connects or waits.
  struct Source {
    std::list<Holder> inside;  // In the order of their coming.
    std::list<uint64_t> waiting;
  };
  void Leave(const std::string& source, uint64_t number);
  bool IsFirst(const Source& source, uint64_t number) const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    return source.waiting.front() == number;
  }
  bool HasRoom(const Source& source) const { return source.inside.size() < static_cast<size_t>(most_); }
  void Forget(const std::string& source) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int most_;
  absl::Mutex mutex_;
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Source> sources_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
