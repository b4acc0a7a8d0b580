// What the process tells of itself.
#pragma once

#include <vector>

#include "base/metric.h"

namespace binlogd {

std::vector<const MetricFamily*> ProcessFamilies();

// As /proc has it now; what cannot be read has no sample.
std::vector<MetricSample> ProcessMetrics();

}  // namespace binlogd
