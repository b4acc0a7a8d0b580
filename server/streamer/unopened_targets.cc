#include "streamer/unopened_targets.h"

#include <utility>

#include "pipeline/checkpoint.h"

namespace binlogd {

std::vector<std::shared_ptr<TargetCounters>> CountersFor(const StreamerSpec& spec) {
  std::vector<std::shared_ptr<TargetCounters>> counters;
  for (size_t i = 0; i < spec.targets.size(); ++i) counters.push_back(std::make_shared<TargetCounters>());
  return counters;
}

std::vector<TargetSnapshot> UnopenedTargets(const StreamerSpec& spec, const std::string& checkpoint_path,
                                            const std::vector<std::shared_ptr<TargetCounters>>& counters) {
  absl::StatusOr<Checkpoint> checkpoint = absl::NotFoundError("not written");
  if (spec.checkpoint.enabled) checkpoint = ReadCheckpoint(checkpoint_path);
  std::vector<TargetSnapshot> targets;
  for (size_t i = 0; i < spec.targets.size(); ++i) {
    TargetSnapshot target;
    if (checkpoint.ok()) {
      for (const TargetSnapshot& known : checkpoint->targets) {
        if (known.name == spec.targets[i].name) target = known;
      }
    }
    target.name = spec.targets[i].name;
    target.type = std::string(spec.targets[i].type());
    target.required = spec.targets[i].required;
    target.counters = counters[i];
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace binlogd
