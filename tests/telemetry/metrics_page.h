// docs/metrics.md, made from the families that the code has.
#pragma once

#include <string>
#include <vector>

#include "base/metric.h"

namespace binlogd::testing {

struct MetricSection {
  std::string title;
  std::vector<const MetricFamily*> families;
};

// Every family of binlogd.
std::vector<MetricSection> MetricSections();

std::string MetricsPage();

}  // namespace binlogd::testing
