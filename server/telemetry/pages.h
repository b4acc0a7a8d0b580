// The pages of the metrics port.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/disk_gauge.h"
#include "base/metric.h"
#include "streamer/manager.h"
#include "telemetry/http_server.h"
#include "telemetry/readiness.h"

namespace binlogd {

// "/metrics", "/healthz", "/readyz" and, for people, "/". Values are read when a page is asked for, so that a deleted
// streamer's are simply gone. Thread-safe.
class Pages {
 public:
  // What is pointed to outlives the pages, and so does what `more` needs: samples of other parts of the server, asked
  // for on any thread.
  Pages(const Manager* manager, const Readiness* readiness, std::string state_dir,
        std::function<std::vector<MetricSample>()> more);

  PageAnswer Page(const std::string& path) const;

 private:
  PageAnswer Metrics() const;
  PageAnswer Ready() const;

  const Manager* const manager_;
  const Readiness* const readiness_;
  const std::string state_dir_;
  const std::function<std::vector<MetricSample>()> more_;
  mutable DiskGauge disks_;
};

}  // namespace binlogd
