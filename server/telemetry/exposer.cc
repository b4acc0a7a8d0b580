#include "telemetry/exposer.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <exception>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "streamer/metric_catalog.h"

namespace binlogd {
namespace {

class StreamerCollector : public prometheus::Collectable {
 public:
  StreamerCollector(const Manager* manager, std::function<std::vector<MetricSample>()> more)
      : manager_(manager), more_(std::move(more)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::map<std::string, prometheus::MetricFamily> families;
    AddBuildInfo(&families);
    for (MetricSample& sample : more_()) Add(std::move(sample), &families);
    for (const StreamerView& view : manager_->List()) {
      for (MetricSample& sample : StreamerMetrics(view.snapshot)) Add(std::move(sample), &families);
    }
    std::vector<prometheus::MetricFamily> result;
    for (auto& [name, family] : families) result.push_back(std::move(family));
    return result;
  }

 private:
  static void AddBuildInfo(std::map<std::string, prometheus::MetricFamily>* families) {
    Add(MetricSample{"binlogd_build_info", "1, with the version as a label.", false, {{"version", BINLOGD_VERSION}}, 1},
        families);
  }

  static void Add(MetricSample sample, std::map<std::string, prometheus::MetricFamily>* families) {
    prometheus::MetricFamily& family = (*families)[sample.name];
    family.name = sample.name;
    family.help = sample.help;
    family.type = sample.is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    prometheus::ClientMetric metric;
    for (auto& [name, value] : sample.labels) metric.label.push_back({name, value});
    if (sample.is_counter) {
      metric.counter.value = sample.value;
    } else {
      metric.gauge.value = sample.value;
    }
    family.metric.push_back(std::move(metric));
  }

  const Manager* const manager_;
  const std::function<std::vector<MetricSample>()> more_;
};

}  // namespace

struct MetricsExposer::Parts {
  std::shared_ptr<StreamerCollector> collector;
  std::unique_ptr<prometheus::Exposer> exposer;
};

absl::StatusOr<std::unique_ptr<MetricsExposer>> MetricsExposer::Listen(
    const std::string& address, const Manager* manager, std::function<std::vector<MetricSample>()> more) {
  auto parts = std::make_unique<Parts>();
  parts->collector = std::make_shared<StreamerCollector>(manager, std::move(more));
  try {
    parts->exposer = std::make_unique<prometheus::Exposer>(address);
    parts->exposer->RegisterCollectable(parts->collector);
  } catch (const std::exception& e) {
    return MakeError(
        absl::StatusCode::kUnavailable, "METRICS_ADDRESS_IN_USE",
        absl::StrCat("cannot serve metrics on ", address, ": ", e.what(), "; name another --metrics-listen"));
  }
  return std::unique_ptr<MetricsExposer>(new MetricsExposer(std::move(parts)));
}

MetricsExposer::MetricsExposer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
MetricsExposer::~MetricsExposer() = default;

int MetricsExposer::port() const {
  const std::vector<int> ports = parts_->exposer->GetListeningPorts();
  return ports.empty() ? 0 : ports[0];
}

}  // namespace binlogd
