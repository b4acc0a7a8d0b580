#include "telemetry/metrics_text.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>
#include <unordered_map>

namespace binlogd {
namespace {

prometheus::MetricType TypeOf(const MetricFamily& family) {
  switch (family.type) {
    case MetricType::kGauge: return prometheus::MetricType::Gauge;
    case MetricType::kCounter: return prometheus::MetricType::Counter;
    case MetricType::kHistogram: return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric::Histogram HistogramOf(const HistogramCounts& counts) {
  prometheus::ClientMetric::Histogram histogram;
  for (const auto& [bound, count] : counts.cumulative()) histogram.bucket.push_back({count, bound});
  histogram.sample_count = counts.total();
  histogram.sample_sum = counts.sum;
  return histogram;
}

prometheus::ClientMetric MetricOf(const MetricSample& sample, const std::vector<std::string>& names) {
  prometheus::ClientMetric metric;
  for (size_t i = 0; i < names.size(); ++i) metric.label.push_back({names[i], sample.label_values[i]});
  switch (sample.family->type) {
    case MetricType::kGauge: metric.gauge.value = sample.value; break;
    case MetricType::kCounter: metric.counter.value = sample.value; break;
    case MetricType::kHistogram: metric.histogram = HistogramOf(*sample.histogram); break;
  }
  return metric;
}

}  // namespace

std::string MetricsText(const std::vector<MetricSample>& samples) {
  std::vector<const MetricFamily*> order;
  std::unordered_map<const MetricFamily*, std::vector<const MetricSample*>> by_family;
  for (const MetricSample& sample : samples) {
    std::vector<const MetricSample*>& of_family = by_family[sample.family];
    if (of_family.empty()) order.push_back(sample.family);
    of_family.push_back(&sample);
  }
  const prometheus::TextSerializer serializer;
  std::ostringstream text;
  // One at a time, so that the library's form of them is never whole in memory.
  for (const MetricFamily* family : order) {
    prometheus::MetricFamily told{family->name, family->help, TypeOf(*family), {}};
    const std::vector<std::string> names = LabelNames(*family);
    for (const MetricSample* sample : by_family[family]) told.metric.push_back(MetricOf(*sample, names));
    serializer.Serialize(text, {told});
  }
  return text.str();
}

}  // namespace binlogd
