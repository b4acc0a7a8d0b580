// A dry run of a spec against the real source and targets.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "mysql/interrupter.h"
#include "streamer/spec.h"

namespace binlogd {

struct Finding {
  absl::Status status;   // OK: `subject` is as it should be.
  bool warning = false;  // It will run all the same.
  std::string subject;   // A field path, "source …" or "targets[N]".
};

// Looks at each endpoint (connects, checks what a start would check) and at each target's store: whether it can be
// reached, and whether an S3 prefix or a transactional id is another target's. Changes nothing. The spec has passed
// CheckSpec. Takes as long as the endpoints take to answer; `interrupter` cuts it short.
std::vector<Finding> ValidateSpec(const StreamerSpec& spec, Interrupter* interrupter);

}  // namespace binlogd
