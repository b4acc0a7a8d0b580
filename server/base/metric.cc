#include "base/metric.h"

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
  uint64_t below = 0;
  for (size_t i = 0; i < sample.histogram->counts.size(); ++i) {
    below += sample.histogram->counts[i];
    PlainSample& bucket = samples.emplace_back(plain);
    bucket.name = absl::StrCat(plain.name, "_bucket");
    const bool is_last = i == sample.histogram->bounds.size();
    bucket.labels.emplace_back("le", is_last ? "+Inf" : absl::StrCat(sample.histogram->bounds[i]));
    bucket.value = static_cast<double>(below);
  }
  samples.push_back({absl::StrCat(plain.name, "_sum"), plain.labels, sample.histogram->sum});
  samples.push_back({absl::StrCat(plain.name, "_count"), plain.labels, static_cast<double>(below)});
  return samples;
}

}  // namespace binlogd
