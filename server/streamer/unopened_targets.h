// What is told of a streamer's targets before they are open.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/target_snapshot.h"
#include "streamer/spec.h"

namespace binlogd {

// New ones, for each target of the spec, in its order.
std::vector<std::shared_ptr<TargetCounters>> CountersFor(const StreamerSpec& spec);

// One for each target of the spec, in its order, by the checkpoint file as far as there is one. `counters` are the
// targets', in the same order.
std::vector<TargetSnapshot> UnopenedTargets(const StreamerSpec& spec, const std::string& checkpoint_path,
                                            const std::vector<std::shared_ptr<TargetCounters>>& counters);

}  // namespace binlogd
