// The Prometheus endpoint.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "streamer/manager.h"
#include "streamer/metric_catalog.h"

namespace binlogd {

// Serves /metrics. Values are read from the manager at each scrape, so a deleted streamer's series are simply gone.
class MetricsExposer {
 public:
  // `address` is "host:port". UNAVAILABLE (METRICS_ADDRESS_IN_USE) when it cannot be listened on. `manager` outlives
  // the exposer, and so does what `more` needs: samples of the server itself, asked for at each scrape on any thread.
  static absl::StatusOr<std::unique_ptr<MetricsExposer>> Listen(const std::string& address, const Manager* manager,
                                                                std::function<std::vector<MetricSample>()> more);
  ~MetricsExposer();

  // The port that is listened on.
  int port() const;

 private:
  struct Parts;
  explicit MetricsExposer(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace binlogd
