#include "streamer/freshness.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace binlogd {

Freshness::Freshness(const std::vector<TargetSnapshot>& known) {
  for (const TargetSnapshot& target : known) until_.push_back(target.fresh_until);
}

bool Freshness::HoldsAll(const TargetSnapshot& target, const SourceProgress& source) {
  return source.answers && target.error.ok() && target.durable.epoch == source.epoch &&
         ComparePositions(target.durable.position, source.read_position) >= 0;
}

void Freshness::Update(const std::vector<TargetSnapshot>& targets, const SourceProgress& source) {
  const absl::Time now = absl::Now();
  for (size_t i = 0; i < targets.size(); ++i) {
    const uint32_t seconds = targets[i].durable.source_time;
    const absl::Time written =
        seconds == 0 ? absl::InfinitePast() : absl::FromUnixSeconds(seconds) + source.clock_ahead;
    until_[i] = std::max(until_[i], HoldsAll(targets[i], source) ? now : written);
  }
}

void Freshness::Fill(const SourceProgress& source, absl::Time start, std::vector<TargetSnapshot>* targets) const {
  const absl::Time now = absl::Now();
  for (size_t i = 0; i < targets->size(); ++i) {
    TargetSnapshot& target = (*targets)[i];
    target.fresh_until = until_[i];
    const absl::Time since = until_[i] != absl::InfinitePast() ? until_[i] : start;
    // Before the first start nothing is late.
    const bool is_late = since != absl::InfinitePast() && !HoldsAll(target, source);
    target.lag_seconds = is_late ? std::max(0.0, absl::ToDoubleSeconds(now - since)) : 0;
  }
}

}  // namespace binlogd
