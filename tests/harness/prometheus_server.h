// A real Prometheus for tests.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

// One element of an instant vector.
struct PrometheusSample {
  std::map<std::string, std::string> labels;  // "__name__" is one of them, where there is one.
  double value = 0;
};

// An alert that fires.
struct FiringAlert {
  std::map<std::string, std::string> labels;  // "alertname" is one of them.
  std::map<std::string, std::string> annotations;
};

// A private Prometheus on a free loopback port that evaluates rules and scrapes one server, both every second; stopped
// and removed when destroyed. It also dies with the thread that started it. Not thread-safe.
class PrometheusServer {
 public:
  static constexpr char kJob[] = "binlogd";
  static constexpr char kInstance[] = "binlogd-0";

  // `rules` is the text of a file of rules; may be empty. UNAVAILABLE with the reason when this machine cannot get
  // Prometheus.
  static absl::StatusOr<std::unique_ptr<PrometheusServer>> Start(const std::string& rules);

  // Scrapes this port of 127.0.0.1 from now on, as kInstance of kJob, whatever the port; and under these names too, as
  // if there were more of them.
  absl::Status Scrape(int port, const std::vector<std::string>& more_instances = {});
  // Knows of no server any more.
  absl::Status StopScraping();

  // The value of an expression now: an instant vector, or a scalar as one sample. INVALID_ARGUMENT with what Prometheus
  // says of a bad one.
  absl::StatusOr<std::vector<PrometheusSample>> Query(const std::string& expression) const;
  absl::StatusOr<std::vector<FiringAlert>> FiringAlerts() const;
  // The last lines of its log.
  std::string LogTail() const;

 private:
  explicit PrometheusServer(std::string program_dir) : program_dir_(std::move(program_dir)) {}
  absl::Status Launch();
  absl::Status WaitUntilReady();
  // The "data" of the answer of /api/v1/`path`?query=`query`.
  absl::StatusOr<nlohmann::json> Ask(const std::string& path, const std::string& query = "") const;
  std::string LogFile() const { return directory_ / "prometheus.log"; }

  const std::string program_dir_;
  TempDir directory_;
  uint16_t port_ = 0;
  std::unique_ptr<Subprocess> process_;
};

// The path of Prometheus' promtool. UNAVAILABLE with the reason when this machine cannot get it.
absl::StatusOr<std::string> Promtool();

}  // namespace binlogd::testing
