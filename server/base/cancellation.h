// A caller's patience.
#pragma once

#include <atomic>
#include <functional>
#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace binlogd {

// Tells those who work for a caller how long it waits for the answer, and when it wants none any more. Thread-safe.
class Cancellation {
 public:
  explicit Cancellation(absl::Time deadline = absl::InfiniteFuture()) : deadline_(deadline) {}
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;

  // Of a caller that waits for ever.
  static const Cancellation& Never();

  // The caller waits no longer. Calls every listener; only the first call counts.
  void Cancel();
  bool cancelled() const { return cancelled_.load(); }
  absl::Time deadline() const { return deadline_; }
  // Whether it was cancelled or the deadline has come.
  bool over() const;

  // Calls `action` once, on the thread that cancels, when that happens during the listener's life; at once when it has
  // happened already. The destructor waits for an `action` that runs: make and destroy a listener with no lock held
  // that `action` takes. The deadline calls nobody.
  class Listener {
   public:
    Listener(const Cancellation& cancellation, std::function<void()> action);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

   private:
    friend class Cancellation;
    const Cancellation& cancellation_;
    const std::function<void()> action_;
  };

 private:
  bool quiet() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !calling_; }

  const absl::Time deadline_;
  std::atomic<bool> cancelled_{false};
  mutable absl::Mutex mutex_;
  mutable std::set<const Listener*> listeners_ ABSL_GUARDED_BY(mutex_);
  bool calling_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace binlogd
