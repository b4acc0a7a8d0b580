#include "base/cancellation.h"

#include <utility>

#include "absl/time/clock.h"

namespace binlogd {

const Cancellation& Cancellation::Never() {
  static const auto& never = *new Cancellation();
  return never;
}

void Cancellation::Cancel() {
  std::set<const Listener*> listeners;
  {
    absl::MutexLock lock(&mutex_);
    if (cancelled_.exchange(true)) return;
    calling_ = true;
    listeners = listeners_;
  }
  // None of them goes away before calling_ is false again.
  for (const Listener* listener : listeners) listener->action_();
  absl::MutexLock lock(&mutex_);
  calling_ = false;
}

bool Cancellation::over() const { return cancelled() || absl::Now() >= deadline_; }

Cancellation::Listener::Listener(const Cancellation& cancellation, std::function<void()> action)
    : cancellation_(cancellation), action_(std::move(action)) {
  {
    absl::MutexLock lock(&cancellation_.mutex_);
    if (!cancellation_.cancelled()) {
      cancellation_.listeners_.insert(this);
      return;
    }
  }
  action_();
}

Cancellation::Listener::~Listener() {
  absl::MutexLock lock(&cancellation_.mutex_);
  cancellation_.listeners_.erase(this);
  cancellation_.mutex_.Await(absl::Condition(&cancellation_, &Cancellation::quiet));
}

}  // namespace binlogd
