// Every metric of a streamer: its name, meaning, and how it is read from a snapshot. The Prometheus endpoint, the
// Metrics RPC and docs/metrics.md all take them from here.
#pragma once

#include <vector>

#include "base/metric.h"
#include "streamer/status.h"

namespace binlogd {

// In the order in which they are told: those of streamers, and those of targets.
std::vector<const MetricFamily*> StreamerFamilies();
std::vector<const MetricFamily*> TargetFamilies();

// The samples of one streamer, those of a family together. What is not known has none.
std::vector<MetricSample> StreamerMetrics(const StreamerSnapshot& snapshot);

}  // namespace binlogd
