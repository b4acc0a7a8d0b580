#include "tests/harness/prometheus_server.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "tests/harness/provide.h"
#include "tests/harness/tcp_proxy.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;

constexpr absl::Duration kStartTimeout = absl::Seconds(60);

constexpr char kConfiguration[] =
    "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
    "rule_files: [rules.yaml]\n"
    "scrape_configs: [{job_name: binlogd, file_sd_configs: [{files: [scraped.json]}]}]\n";

// "value": [time, "1.5"]
absl::StatusOr<double> Value(const json& value) {
  double number = 0;
  if (!value.is_array() || value.size() != 2 || !absl::SimpleAtod(value[1].get<std::string>(), &number))
    return absl::InternalError(absl::StrCat("not a sample of Prometheus: ", value.dump()));
  return number;
}

}  // namespace

absl::StatusOr<std::string> Promtool() {
  ASSIGN_OR_RETURN(const std::string program_dir, Provide("prometheus"));
  return program_dir + "/bin/promtool";
}

absl::StatusOr<std::unique_ptr<PrometheusServer>> PrometheusServer::Start(const std::string& rules) {
  ASSIGN_OR_RETURN(std::string program_dir, Provide("prometheus"));
  std::unique_ptr<PrometheusServer> server(new PrometheusServer(std::move(program_dir)));
  RETURN_IF_ERROR(ReplaceFile(server->directory_ / "prometheus.yml", kConfiguration, 0600));
  RETURN_IF_ERROR(ReplaceFile(server->directory_ / "rules.yaml", rules, 0600));
  RETURN_IF_ERROR(server->StopScraping());
  // Another process may take the port between its choice and the server's start.
  constexpr int kTries = 5;
  for (int i = 1;; ++i) {
    server->port_ = FreePort();
    const absl::Status status = server->Launch();
    if (status.ok()) return server;
    if (i == kTries || !absl::StrContains(server->LogTail(), "address already in use")) return status;
  }
}

absl::Status PrometheusServer::Launch() {
  SubprocessOptions options;
  options.arguments = {program_dir_ + "/bin/prometheus", "--config.file=" + directory_ / "prometheus.yml",
                       "--storage.tsdb.path=" + directory_ / "data",
                       absl::StrCat("--web.listen-address=127.0.0.1:", port_)};
  options.log_file = LogFile();
  ASSIGN_OR_RETURN(process_, Subprocess::Start(options));
  const absl::Status ready = WaitUntilReady();
  if (ready.ok()) return ready;
  process_->Kill();
  return absl::InternalError(absl::StrCat("Prometheus does not start: ", ready.message(), "\n", LogTail()));
}

absl::Status PrometheusServer::Scrape(int port, const std::vector<std::string>& more_instances) {
  std::vector<std::string> instances = {kInstance};
  instances.insert(instances.end(), more_instances.begin(), more_instances.end());
  json servers = json::array();
  for (const std::string& instance : instances) {
    servers.push_back({{"targets", {absl::StrCat("127.0.0.1:", port)}}, {"labels", {{"instance", instance}}}});
  }
  return ReplaceFile(directory_ / "scraped.json", servers.dump(), 0600);
}

absl::Status PrometheusServer::StopScraping() { return ReplaceFile(directory_ / "scraped.json", "[]", 0600); }

absl::Status PrometheusServer::WaitUntilReady() {
  const absl::Time deadline = absl::Now() + kStartTimeout;
  while (process_->running()) {
    const auto answer = Query("1");
    if (answer.ok() || !absl::IsUnavailable(answer.status()) || absl::Now() > deadline) return answer.status();
    absl::SleepFor(absl::Milliseconds(50));
  }
  return absl::InternalError("it ended");
}

absl::StatusOr<json> PrometheusServer::Ask(const std::string& path, const std::string& query) const {
  SubprocessOptions options;
  options.arguments = {"curl",       "-q",
                       "--silent",   "--show-error",
                       "--noproxy",  "*",
                       "--max-time", "20",
                       "--get",      "--data-urlencode",
                       "query@-",    absl::StrCat("http://127.0.0.1:", port_, "/api/v1/", path)};
  options.input = query;
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand(options));
  if (result.exit_code != 0) return absl::UnavailableError(result.error_output);
  const json answer = json::parse(result.output, nullptr, /*allow_exceptions=*/false);
  // What it says until it has started is not JSON.
  if (!answer.is_object()) return absl::UnavailableError(result.output);
  if (answer.value("status", "") != "success") return absl::InvalidArgumentError(answer.value("error", result.output));
  return answer.value("data", json());
}

absl::StatusOr<std::vector<PrometheusSample>> PrometheusServer::Query(const std::string& expression) const {
  ASSIGN_OR_RETURN(const json data, Ask("query", expression));
  const json& result = data.at("result");
  if (data.at("resultType") == "scalar") {
    ASSIGN_OR_RETURN(const double value, Value(result));
    return std::vector<PrometheusSample>{{{}, value}};
  }
  std::vector<PrometheusSample> samples;
  for (const json& element : result) {
    PrometheusSample& sample = samples.emplace_back();
    element.at("metric").get_to(sample.labels);
    ASSIGN_OR_RETURN(sample.value, Value(element.at("value")));
  }
  return samples;
}

absl::StatusOr<std::vector<FiringAlert>> PrometheusServer::FiringAlerts() const {
  ASSIGN_OR_RETURN(const json data, Ask("alerts"));
  std::vector<FiringAlert> firing;
  for (const json& alert : data.at("alerts")) {
    if (alert.at("state") == "firing") firing.push_back({alert.at("labels"), alert.at("annotations")});
  }
  return firing;
}

std::string PrometheusServer::LogTail() const {
  constexpr size_t kLines = 60;  // It says why it ends, and then a good deal more while it does.
  const absl::StatusOr<std::string> log = ReadWholeFile(LogFile());
  return log.ok() ? LastLines(*log, kLines) : "";
}

}  // namespace binlogd::testing
