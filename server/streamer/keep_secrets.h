// Secrets that an update leaves out.
#pragma once

#include "absl/status/status.h"
#include "streamer/spec.h"

namespace binlogd {

// A secret that was given by value is never shown, so a change of something else may leave it out: it is taken over
// from the spec `before`. It must not follow to another server, which would be shown it: INVALID_ARGUMENT names the
// field to be given again.
absl::Status KeepSecrets(const StreamerSpec& before, StreamerSpec* after);

}  // namespace binlogd
