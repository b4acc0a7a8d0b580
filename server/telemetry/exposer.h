// The Prometheus endpoint.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "streamer/manager.h"

namespace binlogd {

// Serves /metrics. Values are read from the manager at each scrape, so a deleted streamer's series are simply gone.
class MetricsExposer {
 public:
  // `address` is "host:port". UNAVAILABLE (METRICS_ADDRESS_IN_USE) when it cannot be listened on. `manager` outlives
  // the exposer.
  static absl::StatusOr<std::unique_ptr<MetricsExposer>> Listen(const std::string& address, const Manager* manager);
  ~MetricsExposer();

  // The port that is listened on.
  int port() const;

 private:
  struct Parts;
  explicit MetricsExposer(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace binlogd
