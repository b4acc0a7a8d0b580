// A real Prometheus with the shipped rules watches a binlogd under load: what the rules and dashboards read is there,
// and every alert fires when its fault comes and clears when it goes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "tests/e2e/monitored_world.h"
#include "tests/integration/streamer_testing.h"
#include "tests/monitoring/monitoring_files.h"

namespace binlogd::testing {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

// The shipped rules for people in a hurry: what has to hold for minutes has to hold for a second, what looks minutes or
// hours back looks ten seconds back, and these limits are lower.
std::string HastyRules() {
  std::string rules = ReadWholeFile(AlertsFile()).value_or("");
  for (const auto& [slow, fast] : std::vector<std::pair<std::string, std::string>>{
           {"streamer_lag_seconds > 300\n", "streamer_lag_seconds > 3\n"},
           {"streamer_lag_seconds > 3600\n", "streamer_lag_seconds > 4\n"},
           {"checkpoint_age_seconds > 600\n", "checkpoint_age_seconds > 3\n"},
           {"target_lag_seconds > 900\n", "target_lag_seconds > 3\n"},
           {"changes(process_start_time_seconds[30m]) > 3 ", "changes(process_start_time_seconds[30m]) > 1 "},
           {"reconnects_total[10m]) > 3\n", "reconnects_total[10m]) > 1\n"}}) {
    EXPECT_EQ(absl::StrReplaceAll({{slow, fast}}, &rules), 1) << slow;
  }
  EXPECT_EQ(absl::StrReplaceAll({{", 24 * 3600) < 0", ", 60) < 0"}}, &rules), 2);
  EXPECT_EQ(absl::StrReplaceAll({{"[1h:1m]", "[10s:1s]"}}, &rules), 1);
  rules = std::regex_replace(rules, std::regex(R"(\bfor: \w+)"), "for: 1s");
  return std::regex_replace(rules, std::regex(R"((\[|offset )\d+[mh]\b)"), "$0110s");
}

class AlertsE2eTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto world = MonitoredWorld::Start(HastyRules());
    if (world.ok()) {
      world_ = *std::move(world);
    } else {
      why_not_ = world.status();
    }
  }
  static void TearDownTestSuite() { world_.reset(); }
  void SetUp() override {
    if (absl::IsUnavailable(why_not_)) GTEST_SKIP() << why_not_;
    ASSERT_TRUE(why_not_.ok()) << why_not_;
  }

  static MonitoredWorld& world() { return *world_; }
  static std::vector<PrometheusSample> Query(const std::string& expression) {
    const auto samples = world().prometheus().Query(expression);
    EXPECT_TRUE(samples.ok()) << expression << ": " << samples.status();
    return samples.value_or(std::vector<PrometheusSample>());
  }
  static Names Firing() {
    Names names;
    const auto alerts = world().prometheus().FiringAlerts();
    for (const FiringAlert& alert : alerts.value_or(std::vector<FiringAlert>())) {
      names.insert(alert.labels.at("alertname"));
      for (const auto& [name, text] : alert.annotations) {
        EXPECT_FALSE(absl::StrContains(text, "<no value>") || absl::StrContains(text, "<error"))
            << name << ": " << text;
      }
    }
    return names;
  }
  static std::string Situation() {
    return absl::StrCat("firing: ", absl::StrJoin(Firing(), " "), "\n",
                        world().binlogd().Control({"status", "-o", "yaml"}).output, world().binlogd().Log(),
                        world().prometheus().LogTail());
  }
  static bool Fire(const Names& names) {
    const bool all = WaitUntil([&] {
      const Names firing = Firing();
      return std::includes(firing.begin(), firing.end(), names.begin(), names.end());
    });
    EXPECT_TRUE(all) << "wanted to fire: " << absl::StrJoin(names, " ") << "\n" << Situation();
    return all;
  }
  static void Clear(const Names& names) {
    EXPECT_TRUE(WaitUntil([&] {
      const Names firing = Firing();
      return std::none_of(names.begin(), names.end(), [&](const auto& name) { return firing.count(name) > 0; });
    })) << "wanted to clear: "
        << absl::StrJoin(names, " ") << "\n"
        << Situation();
  }
  // Until the newest sample of an expression is not 0.
  static bool Becomes(const std::string& expression) {
    const bool became = WaitUntil([&] {
      const auto samples = Query(expression);
      return !samples.empty() && samples[0].value != 0;
    });
    EXPECT_TRUE(became) << expression << "\n" << Situation();
    return became;
  }

 private:
  static inline std::unique_ptr<MonitoredWorld> world_;
  static inline absl::Status why_not_;
};

