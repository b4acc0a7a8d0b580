// What the chart renders, over several files of values.
#include "tests/helm/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/harness/temp_dir.h"
#include "tests/packaging/packages.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
namespace fs = std::filesystem;

// The specs of all Pods: the server's and that of helm test.
std::vector<json> PodSpecs(const std::vector<json>& manifests) {
  std::vector<json> specs;
  for (const json& set : OfKind(manifests, "StatefulSet")) specs.push_back(set["spec"]["template"]["spec"]);
  for (const json& pod : OfKind(manifests, "Pod")) specs.push_back(pod["spec"]);
  return specs;
}

// Whether an object with these labels is selected.
bool Selects(const json& match_labels, const json& labels) {
  for (const auto& [name, value] : match_labels.items()) {
    if (labels.value(name, "") != value) return false;
  }
  return !match_labels.empty();
}

class ChartTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    absl::StatusOr<std::vector<json>> manifests = RenderChart(GetParam());
    if (absl::IsUnavailable(manifests.status())) GTEST_SKIP() << manifests.status();
    // Unknown fields, fields that stand twice, names and labels that are none are refused.
    ASSERT_TRUE(manifests.ok()) << manifests.status();
    manifests_ = *std::move(manifests);
    ASSERT_EQ(OfKind(manifests_, "StatefulSet").size(), 1u);
    set_ = OfKind(manifests_, "StatefulSet")[0];
    pod_ = set_["spec"]["template"];
  }
  std::vector<std::string> Arguments() const { return Container(pod_["spec"])["args"]; }

  std::vector<json> manifests_;
  json set_;
  json pod_;
};

TEST_P(ChartTest, LintIsSilent) {
  const absl::StatusOr<std::string> linted =
      Helm({"lint", "--strict", CHART, absl::StrCat("--values=" VALUES "/", GetParam(), ".yaml")});
  EXPECT_TRUE(linted.ok()) << linted.status();
}

TEST_P(ChartTest, PodsMayDoNothing) {
  for (const json& spec : PodSpecs(manifests_)) {
    EXPECT_EQ(spec["securityContext"]["runAsNonRoot"], true);
    EXPECT_EQ(spec["securityContext"]["runAsUser"], 7070);
    EXPECT_EQ(spec["securityContext"]["seccompProfile"], json({{"type", "RuntimeDefault"}}));
    EXPECT_EQ(spec["automountServiceAccountToken"], false);
    EXPECT_FALSE(spec.contains("hostNetwork") || spec.contains("hostPID") || spec.contains("hostIPC"));
    const json container = Container(spec);
    EXPECT_EQ(container["securityContext"], json({{"allowPrivilegeEscalation", false},
                                                  {"capabilities", {{"drop", {"ALL"}}}},
                                                  {"privileged", false},
                                                  {"readOnlyRootFilesystem", true}}));
    EXPECT_TRUE(container["resources"]["limits"].contains("memory"));
    EXPECT_TRUE(container["resources"]["requests"].contains("cpu"));
  }
}

TEST_P(ChartTest, OptionsAreBinlogdsOwn) {
  const absl::StatusOr<std::string> help = OutputOf({BINLOGD_BINARY, "--help"});
  ASSERT_TRUE(help.ok()) << help.status();
  for (const std::string& argument : Arguments()) {
    const std::vector<std::string> parts = absl::StrSplit(argument, absl::MaxSplits('=', 1));
    EXPECT_THAT(*help, HasSubstr(absl::StrCat("  ", parts[0], " "))) << argument;
  }
}

TEST_P(ChartTest, MountsAndVolumesBelongTogether) {
  for (const json& spec : PodSpecs(manifests_)) {
    std::set<std::string> volumes;
    for (const json& volume : spec.value("volumes", json::array())) volumes.insert(volume["name"]);
    if (spec.contains("serviceAccountName")) {
      for (const json& claim : set_["spec"].value("volumeClaimTemplates", json::array()))
        volumes.insert(claim["metadata"]["name"]);
    }
    std::set<std::string> mounts;
    for (const json& mount : Container(spec).value("volumeMounts", json::array())) {
      mounts.insert(mount["name"]);
      EXPECT_EQ(mount.value("readOnly", false), mount["name"] != "data") << mount;
      // A file by subPath is never updated.
      EXPECT_FALSE(mount.contains("subPath")) << mount;
    }
    EXPECT_EQ(volumes, mounts);
  }
}

