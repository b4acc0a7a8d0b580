// What the process tells of itself.
#pragma once

#include <cstddef>
#include <vector>

#include "base/metric.h"

namespace binlogd {

std::vector<const MetricFamily*> ProcessFamilies();

// As /proc has it now; what cannot be read has no sample. `is_ready`: /readyz says so. `left_out`: of Manager::LeftOut.
std::vector<MetricSample> ProcessMetrics(bool is_ready, size_t left_out);

}  // namespace binlogd
