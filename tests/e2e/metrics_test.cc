// What the metrics port and the log of a running binlogd tell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/certificates.h"
#include "tests/integration/streamer_testing.h"
#include "tests/telemetry/metrics_page.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::ContainerEq;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "replpass";

class MetricsTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    auto server = SharedServer(GetParam());
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *server;
    server_->Run({"CREATE DATABASE IF NOT EXISTS shop",
                  "CREATE TABLE IF NOT EXISTS shop.counted (id INT AUTO_INCREMENT PRIMARY KEY, total INT)",
                  "CREATE TABLE IF NOT EXISTS shop.left_out (id INT AUTO_INCREMENT PRIMARY KEY)"});
  }
  void Start(std::vector<std::string> more_flags = {}) {
    // A file declares nothing that runs, but brings its own metrics.
    more_flags.insert(more_flags.end(), {"--streamers", directory_ / "specs"});
    std::filesystem::create_directories(directory_ / "specs");
    binlogd_ = std::make_unique<BinlogdProcess>(directory_ / "state", std::move(more_flags));
  }
  // A streamer with a file target and, when asked for, one of each other type that never works: to give up on its store
  // takes a while.
  void Run(bool with_others = false) {
    std::string spec = absl::StrCat(
        "name: one\nsource: {flavor: ", server_->flavor() == Flavor::kMySql ? "MYSQL" : "MARIADB", ", endpoints: [\"",
        server_->endpoint(), "\"], user: repl, password: {value: ", kSecret,
        "}, start: {current: {}}}\nbatch: {max_wait: 50ms}\nfilter: {exclude_tables: [shop.left_out]}\ntargets:\n"
        "- {name: changes, file: {path: ",
        directory_ / "changes", ", format: JSON}}\n");
    const std::string others = absl::StrCat(
        "- {name: cold, required: false, s3: {bucket: bucket, endpoint: \"http://127.0.0.1:1\", path_style: true, ",
        "format: JSON, credentials: {access_key_id: id, secret_access_key: {value: key}}}}\n",
        "- {name: bus, required: false, kafka: {brokers: [\"127.0.0.1:1\"], topic: t, format: JSON}}\n");
    if (with_others) spec += others;
    const CommandResult applied = binlogd_->Control({"apply", "--start", "-f", "-"}, spec);
    ASSERT_EQ(applied.exit_code, 0) << applied.error_output;
    ASSERT_TRUE(WaitUntil([&] { return Sample("binlogd_streamer_connected{streamer=\"one\"}") == 1; }))
        << binlogd_->Log();
  }

  CommandResult Curl(const std::string& path, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"curl", "-sS", "--noproxy", "*"};
    const bool tls = !more.empty();
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back(absl::StrCat(tls ? "https" : "http", "://127.0.0.1:", binlogd_->metrics_port(), path));
    SubprocessOptions command;
    command.arguments = std::move(arguments);
    const auto result = RunCommand(command);
    return result.ok() ? *result : CommandResult();
  }
  std::string Get(const std::string& path) const { return Curl(path).output; }
  // -1 when there is none.
  double Sample(const std::string& series) const {
    for (const absl::string_view line : absl::StrSplit(Get("/metrics"), '\n')) {
      double value = 0;
      const bool is_it = line.substr(0, series.size() + 1) == series + " ";
      if (is_it && absl::SimpleAtod(line.substr(series.size() + 1), &value)) return value;
    }
    return -1;
  }
  std::string WaitForSample(const std::string& series, double value) const {
    const bool reached = WaitUntil([&] { return Sample(series) == value; });
    return reached ? "" : absl::StrCat(series, " is ", Sample(series), ", not ", value);
  }

  TempDir directory_;
  MySqlServer* server_ = nullptr;
  std::unique_ptr<BinlogdProcess> binlogd_;
};

