// The part of the metric catalogue that tells of targets.
#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "base/metric.h"
#include "binlog/gtid_set.h"
#include "streamer/status.h"

namespace binlogd {

// The transactions that a source is known to have.
class SourceGtids {
 public:
  explicit SourceGtids(const StreamerSnapshot& snapshot);
  // How many of them a target lacks; nothing when either has no GTIDs.
  std::optional<double> MissingFrom(const TargetSnapshot& target) const;

 private:
  GtidSet all_;
};

// 0 for the infinite past.
double UnixSeconds(absl::Time time);

// The samples of all targets, those of a family together.
void AddTargetMetrics(const StreamerSnapshot& snapshot, std::vector<MetricSample>* samples);

}  // namespace binlogd
