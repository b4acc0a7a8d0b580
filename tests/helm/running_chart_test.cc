// The real binlogd and binlogctl with the options, specs and certificates that the chart renders: what a cluster would
// run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/temp_dir.h"
#include "tests/helm/chart.h"
#include "tests/integration/streamer_testing.h"
#include "tests/packaging/packages.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr char kStreamers[] =
    R"(streamers={"orders": {"source": {"endpoints": ["127.0.0.1:1"], "user": "repl"},
                             "targets": [{"name": "archive", "file": {"path": "/var/lib/binlogd/archive"}}]}})";
constexpr char kHost[] = "test-binlogd.data.svc";

class RunningChartTest : public ::testing::Test {
 protected:
  // Starts what values and options render; false when this machine cannot.
  bool Start(const std::string& values) {
    const absl::StatusOr<std::vector<json>> manifests = RenderChart(values, {"--set-json", kStreamers});
    if (absl::IsUnavailable(manifests.status())) return false;
    EXPECT_TRUE(manifests.ok()) << manifests.status();
    manifests_ = *manifests;
    for (const auto& [file, text] : Find(manifests_, "ConfigMap", "test-binlogd-streamers")["data"].items()) {
      Write("streamers", file, Here(text));
    }
    for (const json& secret : OfKind(manifests_, "Secret")) {
      for (const auto& [file, text] : secret["data"].items()) {
        std::string bytes;
        EXPECT_TRUE(absl::Base64Unescape(text.get<std::string>(), &bytes));
        Write(absl::EndsWith(secret["metadata"]["name"].get<std::string>(), "-client") ? "client" : "tls", file, bytes);
      }
    }
    std::vector<std::string> flags;
    const json pod = Find(manifests_, "StatefulSet", "test-binlogd")["spec"]["template"]["spec"];
    for (const std::string argument : Container(pod)["args"]) {
      // Where it listens and keeps its state is the harness's to say.
      const bool placed = absl::StartsWith(argument, "--listen=") || absl::StartsWith(argument, "--metrics-listen=") ||
                          absl::StartsWith(argument, "--state-dir=");
      if (!placed) flags.push_back(Here(argument));
    }
    binlogd_ = std::make_unique<BinlogdProcess>(directory_ / "state", flags);
    return true;
  }

  // Runs what helm test runs.
  CommandResult HelmTest() {
    std::vector<std::string> command;
    for (const std::string word : Container(Find(manifests_, "Pod", "test-binlogd-test")["spec"])["command"]) {
      if (word == "/usr/bin/binlogctl") {
        command.emplace_back(BINLOGCTL_BINARY);
      } else if (absl::StartsWith(word, "--server=")) {
        EXPECT_EQ(word, absl::StrCat("--server=", kHost, ":7070"));
        command.push_back(absl::StrCat("--server=", binlogd_->address()));
      } else {
        command.push_back(Here(word));
      }
    }
    // The name that the certificate has to be for, as no resolver knows it here.
    SubprocessOptions options;
    if (fs::exists(directory_ / "tls")) options.environment = {absl::StrCat("BINLOGCTL_TLS_SERVER_NAME=", kHost)};
    options.arguments = command;
    const absl::StatusOr<CommandResult> result = RunCommand(options);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(CommandResult());
  }

  absl::StatusOr<std::string> Get(const std::string& scheme, const std::string& path,
                                  const std::vector<std::string>& more) {
    const std::string port = absl::StrCat(binlogd_->metrics_port());
    std::vector<std::string> command = {
        "curl",      "--silent", "--show-error", "--fail",
        "--noproxy", "*",        "--connect-to", absl::StrCat(kHost, ":", port, ":127.0.0.1:", port)};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(absl::StrCat(scheme, "://", kHost, ":", port, path));
    return OutputOf(command);
  }

  TempDir directory_;
  std::vector<json> manifests_;
  std::unique_ptr<BinlogdProcess> binlogd_;

 private:
  // Folders of the Pod as folders of this test.
  std::string Here(const std::string& text) const {
    return absl::StrReplaceAll(text, {{"/etc/binlogd/", directory_ / ""},
                                      {"/etc/binlogctl/tls/", directory_ / "client/"},
                                      {"/var/lib/binlogd/", directory_ / "data/"}});
  }
  void Write(const std::string& folder, const std::string& file, const std::string& text) const {
    fs::create_directories(directory_ / folder);
    const std::string path = absl::StrCat(directory_ / folder, "/", file);
    std::ofstream(path) << text;
    ASSERT_EQ(chmod(path.c_str(), 0440), 0);
  }
};

TEST_F(RunningChartTest, ItsOwnCertificatesLetTheClientInAndNobodyElse) {
  if (!Start("defaults")) GTEST_SKIP() << "this machine has no Helm";
  ASSERT_TRUE(WaitUntil([&] { return absl::StrContains(HelmTest().output, "orders"); })) << binlogd_->Log();
  EXPECT_EQ(HelmTest().exit_code, 0);
  // Neither without a certificate, nor in plaintext.
  EXPECT_NE(
      binlogd_->Control({"--tls-ca", directory_ / "client/ca.crt", "--tls-server-name", kHost, "status"}).exit_code, 0);
  EXPECT_NE(binlogd_->Control({"status"}).exit_code, 0);
}

TEST_F(RunningChartTest, TheProbesAndPrometheusAreAnswered) {
  if (!Start("defaults")) GTEST_SKIP() << "this machine has no Helm";
  const json container = Container(Find(manifests_, "StatefulSet", "test-binlogd")["spec"]["template"]["spec"]);
  for (const char* name : {"startupProbe", "livenessProbe", "readinessProbe"}) {
    // The kubelet does not look whose certificate it is.
    const absl::StatusOr<std::string> answer = Get("https", container[name]["httpGet"]["path"], {"--insecure"});
    EXPECT_TRUE(answer.ok()) << name << ": " << answer.status();
  }
  const absl::StatusOr<std::string> scraped = Get("https", "/metrics", {"--cacert", directory_ / "tls/ca.crt"});
  EXPECT_THAT(scraped.value_or(scraped.status().ToString()), HasSubstr("# TYPE binlogd_"));
}

TEST_F(RunningChartTest, PlaintextIsPlaintext) {
  if (!Start("plaintext")) GTEST_SKIP() << "this machine has no Helm";
  ASSERT_TRUE(WaitUntil([&] { return absl::StrContains(HelmTest().output, "orders"); })) << binlogd_->Log();
  const absl::StatusOr<std::string> scraped = Get("http", "/metrics", {});
  EXPECT_THAT(scraped.value_or(scraped.status().ToString()), HasSubstr("# TYPE binlogd_"));
}

}  // namespace
}  // namespace binlogd::testing