TEST_P(ChartTest, SecretsComeByReference) {
  for (const json& spec : PodSpecs(manifests_)) {
    for (const json& volume : spec.value("volumes", json::array())) {
      // What everybody may read is refused by binlogd.
      if (!volume.contains("secret")) continue;
      EXPECT_EQ(volume["secret"]["defaultMode"], 0440) << volume;
    }
    for (const json& variable : Container(spec).value("env", json::array())) {
      const std::string name = variable["name"];
      EXPECT_TRUE(variable.contains("valueFrom") || absl::StartsWith(name, "AWS_")) << name;
    }
  }
  for (const json& config : OfKind(manifests_, "ConfigMap")) {
    if (!absl::EndsWith(config["metadata"]["name"].get<std::string>(), "-streamers")) continue;
    for (const auto& [file, text] : config["data"].items())
      EXPECT_THAT(text.get<std::string>(), Not(HasSubstr("value:"))) << file;
  }
  for (const json& secret : OfKind(manifests_, "Secret")) EXPECT_EQ(secret["type"], "kubernetes.io/tls");
}

TEST_P(ChartTest, WhoIsReachedIsThePod) {
  const json labels = pod_["metadata"]["labels"];
  std::set<std::string> ports;
  for (const json& port : Container(pod_["spec"])["ports"]) ports.insert(port["name"]);
  EXPECT_EQ(OfKind(manifests_, "Service").size(), 2u);
  for (const json& service : OfKind(manifests_, "Service")) {
    EXPECT_TRUE(Selects(service["spec"]["selector"], labels)) << service;
    for (const json& port : service["spec"]["ports"])
      EXPECT_THAT(ports, Contains(port["targetPort"].get<std::string>()));
    for (const json& pod : OfKind(manifests_, "Pod"))
      EXPECT_FALSE(Selects(service["spec"]["selector"], pod["metadata"]["labels"]));
  }
  const json headless = Find(manifests_, "Service", set_["spec"]["serviceName"]);
  EXPECT_EQ(headless["spec"]["clusterIP"], "None");
  for (const json& policy : OfKind(manifests_, "NetworkPolicy")) {
    EXPECT_TRUE(Selects(policy["spec"]["podSelector"]["matchLabels"], labels));
    for (const json& rule : policy["spec"]["ingress"]) {
      EXPECT_FALSE(rule["from"].empty());
      for (const json& port : rule["ports"]) EXPECT_THAT(ports, Contains(port["port"].get<std::string>()));
    }
  }
  for (const json& budget : OfKind(manifests_, "PodDisruptionBudget")) {
    EXPECT_TRUE(Selects(budget["spec"]["selector"]["matchLabels"], labels));
  }
  for (const json& monitor : OfKind(manifests_, "ServiceMonitor")) {
    int selected = 0;
    for (const json& service : OfKind(manifests_, "Service")) {
      selected += Selects(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"]) ? 1 : 0;
    }
    EXPECT_EQ(selected, 1) << "a Pod would be scraped more than once, or not at all";
  }
}

TEST_P(ChartTest, ProbesSpeakWhatThePortSpeaks) {
  const json container = Container(pod_["spec"]);
  const std::vector<std::string> arguments = Arguments();
  const auto has = [&](absl::string_view start) {
    for (const std::string& argument : arguments) {
      if (absl::StartsWith(argument, start)) return true;
    }
    return false;
  };
  for (const char* name : {"startupProbe", "livenessProbe", "readinessProbe"}) {
    const json probe = container[name];
    if (has("--tls-cert=")) {
      EXPECT_EQ(probe["httpGet"]["port"], "metrics");
      EXPECT_EQ(probe["httpGet"]["scheme"], has("--metrics-tls-cert=") ? "HTTPS" : "HTTP");
      EXPECT_FALSE(has("--metrics-tls-client-ca")) << "the kubelet has no certificate";
    } else {
      EXPECT_EQ(probe["grpc"]["port"], 7070);
    }
  }
  EXPECT_EQ(has("--insecure-listen"), !has("--tls-cert="));
  EXPECT_EQ(has("--insecure-metrics-listen"), !has("--metrics-tls-cert="));
}

TEST_P(ChartTest, NotesTellTheNextCommands) {
  const absl::StatusOr<std::string> notes = RenderNotes(GetParam());
  ASSERT_TRUE(notes.ok()) << notes.status();
  EXPECT_THAT(*notes, AllOf(HasSubstr("rollout status statefulset/"), HasSubstr("helm -n data test test"),
                            HasSubstr("\n     binlogctl --server localhost:7070")));
  EXPECT_THAT(*notes, Not(HasSubstr("<no value>")));
  EXPECT_EQ(absl::StrContains(*notes, "WARNING: the gRPC port is in plaintext"), GetParam() == "plaintext");
  EXPECT_EQ(absl::StrContains(*notes, "WARNING: nothing is kept"), GetParam() == "minimal");
}

std::string ValuesName(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
  return name;
}

INSTANTIATE_TEST_SUITE_P(Values, ChartTest, ::testing::ValuesIn(ValueFiles()), ValuesName);

class ChartContentTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const absl::StatusOr<std::string> version = Helm({"version"});
    if (absl::IsUnavailable(version.status())) GTEST_SKIP() << version.status();
  }
  static std::vector<json> Rendered(const std::string& values, const std::vector<std::string>& more = {}) {
    const absl::StatusOr<std::vector<json>> manifests = RenderChart(values, more);
    EXPECT_TRUE(manifests.ok()) << manifests.status();
    return manifests.value_or(std::vector<json>());
  }
};

