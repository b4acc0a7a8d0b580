// Ends blocked network calls from another thread.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace binlogd {

// Shared by the thread that talks to a server and the one that wants it to stop. Thread-safe; outlives every Connection
// that was made with it. Watches one connection at a time.
class Interrupter {
 public:
  ~Interrupter();
  // Shuts down the watched socket, so that its reads and writes return at once, and every socket watched from now on.
  void Interrupt();
  bool interrupted() const;
  // Waits for `duration`, at most until an interrupt. Whether there was one.
  bool Wait(absl::Duration duration) const;
  // Undoes Interrupt() for the next run. No socket may be watched.
  void Reset();

 private:
  friend class Connection;
  // Watches `socket` in place of the one before. Keeps a duplicate of the descriptor, so that the owner may close its
  // own at any time without another file being hit.
  void Watch(int socket);
  void Unwatch();

  mutable absl::Mutex mutex_;
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
  int socket_ ABSL_GUARDED_BY(mutex_) = -1;
};

}  // namespace binlogd
