#include "pipeline/target_snapshot.h"

#include <algorithm>
#include <iterator>

namespace binlogd {

absl::string_view TargetStateName(TargetState state) {
  switch (state) {
    case TargetState::kFollowing: return "FOLLOWING";
    case TargetState::kCatchingUp: return "CATCHING_UP";
    case TargetState::kRetrying: return "RETRYING";
    case TargetState::kDetached: return "DETACHED";
    case TargetState::kFailed: return "FAILED";
  }
  return "";
}

Position LeastPosition(const std::vector<TargetSnapshot>& targets) {
  const DurablePosition* least = nullptr;
  for (const TargetSnapshot& target : targets) {
    const DurablePosition& durable = target.durable;
    const bool less =
        least == nullptr || durable.epoch.number < least->epoch.number ||
        (durable.epoch.number == least->epoch.number && ComparePositions(durable.position, least->position) < 0);
    if (less) least = &durable;
  }
  return least == nullptr ? Position() : least->position;
}

std::vector<TargetSnapshot> RequiredTargets(const std::vector<TargetSnapshot>& targets) {
  std::vector<TargetSnapshot> required;
  std::copy_if(targets.begin(), targets.end(), std::back_inserter(required),
               [](const TargetSnapshot& target) { return target.required; });
  return required.empty() ? targets : required;
}

}  // namespace binlogd