TEST_P(MetricsTest, EveryFamilyIsToldAndNoOther) {
  Start();
  Run(/*with_others=*/true);
  ASSERT_EQ(WaitForSample("binlogd_streamer_lag_transactions{streamer=\"one\"}", 0), "");
  EXPECT_EQ(WaitForSample("binlogd_target_healthy{streamer=\"one\",target=\"bus\"}", 0), "");
  EXPECT_TRUE(WaitUntil([&] { return Sample("binlogd_target_retries_total{streamer=\"one\",target=\"cold\"}") > 0; }));
  std::set<std::string> documented;
  for (const MetricSection& section : MetricSections()) {
    for (const MetricFamily* family : section.families) {
      documented.insert(absl::StrCat(family->name, " ", MetricTypeName(family->type)));
    }
  }
  std::set<std::string> told;
  for (const absl::string_view line : absl::StrSplit(Get("/metrics"), '\n')) {
    if (line.substr(0, 7) == "# TYPE ") told.insert(std::string(line.substr(7)));
  }
  EXPECT_THAT(told, ContainerEq(documented));
  EXPECT_THAT(Get("/metrics"), Not(HasSubstr(kSecret)));
}

TEST_P(MetricsTest, CountsWhatPasses) {
  Start();
  Run();
  const auto counter = [](const std::string& name, const std::string& labels) {
    return absl::StrCat("binlogd_", name, "{streamer=\"one\"", labels, "}");
  };
  const std::string target = ",target=\"changes\"";
  ASSERT_EQ(WaitForSample(counter("streamer_events_read_total", ",kind=\"write\""), 0), "");
  for (int i = 0; i < 3; ++i) server_->Run({"INSERT INTO shop.counted (total) VALUES (1), (2)"});
  server_->Run({"INSERT INTO shop.left_out VALUES ()", "UPDATE shop.counted SET total = 7 LIMIT 1"});
  EXPECT_EQ(WaitForSample(counter("streamer_events_read_total", ",kind=\"write\""), 4), "");
  EXPECT_EQ(WaitForSample(counter("streamer_transactions_read_total", ""), 5), "");
  EXPECT_EQ(WaitForSample(counter("target_events_written_total", target + ",kind=\"write\""), 3), "");
  EXPECT_EQ(WaitForSample(counter("target_events_written_total", target + ",kind=\"update\""), 1), "");
  EXPECT_EQ(WaitForSample(counter("target_events_filtered_total", target + ",kind=\"write\""), 1), "");
  EXPECT_EQ(WaitForSample(counter("target_transactions_written_total", target), 5), "");
  EXPECT_EQ(WaitForSample(counter("streamer_lag_bytes", ""), 0), "");
  EXPECT_EQ(WaitForSample(counter("streamer_lag_transactions", ""), 0), "");
  EXPECT_GE(Sample(counter("target_lag_transactions", target)), 0);
  for (const char* histogram : {"write", "commit", "fsync"}) {
    EXPECT_GT(Sample(counter(absl::StrCat("target_", histogram, "_seconds_count"), target)), 0) << histogram;
  }
  EXPECT_GT(Sample(counter("target_batch_bytes_sum", target)), 0);
  EXPECT_GT(Sample("binlogd_grpc_calls_total{method=\"Apply\",code=\"OK\"}"), 0);
  // The same numbers by RPC.
  EXPECT_THAT(binlogd_->Control({"metrics", "one"}).output, HasSubstr("binlogd_target_fsync_seconds_count"));
}

TEST_P(MetricsTest, PagesAndProbes) {
  Start();
  Run();
  EXPECT_EQ(Get("/healthz"), "ok\n");
  EXPECT_EQ(Get("/readyz"), "ready\n");
  EXPECT_THAT(Get("/"), HasSubstr("<strong>one</strong>"));
  EXPECT_THAT(Get("/"), Not(HasSubstr(kSecret)));
}

TEST_P(MetricsTest, CountsWhatTapsAreSent) {
  Start();
  Run();
  EXPECT_EQ(Sample("binlogd_streamer_tap_events_total{streamer=\"one\"}"), 0);
  const CommandResult tapped = binlogd_->Control({"tap", "one", "--from", "earliest", "--count", "3", "-o", "json"});
  ASSERT_EQ(tapped.exit_code, 0) << tapped.error_output;
  EXPECT_EQ(std::count(tapped.output.begin(), tapped.output.end(), '\n'), 3) << tapped.output;
  EXPECT_EQ(WaitForSample("binlogd_streamer_tap_events_total{streamer=\"one\"}", 3), "");
}

