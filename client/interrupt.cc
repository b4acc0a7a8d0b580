#include "client/interrupt.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/time/clock.h"

namespace binlogd {
namespace {

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Interrupt::Interrupt() {
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  signals_ = FileDescriptor(signalfd(-1, &signals, SFD_CLOEXEC));
}

Interrupt::~Interrupt() {
  // Take what is pending, or it would end the process as soon as it is unblocked.
  const sigset_t signals = EndingSignals();
  const timespec at_once = {};
  while (sigtimedwait(&signals, nullptr, &at_once) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

bool Interrupt::WaitFor(absl::Duration timeout, const std::vector<int>& files) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!interrupted_) {
    // No events are asked of standard output, but that its reader is gone (POLLERR, POLLHUP) is always told.
    std::vector<pollfd> polled = {{signals_.get(), POLLIN, 0},
                                  {triggered_.descriptor(), POLLIN, 0},
                                  {STDOUT_FILENO, 0, 0},
                                  {release_.descriptor(), POLLIN, 0}};
    for (const int file : files) polled.push_back({file, POLLIN, 0});
    const absl::Duration left = deadline - absl::Now();
    const int milliseconds = left > absl::Hours(1) ? -1 : static_cast<int>(absl::ToInt64Milliseconds(left) + 1);
    const int ready = poll(polled.data(), polled.size(), left < absl::ZeroDuration() ? 0 : milliseconds);
    if (ready < 0 && errno == EINTR) continue;
    interrupted_ = polled[0].revents != 0 || polled[1].revents != 0 || polled[2].revents != 0;
    break;
  }
  return interrupted_;
}

void Interrupt::Trigger() { triggered_.Raise(); }

Interrupt::Watch::Watch(Interrupt* interrupt, std::function<void()> action)
    : interrupt_(interrupt), thread_([interrupt, action = std::move(action)] {
        if (interrupt->WaitFor(absl::InfiniteDuration())) action();
      }) {}

Interrupt::Watch::~Watch() {
  interrupt_->release_.Raise();
  thread_.join();
  interrupt_->release_.Take();
}

}  // namespace binlogd
