// Bounds the bytes that one streamer keeps in memory.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace binlogd {

// A counting semaphore over bytes. Thread-safe. Outlives its leases.
class ByteBudget {
 public:
  // Gives its bytes back when the last copy is destroyed.
  using Lease = std::shared_ptr<void>;

  explicit ByteBudget(uint64_t limit) : limit_(limit) {}

  // Waits until `bytes` fit, then takes them; more than the whole budget waits until it is empty. Null after Close().
  Lease Acquire(uint64_t bytes) {
    absl::MutexLock lock(&mutex_);
    wanted_ = bytes;
    mutex_.Await(absl::Condition(this, &ByteBudget::Fits));
    if (closed_) return nullptr;
    used_ += bytes;
    return Lease(this, [bytes](ByteBudget* budget) { budget->Release(bytes); });
  }

  // Ends every wait, now and later.
  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }

  uint64_t used() const {
    absl::MutexLock lock(&mutex_);
    return used_;
  }
  uint64_t limit() const { return limit_; }

 private:
  bool Fits() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closed_ || used_ == 0 || used_ + wanted_ <= limit_; }
  void Release(uint64_t bytes) {
    absl::MutexLock lock(&mutex_);
    used_ -= bytes;
  }

  const uint64_t limit_;
  mutable absl::Mutex mutex_;
  uint64_t used_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t wanted_ ABSL_GUARDED_BY(mutex_) = 0;  // By the one reader that waits.
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace binlogd
