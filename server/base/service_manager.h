// What whoever started the process as a service is told.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// Sends a state, for example "READY=1", as sd_notify(3) does, to the socket that NOTIFY_SOCKET names: a path, or "@"
// and an abstract name. OK when it names none: nobody waits to be told. Thread-safe.
absl::Status TellServiceManager(absl::string_view state);

}  // namespace binlogd
