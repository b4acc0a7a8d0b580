// Who may be listened to, and how.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// What protects a port.
struct PortProtection {
  bool encrypted = false;
  // Callers show who they are.
  bool authenticated = false;
};

// INVALID_ARGUMENT (INSECURE_LISTEN) when others reach the address and it lacks protection. `option` names the address
// in the message, `ways_out` says what to do.
absl::Status CheckListen(absl::string_view option, absl::string_view address, const PortProtection& protection,
                         absl::string_view ways_out);

}  // namespace binlogd
