// Every metric of a streamer: its name, meaning, and how it is read from a snapshot. The Prometheus endpoint and the
// Metrics RPC both take them from here.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "streamer/status.h"

namespace binlogd {

struct MetricSample {
  std::string name;
  std::string help;
  bool is_counter = false;  // Else a gauge.
  std::map<std::string, std::string> labels;
  double value = 0;
};

// The samples of one streamer, grouped by name. Labels: "streamer", "target" on those of a target, "state" on the
// state.
std::vector<MetricSample> StreamerMetrics(const StreamerSnapshot& snapshot);

}  // namespace binlogd