TEST_F(ChartContentTest, AChangeOfStreamersRestartsNothing) {
  const std::vector<json> before = Rendered("everything");
  const std::vector<json> after = Rendered("everything", {"--set", "streamers.orders.labels.team=other"});
  EXPECT_EQ(Find(before, "StatefulSet", "streams"), Find(after, "StatefulSet", "streams"));
  EXPECT_NE(Find(before, "ConfigMap", "streams-streamers"), Find(after, "ConfigMap", "streams-streamers"));
}

TEST_F(ChartContentTest, RulesAndDashboardsAreTheFiles) {
  const std::vector<json> manifests = Rendered("everything");
  const json rule = Find(manifests, "PrometheusRule", "streams");
  const std::string alerts = Contents(CHART "/files/alerts.yaml");
  size_t rules = 0;
  for (const json& group : rule["spec"]["groups"]) {
    for (const json& each : group["rules"]) {
      ++rules;
      EXPECT_THAT(alerts, HasSubstr(absl::StrCat("alert: ", each.value("alert", "none"), "\n")));
    }
  }
  EXPECT_EQ(rules, static_cast<size_t>(std::vector<std::string>(absl::StrSplit(alerts, "- alert: ")).size() - 1));
  std::map<std::string, json> shown;
  for (const json& config : OfKind(manifests, "ConfigMap")) {
    if (!config["metadata"]["labels"].contains("grafana_dashboard")) continue;
    for (const auto& [file, text] : config["data"].items()) shown[file] = json::parse(text.get<std::string>());
  }
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(CHART "/files/dashboards")) {
    ++files;
    EXPECT_EQ(shown[entry.path().filename()], json::parse(Contents(entry.path()))) << entry.path();
  }
  EXPECT_EQ(shown.size(), files);
}

TEST_F(ChartContentTest, TheRunbooksHaveTheirPlace) {
  const std::vector<json> manifests =
      Rendered("everything", {"--set", "prometheusRule.runbooks=https://docs.example.com/binlogd/"});
  for (const json& group : Find(manifests, "PrometheusRule", "streams")["spec"]["groups"]) {
    for (const json& rule : group["rules"]) {
      EXPECT_THAT(rule["annotations"]["runbook_url"].get<std::string>(),
                  ::testing::StartsWith("https://docs.example.com/binlogd/runbooks.md#binlogd"));
    }
  }
}

TEST_F(ChartContentTest, TheTestIsMadeWhereItHasSomethingToShowAndIsLetIn) {
  const auto tests = [](const std::vector<std::string>& more) { return OfKind(Rendered("defaults", more), "Pod"); };
  const std::vector<std::string> narrow = {"--set", "networkPolicy.clients[0].namespaceSelector.matchLabels.team=data"};
  ASSERT_EQ(tests(narrow).size(), 1u);
  EXPECT_TRUE(tests({"--set", "users.existingSecret=users"}).empty());
  EXPECT_EQ(tests({"--set", "users.existingSecret=users,users.testCertificate=true"}).size(), 1u);
  EXPECT_EQ(tests({"--set", "users.existingSecret=users,users.testTokenSecret.name=token"}).size(), 1u);
  EXPECT_TRUE(tests({"--set",
                     "tls.enabled=false,tls.allowPlaintext=true,users.existingSecret=users,users.testCertificate=true"})
                  .empty());
  const json labels = tests(narrow).at(0)["metadata"]["labels"];
  const json policy = OfKind(Rendered("defaults", narrow), "NetworkPolicy").at(0);
  int let_in = 0;
  for (const json& rule : policy["spec"]["ingress"]) {
    const json& peer = rule["from"].at(0);
    let_in += peer.contains("podSelector") && Selects(peer["podSelector"]["matchLabels"], labels) ? 1 : 0;
  }
  EXPECT_EQ(let_in, 1);
}

