// An orderly end of commands that would go on for ever.
#pragma once

#include <signal.h>

#include <functional>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "base/event_file.h"
#include "base/file.h"

namespace binlogd {

// While it lives, Ctrl-C, SIGTERM and a reader of standard output that goes away do not end the process but are told
// here; of several that live, all are told. Make it before the first call of a Session: only threads that start
// afterwards leave the signals to it.
class Interrupt {
 public:
  Interrupt();
  // The signals act as before again.
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Waits until interrupted (true), or for `timeout` or until one of `files` can be read (false). Once interrupted,
  // returns true at once. Not thread-safe, and not to be called while a Watch lives.
  bool WaitFor(absl::Duration timeout, const std::vector<int>& files = {});

  // Interrupts it, as Ctrl-C does. Thread-safe.
  void Trigger();

  // Calls `action` once, in a thread of its own, when interrupted during its life.
  class Watch {
   public:
    Watch(Interrupt* interrupt, std::function<void()> action);
    ~Watch();

   private:
    Interrupt* const interrupt_;
    std::thread thread_;
  };

 private:
  sigset_t before_;
  FileDescriptor signals_;
  EventFile triggered_;
  EventFile release_;
  bool interrupted_ = false;
};

}  // namespace binlogd
