#include "mysql/interrupter.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace binlogd {
namespace {

// Ends what waits for the socket. Its close will be a reset: a server that is just sending its log would otherwise wait
// for a minute until the system has forgotten the connection.
void ShutDown(int socket) {
  const linger none{1, 0};
  (void)setsockopt(socket, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
  shutdown(socket, SHUT_RDWR);
}

}  // namespace

Interrupter::~Interrupter() { Unwatch(); }

void Interrupter::Interrupt() {
  absl::MutexLock lock(&mutex_);
  interrupted_ = true;
  if (socket_ >= 0) ShutDown(socket_);
}

bool Interrupter::interrupted() const {
  absl::MutexLock lock(&mutex_);
  return interrupted_;
}

bool Interrupter::Wait(absl::Duration duration) const {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&interrupted_), duration);
}

void Interrupter::Reset() {
  absl::MutexLock lock(&mutex_);
  interrupted_ = false;
}

void Interrupter::Watch(int socket) {
  Unwatch();
  absl::MutexLock lock(&mutex_);
  socket_ = fcntl(socket, F_DUPFD_CLOEXEC, 0);
  if (interrupted_ && socket_ >= 0) ShutDown(socket_);
}

void Interrupter::Unwatch() {
  absl::MutexLock lock(&mutex_);
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

}  // namespace binlogd