// Of binlogd itself; gRPC and librdkafka name theirs.
TEST_P(MetricsTest, ThreadsAreNamedAfterWhatTheyDo) {
  Start();
  Run(/*with_others=*/true);
  server_->Run({"INSERT INTO shop.counted (total) VALUES (1)"});
  const auto names = [&] {
    std::multiset<std::string> found;
    std::error_code ended;  // A thread may be gone by the time it is looked at.
    for (const auto& task : std::filesystem::directory_iterator(absl::StrCat("/proc/", binlogd_->pid(), "/task"))) {
      const std::string name = ReadWholeFile(task.path() / "comm").value_or("");
      if (!name.empty()) found.insert(name.substr(0, name.size() - 1));
    }
    return found;
  };
  const std::vector<std::string> wanted = {"binlogd",  "read:one", "check:one", "decode:one", "one/changes",
                                           "one/cold", "one/bus",  "metrics",   "status",     "fleet"};
  EXPECT_TRUE(WaitUntil([&] {
    const auto found = names();
    return std::all_of(wanted.begin(), wanted.end(), [&](const auto& name) { return found.count(name) > 0; });
  })) << absl::StrJoin(names(), " ");
  // A name that is inherited tells of another's work: these are each one thread's.
  for (const char* one : {"binlogd", "read:one", "check:one", "status", "fleet"})
    EXPECT_EQ(names().count(one), 1u) << one;
}

TEST_P(MetricsTest, TheLogIsJsonWithPlacesAndTraces) {
  Start({"--log-format", "json"});
  Run();
  server_->Run({"INSERT INTO shop.counted (total) VALUES (1)"});
  ASSERT_EQ(WaitForSample("binlogd_streamer_lag_transactions{streamer=\"one\"}", 0), "");
  EXPECT_EQ(binlogd_->Control({"log-level", "debug"}).output, "debug\n");
  ASSERT_EQ(binlogd_->Control({"stop", "one"}).exit_code, 0);
  ASSERT_EQ(*binlogd_->Terminate(), 0);
  bool stopped = false, call = false;
  for (const absl::string_view line : absl::StrSplit(binlogd_->Log(), '\n', absl::SkipEmpty())) {
    const json entry = json::parse(line.begin(), line.end(), nullptr, false);
    ASSERT_TRUE(entry.is_object()) << line;
    EXPECT_TRUE(entry.contains("streamer") != entry.contains("component")) << line;
    const std::string message = entry.value("message", "");
    const bool has_place = entry.contains("file") && entry.value("offset", 0) > 4;
    stopped = stopped || (entry.value("streamer", "") == "one" && message == "STOPPED" && has_place);
    call = call || (entry.value("level", "") == "debug" && message.rfind("Stop from ", 0) == 0);
  }
  EXPECT_TRUE(stopped) << binlogd_->Log();
  EXPECT_TRUE(call) << binlogd_->Log();
  EXPECT_THAT(binlogd_->Log(), Not(HasSubstr(kSecret)));
}

TEST_P(MetricsTest, TheMetricsPortSpeaksTls) {
  const Certificates& certificates = TestCertificates();
  Start({"--metrics-tls-cert", certificates.path("server.pem"), "--metrics-tls-key", certificates.path("server.key"),
         "--metrics-tls-client-ca", certificates.path("ca.pem")});
  const std::vector<std::string> authority = {"--cacert", certificates.path("ca.pem")};
  std::vector<std::string> client = authority;
  client.insert(client.end(), {"--cert", certificates.path("client.pem"), "--key", certificates.path("client.key")});
  EXPECT_EQ(Curl("/readyz", client).output, "ready\n");
  EXPECT_NE(Curl("/readyz", authority).exit_code, 0);
  EXPECT_NE(Curl("/readyz").exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Servers, MetricsTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         [](const auto& info) {
                           return absl::StrReplaceAll(ServerName(info.param), {{"-", "_"}, {".", "_"}});
                         });

}  // namespace
}  // namespace binlogd::testing
