#include "telemetry/pages.h"

#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "streamer/metric_catalog.h"
#include "telemetry/disk_metrics.h"
#include "telemetry/home_page.h"
#include "telemetry/metrics_text.h"
#include "telemetry/process_metrics.h"

namespace binlogd {
namespace {

constexpr char kPlain[] = "text/plain; charset=utf-8";

void Append(std::vector<MetricSample> more, std::vector<MetricSample>* samples) {
  samples->insert(samples->end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Pages::Pages(const Manager* manager, const Readiness* readiness, std::string state_dir,
             std::function<std::vector<MetricSample>()> more)
    : manager_(manager), readiness_(readiness), state_dir_(std::move(state_dir)), more_(std::move(more)) {}

PageAnswer Pages::Page(const std::string& path) const {
  if (path == "/metrics") return Metrics();
  if (path == "/healthz") return {200, kPlain, "ok\n"};
  if (path == "/readyz") return Ready();
  if (path == "/") return {200, "text/html; charset=utf-8", HomePage(manager_->List(), manager_->LeftOut())};
  return {404, kPlain, "there are /, /metrics, /healthz and /readyz\n"};
}

PageAnswer Pages::Metrics() const {
  std::vector<MetricSample> samples = ProcessMetrics(readiness_->Get().ok(), manager_->LeftOut().size());
  Append(more_(), &samples);
  const std::vector<StreamerView> streamers = manager_->List();
  Append(DiskMetrics(state_dir_, streamers, &disks_), &samples);
  for (const StreamerView& view : streamers) Append(StreamerMetrics(view.snapshot), &samples);
  return {200, kMetricsContentType, MetricsText(samples)};
}

PageAnswer Pages::Ready() const {
  const absl::Status status = readiness_->Get();
  if (status.ok()) return {200, kPlain, "ready\n"};
  return {503, kPlain, absl::StrCat("not ready: ", status.message(), "\n")};
}

}  // namespace binlogd