TEST_F(ChartContentTest, NamesThatLookLikeNumbersAreNames) {
  const std::vector<json> manifests =
      Rendered("defaults", {"--set", "streamers.007.source.endpoints={db1},streamers.007.source.user=repl", "--set",
                            "streamers.007.targets[0].name=a"});
  EXPECT_THAT(Find(manifests, "ConfigMap", "test-binlogd-streamers")["data"]["007.yaml"].get<std::string>(),
              HasSubstr("name: \"007\"\n"));
}

TEST_F(ChartContentTest, PortsAreOpenForIPv6) {
  const std::vector<json> manifests = Rendered("defaults", {"--set", "listenAddress=[::]"});
  EXPECT_THAT(Container(PodSpecs(manifests).at(0))["args"].get<std::vector<std::string>>(),
              AllOf(Contains("--listen=[::]:7070"), Contains("--metrics-listen=[::]:9107")));
}

TEST_F(ChartContentTest, CertificatesAreForTheServices) {
  const std::vector<json> manifests = Rendered("cert-manager");
  const json server = Find(manifests, "Certificate", "test-binlogd");
  EXPECT_THAT(server["spec"]["dnsNames"].get<std::vector<std::string>>(),
              UnorderedElementsAre("test-binlogd", "test-binlogd.data", "test-binlogd.data.svc",
                                   "test-binlogd-headless", "test-binlogd-headless.data",
                                   "test-binlogd-headless.data.svc", "localhost", "binlogd.example.com"));
  EXPECT_EQ(server["spec"]["issuerRef"],
            json({{"name", "internal"}, {"kind", "ClusterIssuer"}, {"group", "cert-manager.io"}}));
  EXPECT_THAT(Find(manifests, "Certificate", "test-binlogd-client")["spec"]["usages"].get<std::vector<std::string>>(),
              AllOf(Contains("client auth"), Not(Contains("server auth"))));
  EXPECT_TRUE(OfKind(manifests, "Secret").empty()) << "cert-manager makes them";
}

TEST_F(ChartContentTest, AWebIdentityIsATokenThatThePodGets) {
  const std::vector<json> manifests = Rendered("web-identity");
  EXPECT_EQ(OfKind(manifests, "ServiceAccount").at(0)["metadata"]["annotations"]["eks.amazonaws.com/role-arn"],
            "arn:aws:iam::123456789012:role/binlogd");
  const std::string spec = PodSpecs(manifests).at(0).dump();
  EXPECT_THAT(spec, AllOf(HasSubstr(R"({"name":"AWS_ROLE_ARN","value":"arn:aws:iam::123456789012:role/binlogd"})"),
                          HasSubstr(R"("audience":"sts.amazonaws.com")"),
                          HasSubstr(R"("value":"/var/run/secrets/web-identity/token")")));
}

TEST_F(ChartContentTest, TheExamplesOfTheDocumentRender) {
  const TempDir directory;
  size_t examples = 0;
  const std::vector<std::string> parts = absl::StrSplit(Contents(DOCUMENT), "\n```yaml\n");
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string path = absl::StrCat(directory / "values", i, ".yaml");
    std::ofstream(path) << parts[i].substr(0, parts[i].find("\n```\n")) << "\n";
    Rendered("defaults", {"--values", path});
    ++examples;
  }
  EXPECT_GT(examples, 3u);
}

TEST_F(ChartContentTest, TheVersionIsTheProjects) {
  const absl::StatusOr<std::string> chart = Helm({"show", "chart", CHART});
  ASSERT_TRUE(chart.ok());
  EXPECT_THAT(*chart, HasSubstr("appVersion: " BINLOGD_VERSION "\n"));
}

}  // namespace
}  // namespace binlogd::testing