// The labels that a legend shows: "{{streamer}} {{target}}".
std::vector<std::string> LabelsOf(const std::string& legend) {
  static const std::regex kLabel(R"(\{\{(\w+)\}\})");
  std::vector<std::string> labels;
  for (std::sregex_iterator match(legend.begin(), legend.end(), kLabel), end; match != end; ++match)
    labels.push_back((*match)[1]);
  return labels;
}

// Of what one streamer delivers to all kinds of targets, while a tap reads and an alert fires.
class WhatIsReadTest : public AlertsE2eTest {
 protected:
  void SetUp() override {
    AlertsE2eTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    ASSERT_TRUE(Becomes("binlogd_streamer_connected{streamer=\"orders\"}"));
    stub_ = world().binlogd().Stub();
    v1::TapRequest request;
    request.set_name("orders");
    tap_ = stub_->Tap(&context_, request);
    v1::TapResponse response;
    while (response.batch().events().empty()) ASSERT_TRUE(tap_->Read(&response));
    world().Declare("wrong", "name: ../wrong\n");
    ASSERT_TRUE(Fire({"BinlogdSpecsRefused"}));
    // All of it has been scraped: the slowest is Kafka's first transaction.
    ASSERT_TRUE(Becomes("min(binlogd_target_last_commit_timestamp_seconds) > bool 0"));
    ASSERT_TRUE(Becomes("count_over_time(binlogd_target_last_commit_timestamp_seconds{target=\"bus\"}[1m]) > bool 3"));
  }
  void TearDown() override {
    if (tap_ == nullptr) return;
    world().Undeclare("wrong");
    context_.TryCancel();
    v1::TapResponse response;
    while (tap_->Read(&response)) {
    }
    tap_->Finish();
  }

  std::unique_ptr<v1::StreamerService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::TapResponse>> tap_;
};

TEST_F(WhatIsReadTest, ByEveryPanelHasItsSeriesAndLabels) {
  for (const Dashboard& dashboard : ShippedDashboards()) {
    for (const PanelQuery& query : Queries(dashboard)) {
      SCOPED_TRACE(query.place);
      const std::string expression = WithoutVariables(dashboard, query.expression);
      const auto samples = Query(expression);
      EXPECT_FALSE(samples.empty()) << expression;
      for (const PrometheusSample& sample : samples) {
        for (const std::string& label : LabelsOf(query.legend)) EXPECT_EQ(sample.labels.count(label), 1u) << label;
      }
    }
  }
}

TEST_F(WhatIsReadTest, ByEveryRuleIsThere) {
  for (const AlertRule& alert : ShippedAlerts()) {
    SCOPED_TRACE(alert.name);
    for (const std::string& selector : Selectors(alert.expression)) EXPECT_FALSE(Query(selector).empty()) << selector;
  }
}

TEST_F(WhatIsReadTest, ByDashboardsOfStoresIsObserved) {
  for (const char* observed :
       {"binlogd_target_fsync_seconds_count{target=\"archive\"}", "binlogd_target_put_seconds_count{target=\"cold\"}",
        "binlogd_target_produce_seconds_count{target=\"bus\"}"}) {
    Becomes(absl::StrCat(observed, " > bool 0"));
  }
  EXPECT_TRUE(Query("binlogd_target_put_seconds_count{target!=\"cold\"}").empty());
}

