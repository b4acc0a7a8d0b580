// From specs to targets.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "streamer/spec.h"
#include "target/target.h"

namespace binlogd {

// The targets of a spec, in its order, not yet open. The streamer's name is shown to whoever finds a store in use.
// `directory` is the streamer's own, for what a target has to put aside for a while. INVALID_ARGUMENT names a field
// that CheckSpec cannot judge.
absl::StatusOr<std::vector<std::unique_ptr<Target>>> MakeTargets(const StreamerSpec& spec,
                                                                 const std::string& directory);

}  // namespace binlogd
