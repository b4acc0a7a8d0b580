#include "base/event_file.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace binlogd {

EventFile::EventFile() : file_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void EventFile::Raise() const {
  const uint64_t one = 1;
  // Fails only when it is up, as high as it goes.
  [[maybe_unused]] const ssize_t written = write(file_.get(), &one, sizeof(one));
}

bool EventFile::Take() const {
  uint64_t count = 0;
  return read(file_.get(), &count, sizeof(count)) == sizeof(count);
}

}  // namespace binlogd
