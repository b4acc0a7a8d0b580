#include "base/metric.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace binlogd {

absl::string_view MetricTypeName(MetricType type) {
  switch (type) {
    case MetricType::kGauge: return "gauge";
    case MetricType::kCounter: return "counter";
    case MetricType::kHistogram: return "histogram";
  }
  return "";
}

std::vector<std::string> LabelNames(const MetricFamily& family) {
  return absl::StrSplit(family.labels, ' ', absl::SkipEmpty());
}

std::vector<PlainSample> PlainSamples(const MetricSample& sample) {
  const std::vector<std::string> names = LabelNames(*sample.family);
  PlainSample plain{sample.family->name, {}, sample.value};
  for (size_t i = 0; i < names.size() && i < sample.label_values.size(); ++i) {
    plain.labels.emplace_back(names[i], sample.label_values[i]);
  }
  if (!sample.histogram) return {plain};
  std::vector<PlainSample> samples;
  for (const auto& [bound, count] : sample.histogram->cumulative()) {
    PlainSample& bucket = samples.emplace_back(plain);
    bucket.name = absl::StrCat(plain.name, "_bucket");
    bucket.labels.emplace_back("le", std::isinf(bound) ? "+Inf" : absl::StrCat(bound));
    bucket.value = static_cast<double>(count);
  }
  samples.push_back({absl::StrCat(plain.name, "_sum"), plain.labels, sample.histogram->sum});
  samples.push_back({absl::StrCat(plain.name, "_count"), plain.labels, static_cast<double>(sample.histogram->total())});
  return samples;
}

}  // namespace binlogd
