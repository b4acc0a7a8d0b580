// Metrics as Prometheus reads them.
#pragma once

#include <string>
#include <vector>

#include "base/metric.h"

namespace binlogd {

inline constexpr char kMetricsContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// The text exposition format, one family after the other in the order of their first samples.
std::string MetricsText(const std::vector<MetricSample>& samples);

}  // namespace binlogd
