#include "streamer/connect_gate.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace binlogd {

absl::StatusOr<ConnectGate::Pass> ConnectGate::Enter(const std::string& name, const Cancellation& caller) {
  // Whoever lets go of the lock has the conditions looked at again.
  const Cancellation::Listener wake(caller, [this] { absl::MutexLock lock(&mutex_); });
  absl::MutexLock lock(&mutex_);
  const uint64_t number = next_number_++;
  Source& source = sources_[name];
  source.waiting.push_back(number);
  const auto first = [&] {
    mutex_.AssertReaderHeld();
    return IsFirst(source, number) || caller.cancelled();
  };
  mutex_.Await(absl::Condition(&first));
  const auto room = [&] { return HasRoom(source) || caller.cancelled(); };
  while (!room()) {
    mutex_.AwaitWithDeadline(absl::Condition(&room), source.inside.front().until);
    if (!room() && source.inside.front().until <= absl::Now()) source.inside.pop_front();
  }
  source.waiting.remove(number);
  if (caller.cancelled()) {
    Forget(name);
    return absl::CancelledError("told to stop while others connect");
  }
  source.inside.push_back(Holder{number, absl::Now() + kMostHeld});
  return Pass(this, name, number);
}

void ConnectGate::Leave(const std::string& name, uint64_t number) {
  absl::MutexLock lock(&mutex_);
  const auto source = sources_.find(name);
  if (source == sources_.end()) return;
  source->second.inside.remove_if([number](const Holder& holder) { return holder.number == number; });
  Forget(name);
}

void ConnectGate::Forget(const std::string& name) {
  const auto source = sources_.find(name);
  if (source->second.inside.empty() && source->second.waiting.empty()) sources_.erase(source);
}

}  // namespace binlogd
