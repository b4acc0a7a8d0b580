// A flag that poll() can wait for.
#pragma once

#include "base/file.h"

namespace binlogd {

// Down at first. Thread-safe. Where the system has no file to give, descriptor() is negative and nobody is woken.
class EventFile {
 public:
  EventFile();

  // Raises it; nothing else happens when it is up already. Never blocks.
  void Raise() const;
  // Takes it down; whether it was up. Never blocks.
  bool Take() const;
  // Readable while it is up.
  int descriptor() const { return file_.get(); }

 private:
  FileDescriptor file_;
};

}  // namespace binlogd
