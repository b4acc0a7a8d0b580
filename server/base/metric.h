// Metrics as every room tells them: plain data. Only `telemetry` knows what they look like on the wire.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/histogram.h"

namespace binlogd {

enum class MetricType { kGauge, kCounter, kHistogram };

// "gauge", "counter" or "histogram".
absl::string_view MetricTypeName(MetricType type);

// All samples of one name. Lives as long as the process.
struct MetricFamily {
  const char* name;
  MetricType type;
  const char* labels;  // Their names, with a blank between them; "" for none.
  const char* help;    // A sentence that names the unit, if there is one.
};

// The names in MetricFamily::labels.
std::vector<std::string> LabelNames(const MetricFamily& family);

// One sample of a family at one moment.
struct MetricSample {
  const MetricFamily* family = nullptr;
  std::vector<std::string> label_values;  // In the order of the family's labels.
  double value = 0;                       // Of a gauge or a counter.
  std::optional<HistogramCounts> histogram = std::nullopt;
};

// A sample as Prometheus has it: a name, labels, one number.
struct PlainSample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

// Of a histogram the samples NAME_bucket (cumulative, with the label "le"), NAME_sum and NAME_count; of others the one.
std::vector<PlainSample> PlainSamples(const MetricSample& sample);

}  // namespace binlogd
