// From specs to targets.
#pragma once

#include <memory>
#include <vector>

#include "streamer/spec.h"
#include "target/target.h"

namespace binlogd {

// The targets of a spec, in its order, not yet open. The streamer's name is shown to whoever finds a store in use.
std::vector<std::unique_ptr<Target>> MakeTargets(const StreamerSpec& spec);

}  // namespace binlogd
