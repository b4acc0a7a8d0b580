#include "mysql/interrupter.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace binlogd {

Interrupter::~Interrupter() { Unwatch(); }

void Interrupter::Interrupt() {
  absl::MutexLock lock(&mutex_);
  interrupted_ = true;
  if (socket_ >= 0) shutdown(socket_, SHUT_RDWR);
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
  if (interrupted_ && socket_ >= 0) shutdown(socket_, SHUT_RDWR);
}

void Interrupter::Unwatch() {
  absl::MutexLock lock(&mutex_);
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

}  // namespace binlogd