// What goes wrong, and who says so.
struct Fault {
  const char* name;
  Names alerts;
  void (*happen)();
  void (*mend)();
  bool again = false;  // It happens until the alerts fire.
  bool needs_disk = false;
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

class AlertsOfFaultTest : public AlertsE2eTest, public ::testing::WithParamInterface<Fault> {
 public:
  static std::vector<Fault> Faults();

 private:
  static void LeaveFewFiles();
  static void HangWhileStopping();
  static void FillDisk();
  static void RestartServer();
  static void ForgetInstance();
  static void StoreUnread();
  static void SpoilRecord();
  static void CutSource();
  static void SpoilLog();
  static void OvertakeTap();
};

TEST_P(AlertsOfFaultTest, FireAndClear) {
  const Fault& fault = GetParam();
  if (fault.needs_disk && world().disk() == nullptr) GTEST_SKIP() << "this machine lets nobody mount a disk";
  // Nothing of the fault before.
  ASSERT_TRUE(WaitUntil([] { return Firing().empty(); })) << Situation();
  fault.happen();
  if (fault.again) {
    WaitUntil([&] {
      fault.happen();
      const Names firing = Firing();
      return std::includes(firing.begin(), firing.end(), fault.alerts.begin(), fault.alerts.end());
    });
  }
  Fire(fault.alerts);
  fault.mend();
  Clear(fault.alerts);
}

// Nine tenths of the files that may be open are.
void AlertsOfFaultTest::LeaveFewFiles() {
  rlimit limit;
  ASSERT_EQ(prlimit(world().binlogd().pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  limit.rlim_cur = static_cast<rlim_t>(Query("process_open_fds").at(0).value * 10 / 9);
  ASSERT_EQ(prlimit(world().binlogd().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
}

// Its last checkpoint waits for somebody who reads it.
void AlertsOfFaultTest::HangWhileStopping() {
  const std::string pipe = world().checkpoint_dir() + "/orders.json.new";
  ASSERT_TRUE(WaitUntil([&] { return mkfifo(pipe.c_str(), 0600) == 0; }));
  ASSERT_EQ(kill(world().binlogd().pid(), SIGTERM), 0);
}

// Ever less is left of a target's disk, but for a long time something.
void AlertsOfFaultTest::FillDisk() {
  constexpr char kFree[] = "binlogd_target_disk_free_bytes{streamer=\"filled\"}";
  if (Query(kFree).empty()) {
    const std::string target =
        absl::StrCat("{name: changes, file: {path: ", world().Path("disk"), "/filled, format: JSON}}");
    world().Control({"apply", "--start", "-f", "-"}, world().Spec("filled", 996, "current: {}", target));
    Becomes(kFree);
    ASSERT_TRUE(world().disk()->Take(0.62).ok());
  }
  ASSERT_TRUE(world().disk()->Take(0.005).ok());
}

// Returns when Prometheus has seen the new one.
void AlertsOfFaultTest::RestartServer() {
  const auto before = Query("process_start_time_seconds");
  world().RestartBinlogd();
  if (before.empty()) return;
  Becomes(absl::StrFormat("process_start_time_seconds > bool %.3f", before[0].value));
}

// One of two instances is not known any more.
void AlertsOfFaultTest::ForgetInstance() {
  ASSERT_TRUE(world().Scrape({"binlogd-1"}).ok());
  Becomes("quantile_over_time(0.9, count(binlogd_build_info)[10s:1s]) > bool 1");
  ASSERT_TRUE(world().Scrape().ok());
}

// A streamer that does not run.
void AlertsOfFaultTest::StoreUnread() {
  const std::string target = absl::StrCat("{name: changes, file: {path: ", world().Path("unread"), ", format: JSON}}");
  world().Control({"apply", "-f", "-"}, world().Spec("unread", 995, "current: {}", target));
}

// Of that one.
void AlertsOfFaultTest::SpoilRecord() {
  StoreUnread();
  world().binlogd().Kill();
  std::ofstream(world().Path("state/streamers/unread/streamer.json")) << "{";
  world().RestartBinlogd();
}

// Returns when Prometheus has seen the connection stand again, for two scrapes.
void AlertsOfFaultTest::CutSource() {
  const uint64_t before = world().source_network().connections();
  world().source_network().CutAll();
  ASSERT_TRUE(WaitUntil([&] { return world().source_network().connections() > before; }));
  const double now = Query("time()").at(0).value;
  constexpr char kConnected[] = "binlogd_streamer_connected{streamer=\"orders\"}";
  Becomes(absl::StrFormat("(timestamp(%s) > bool %.3f) * %s", kConnected, now + 1, kConnected));
}

// A file of the log in which a column has a type that there is not, and a streamer that reads it.
void AlertsOfFaultTest::SpoilLog() {
  MySqlServer& source = world().source();
  source.Run({"CREATE TABLE shop.spoilt (id INT)", "FLUSH BINARY LOGS", "INSERT INTO shop.spoilt VALUES (1)",
              "FLUSH BINARY LOGS"});
  const std::vector<std::string> files = source.LogFiles();
  const std::string& file = files.at(files.size() - 2);
  // Of the table map: its name, the number of its columns, and their types.
  using namespace std::string_literals;
  const std::string columns = "spoilt\0\x01"s;
  const size_t at = ReadWholeFile(file)->find(columns);
  ASSERT_NE(at, std::string::npos);
  std::fstream(file, std::ios::in | std::ios::out).seekp(static_cast<std::streamoff>(at + columns.size())).put('\xee');
  const std::string start = absl::StrCat("position: {file: ", fs::path(file).filename().string(), ", offset: 4}");
  const std::string target = absl::StrCat("{name: changes, file: {path: ", world().Path("spoilt"), ", format: JSON}}");
  world().Control({"apply", "--start", "-f", "-"}, world().Spec("spoilt", 998, start, target));
}

// More is written than the window of taps holds, while one does not read.
void AlertsOfFaultTest::OvertakeTap() {
  const auto stub = world().binlogd().Stub();
  grpc::ClientContext context;
  v1::TapRequest request;
  request.set_name("orders");
  const auto tap = stub->Tap(&context, request);
  v1::TapResponse response;
  ASSERT_TRUE(tap->Read(&response));
  world().WriteMebibytes(60);
  while (!response.has_gap() && tap->Read(&response)) {
  }
  EXPECT_TRUE(response.has_gap());
  context.TryCancel();
  while (tap->Read(&response)) {
  }
  tap->Finish();
}

std::vector<Fault> AlertsOfFaultTest::Faults() {
  return {
      {"SpecIsWrong",
       {"BinlogdSpecsRefused"},
       [] { world().Declare("wrong", "name: ../wrong\n"); },
       [] { world().Undeclare("wrong"); }},
      {"DiskFills",
       {"BinlogdDiskFilling", "BinlogdDiskNearlyFull"},
       FillDisk,
       [] {
         world().disk()->Free();
         world().Control({"delete", "filled"});
       },
       /*again=*/true,
       /*needs_disk=*/true},
      {"ServerDoesNotEnd",
       {"BinlogdNotReady"},
       HangWhileStopping,
       [] {
         fs::remove(world().checkpoint_dir() + "/orders.json.new");
         world().RestartBinlogd();
       }},
      {"FilesRunOut",
       {"BinlogdOpenFilesNearLimit"},
       LeaveFewFiles,
       [] {
         rlimit limit;
         ASSERT_EQ(prlimit(world().binlogd().pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
         limit.rlim_cur = limit.rlim_max;
         ASSERT_EQ(prlimit(world().binlogd().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
       }},
      {"ServerIsGone", {"BinlogdDown"}, [] { world().binlogd().Kill(); }, [] { world().RestartBinlogd(); }},
      {"ServerRestarts", {"BinlogdRestarting"}, RestartServer, [] {}, /*again=*/true},
      {"InstanceIsForgotten", {"BinlogdInstanceGone"}, ForgetInstance, [] {}},
      {"RecordCannotBeRead",
       {"BinlogdStreamersLeftOut"},
       SpoilRecord,
       [] {
         StoreUnread();
         world().Control({"delete", "unread"});
       }},
      {"NobodyIsScraped",
       {"BinlogdAbsent"},
       [] { ASSERT_TRUE(world().prometheus().StopScraping().ok()); },
       [] { ASSERT_TRUE(world().Scrape().ok()); }},
      {"SourceIsGone",
       {"BinlogdSourceDisconnected", "BinlogdStreamerLagging", "BinlogdStreamerFarBehind", "BinlogdCheckpointStale",
        "BinlogdTargetLagging"},
       [] {
         world().source_network().RefuseNew(true);
         world().source_network().CutAll();
       },
       [] { world().source_network().Heal(); }},
      {"SourceFlaps", {"BinlogdStreamerFlapping"}, CutSource, [] {}, /*again=*/true},
      {"CheckpointDirectoryIsGone",
       {"BinlogdCheckpointNotWritten"},
       [] {
         fs::rename(world().checkpoint_dir(), world().Path("elsewhere"));
         std::ofstream(world().checkpoint_dir()) << "in the way";
       },
       [] {
         fs::remove(world().checkpoint_dir());
         fs::rename(world().Path("elsewhere"), world().checkpoint_dir());
       }},
      {"ColumnsAreUnknown",
       {"BinlogdUnnamedTables"},
       [] { world().source().Run({"SET GLOBAL binlog_row_metadata = NO_LOG"}); },
       [] { world().source().Run({"SET GLOBAL binlog_row_metadata = FULL"}); }},
      {"LogCannotBeDecoded",
       {"BinlogdDecodeErrors", "BinlogdStreamerFailed"},
       SpoilLog,
       [] {
         world().Control({"delete", "spoilt"});
       }},
      {"TapIsSlow", {"BinlogdTapDropping"}, OvertakeTap, [] {}},
      {"OneBucketIsMissing",
       {"BinlogdTargetFailed"},
       [] {
         const std::string file = absl::StrCat("{name: file, file: {path: ", world().Path("partly"), "}}");
         std::string optional = world().ObjectsTarget("later", "later");
         absl::StrReplaceAll({{"{name: later,", "{name: later, required: false,"}}, &optional);
         world().Control({"apply", "--start", "-f", "-"},
                         world().Spec("partly", 997, "current: {}", absl::StrCat(file, ", ", optional)));
       },
       [] {
         ASSERT_TRUE(world().objects().CreateBucket("later").ok());
         world().Control({"stop", "partly"});
         world().Control({"start", "partly"});
       }},
      {"ObjectsAreGone",
       {"BinlogdTargetFailing", "BinlogdQueueFull"},
       [] {
         world().objects().Kill();
         world().WriteMebibytes(100);
       },
       [] { ASSERT_TRUE(world().objects().Restart().ok()); }},
      {"KafkaIsGone",
       {"BinlogdOptionalTargetFailing"},
       [] {
         world().kafka_network().RefuseNew(true);
         world().kafka_network().CutAll();
       },
       [] { world().kafka_network().Heal(); }},
      {"KafkaStaysAway",
       {"BinlogdTargetDetached"},
       [] {
         world().kafka_network().RefuseNew(true);
         world().kafka_network().CutAll();
         world().WriteMebibytes(50);
       },
       [] { world().kafka_network().Heal(); }},
  };
}

INSTANTIATE_TEST_SUITE_P(All, AlertsOfFaultTest, ::testing::ValuesIn(AlertsOfFaultTest::Faults()),
                         [](const auto& parameter) { return parameter.param.name; });

TEST(AlertsTest, EachHasItsFault) {
  Names with_fault;
  for (const Fault& fault : AlertsOfFaultTest::Faults()) with_fault.insert(fault.alerts.begin(), fault.alerts.end());
  Names shipped;
  for (const AlertRule& alert : ShippedAlerts()) shipped.insert(alert.name);
  EXPECT_EQ(with_fault, shipped);
}

}  // namespace
}  // namespace binlogd::testing
