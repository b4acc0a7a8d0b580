// binlogd and binlogctl as their users run them, against real servers.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "tests/fault/binlogd_process.h"
#include "tests/integration/streamer_testing.h"
#include "wire/status_detail.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kSecret[] = "replpass";

std::string SpecText(const std::string& name, const MySqlServer& server, const std::string& folder,
                     int server_id = 999) {
  return absl::StrCat("name: ", name, "\nsource: {flavor: ", server.flavor() == Flavor::kMySql ? "MYSQL" : "MARIADB",
                      ", endpoints: [\"", server.endpoint(), "\"], user: repl, password: {value: ", kSecret,
                      "}, server_id: ", server_id,
                      "}\nbatch: {max_wait: 100ms}\ntargets:\n- {name: archive, file: {path: ", folder,
                      "/raw}}\n- {name: changes, file: {path: ", folder, "/json, format: JSON}}\n");
}

// Both servers and a fresh binlogd for each test.
class ControlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto mysql = SharedServer(ServerKind::kMySql97);
    auto mariadb = SharedServer(ServerKind::kMariaDb1011);
    if (!mysql.ok()) GTEST_SKIP() << mysql.status();
    if (!mariadb.ok()) GTEST_SKIP() << mariadb.status();
    mysql_ = *mysql;
    mariadb_ = *mariadb;
    for (MySqlServer* server : {mysql_, mariadb_}) {
      server->Run({"CREATE DATABASE IF NOT EXISTS shop",
                   "CREATE TABLE IF NOT EXISTS shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT, filler "
                   "VARCHAR(2000))",
                   "DELETE FROM shop.orders"});
    }
    StartBinlogd();
  }
  void StartBinlogd() { binlogd_ = std::make_unique<BinlogdProcess>(directory_ / "state"); }

  CommandResult Control(const std::vector<std::string>& arguments, const std::string& input = "") {
    return binlogd_->Control(arguments, input);
  }
  void Run(const std::string& name, const MySqlServer& server) {
    const CommandResult applied =
        Control({"apply", "--start", "-f", "-"},
                SpecText(name, server, directory_ / name, server.flavor() == Flavor::kMySql ? 999 : 998));
    ASSERT_EQ(applied.exit_code, 0) << applied.error_output;
    ASSERT_TRUE(WaitForState(name, "RUNNING"));
  }
  json Status(const std::string& name) {
    const CommandResult result = Control({"status", name, "-o", "json"});
    const json status = json::parse(result.output, nullptr, false);
    EXPECT_TRUE(status.is_object()) << result.error_output << result.output;
    return status.is_object() ? status : json::object();
  }
  bool WaitForState(const std::string& name, const std::string& state) {
    const bool reached = WaitUntil([&] { return Status(name).value("state", "") == state; });
    EXPECT_TRUE(reached) << Status(name).dump(2) << binlogd_->Log();
    return reached;
  }
  bool WaitUntilHeld(const std::string& name, MySqlServer& server) {
    Interrupter interrupter;
    const auto connection = server.Connect(&interrupter);
    const auto end = EndOfLog(**connection, *DescribeServer(**connection));
    const bool held = WaitUntil([&] {
      const json position = Status(name).value("position", json::object());
      return position.value("file", "") == end->file && position.value("position", uint64_t{0}) >= end->offset;
    });
    EXPECT_TRUE(held) << Status(name).dump(2);
    return held;
  }
  void ExpectExact(const std::string& name, MySqlServer& server) {
    EXPECT_EQ(CompareArchive(directory_ / name + "/raw", server), "");
    EXPECT_EQ(CompareTable(ReadEvents(directory_ / name + "/json"), server, "shop", "orders", "id"), "");
  }
  std::string Scrape() {
    SubprocessOptions options;
    options.arguments = {"curl", "-s", "--noproxy", "*",
                         absl::StrCat("http://127.0.0.1:", binlogd_->metrics_port(), "/metrics")};
    return RunCommand(options)->output;
  }
  std::string Sample(const std::string& series) {
    for (const absl::string_view line : absl::StrSplit(Scrape(), '\n')) {
      if (line.substr(0, series.size()) == series) return std::string(line.substr(series.size() + 1));
    }
    return "";
  }

  TempDir directory_;
  MySqlServer* mysql_ = nullptr;
  MySqlServer* mariadb_ = nullptr;
  std::unique_ptr<BinlogdProcess> binlogd_;
};

TEST_F(ControlTest, TwoStreamersRunSideBySideAndOneBreakingLeavesTheOther) {
  Run("one", *mysql_);
  Run("two", *mariadb_);
  mysql_->Run({"INSERT INTO shop.orders (total) VALUES (1), (2)"});
  mariadb_->Run({"INSERT INTO shop.orders (total) VALUES (3)"});
  ASSERT_EQ(Control({"stop", "one"}).exit_code, 0);
  EXPECT_EQ(Status("one")["state"], "STOPPED");
  mariadb_->Run({"INSERT INTO shop.orders (total) VALUES (4)"});
  EXPECT_EQ(Status("two")["state"], "RUNNING");
  ASSERT_TRUE(WaitUntilHeld("two", *mariadb_));
  // A streamer that cannot go on.
  const CommandResult broken = Control({"apply", "--start", "-f", "-"},
                                       "name: broken\nsource: {endpoints: ['127.0.0.1:1'], user: x}\n"
                                       "targets: [{name: a, file: {path: " +
                                           directory_ / "broken" + "}}]\n");
  ASSERT_EQ(broken.exit_code, 0) << broken.error_output;
  ASSERT_TRUE(WaitForState("broken", "RETRYING"));
  const json status = Status("broken");
  EXPECT_NE(status["error"]["message"].get<std::string>(), "");
  EXPECT_TRUE(status.contains("next_retry"));
  mariadb_->Run({"INSERT INTO shop.orders (total) VALUES (5)"});
  ASSERT_TRUE(WaitUntilHeld("two", *mariadb_));
  ASSERT_EQ(Control({"start", "one"}).exit_code, 0);
  ASSERT_TRUE(WaitUntilHeld("one", *mysql_));
  ExpectExact("one", *mysql_);
  ExpectExact("two", *mariadb_);
}

TEST_F(ControlTest, DesiredStateSurvivesARestart) {
  Run("one", *mysql_);
  Run("two", *mariadb_);
  ASSERT_EQ(Control({"stop", "two"}).exit_code, 0);
  ASSERT_EQ(*binlogd_->Terminate(), 0);
  mysql_->Run({"INSERT INTO shop.orders (total) VALUES (1)"});
  StartBinlogd();
  ASSERT_TRUE(WaitForState("one", "RUNNING"));
  EXPECT_EQ(Status("two")["state"], "STOPPED");
  ASSERT_TRUE(WaitUntilHeld("one", *mysql_));
  ExpectExact("one", *mysql_);
}

TEST_F(ControlTest, ATermFlushesWritesTheCheckpointAndEndsTaps) {
  Run("one", *mysql_);
  const auto stub = binlogd_->Stub();
  grpc::ClientContext context;
  v1::TapRequest request;
  request.set_name("one");
  const auto reader = stub->Tap(&context, request);
  v1::TapResponse response;
  ASSERT_TRUE(reader->Read(&response));  // The heartbeat that comes at once.
  mysql_->Run({"INSERT INTO shop.orders (total) VALUES (1)"});
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_EQ(*binlogd_->Terminate(), 0);
  while (reader->Read(&response)) {
  }
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ErrorDetailOf(status).reason(), "SHUTTING_DOWN");
  const json checkpoint = json::parse(*ReadWholeFile(directory_ / "state/streamers/one/checkpoint.json"));
  EXPECT_GT(checkpoint["position"]["position"], 4);
  EXPECT_EQ(checkpoint["targets"][0]["position"], checkpoint["targets"][1]["position"]);
}

TEST_F(ControlTest, TapShowsChangesAsTheyHappen) {
  Run("one", *mysql_);
  SubprocessOptions options;
  options.arguments = binlogd_->ControlCommand(
      {"tap", "one", "--tables", "shop.ord*", "--events", "WRITE,UPDATE", "--count", "3", "-o", "json"});
  auto tap = *Subprocess::Start(options);
  ASSERT_TRUE(WaitUntil([&] { return Status("one").value("taps", 0) == 1; }));
  mysql_->Run({"INSERT INTO shop.orders (total) VALUES (10)", "CREATE TABLE IF NOT EXISTS shop.ignored (id INT)",
               "INSERT INTO shop.ignored VALUES (1)", "UPDATE shop.orders SET total = 11", "DELETE FROM shop.orders",
               "INSERT INTO shop.orders (total) VALUES (12)", "DROP TABLE shop.ignored"});
  EXPECT_EQ(*tap->Wait(absl::Seconds(30)), 0) << tap->error_output();
  std::vector<json> events;
  for (const absl::string_view line : absl::StrSplit(tap->output(), '\n', absl::SkipEmpty())) {
    events.push_back(json::parse(std::string(line)));
  }
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[0]["type"], "write");
  EXPECT_EQ(events[0]["rows"][0]["total"], 10);
  EXPECT_EQ(events[1]["type"], "update");
  EXPECT_EQ(events[1]["old_rows"][0]["total"], 10);
  EXPECT_EQ(events[2]["rows"][0]["total"], 12);
  EXPECT_TRUE(WaitUntil([&] { return Status("one").value("taps", 1) == 0; }));
}

TEST_F(ControlTest, ASlowTapGetsAnExactGapAndSlowsNothing) {
  Run("one", *mysql_);
  const auto stub = binlogd_->Stub();
  grpc::ClientContext context;
  v1::TapRequest request;
  request.set_name("one");
  const auto reader = stub->Tap(&context, request);
  v1::TapResponse response;
  ASSERT_TRUE(reader->Read(&response));
  // Nobody reads the tap while 60 MB pass.
  std::vector<std::string> statements;
  for (int i = 0; i < 300; ++i) {
    statements.push_back(
        "INSERT INTO shop.orders (total, filler) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
        "i < 100) "
        "SELECT i, REPEAT('x', 2000) FROM n");
  }
  mysql_->Run(statements);
  ASSERT_TRUE(WaitUntilHeld("one", *mysql_));
  uint64_t rows = 0, gaps = 0;
  std::string gap_end;
  std::atomic<bool> marker = false;
  std::thread writer([&] {
    // The marker comes after the gap.
    for (int i = 0; i < 300 && !marker; ++i) {
      mysql_->Run({"INSERT INTO shop.orders (total) VALUES (-7)"});
      absl::SleepFor(absl::Milliseconds(200));
    }
  });
  uint64_t last_end = 0;
  while (!marker && reader->Read(&response)) {
    if (response.has_gap()) {
      ++gaps;
      EXPECT_GT(response.gap().dropped_events(), 0u);
      if (last_end != 0) {
        EXPECT_LE(last_end, response.gap().from().position());
      }
      last_end = response.gap().to().position();
    }
    for (const v1::Event& event : response.batch().events()) {
      EXPECT_GT(event.position().position(), last_end);
      last_end = event.position().position();
      rows += event.rows_size();
      // Other tables' rows may still be on their way when the tap begins.
      if (event.table() != "orders" || event.rows_size() != 1) continue;
      if (event.rows(0).columns(1).value().int_value() == -7) marker = true;
    }
  }
  marker = true;
  writer.join();
  context.TryCancel();
  EXPECT_GE(gaps, 1u);
  EXPECT_GT(rows, 0u);
  EXPECT_LT(rows, 30000u);
  ExpectExact("one", *mysql_);
}

TEST_F(ControlTest, MetricsAreTruthfulAndGoWithTheStreamer) {
  Run("one", *mysql_);
  ASSERT_TRUE(WaitUntilHeld("one", *mysql_));
  EXPECT_TRUE(WaitUntil([&] { return Sample("binlogd_streamer_lag_seconds{streamer=\"one\"}") == "0"; }));
  EXPECT_EQ(Sample("binlogd_streamer_state{streamer=\"one\",state=\"RUNNING\"}"), "1");
  EXPECT_EQ(Sample("binlogd_target_healthy{streamer=\"one\",target=\"archive\"}"), "1");
  EXPECT_NE(Sample("binlogd_streamer_events_read_total{streamer=\"one\",kind=\"gtid\"}"), "0");
  EXPECT_THAT(Control({"metrics", "one"}).output, HasSubstr("binlogd_streamer_lag_seconds"));
  ASSERT_EQ(Control({"delete", "one"}).exit_code, 0);
  EXPECT_THAT(Scrape(), Not(HasSubstr("streamer=\"one\"")));
}

TEST_F(ControlTest, BadInputIsRefusedWithCodeAndReasonAndHurtsNobody) {
  Run("one", *mysql_);
  const std::string good = SpecText("two", *mariadb_, directory_ / "two");
  const auto expect = [&](const CommandResult& result, const std::string& code, const std::string& reason) {
    EXPECT_EQ(result.exit_code, 1) << result.output << result.error_output;
    EXPECT_THAT(result.error_output, AllOf(HasSubstr(code), HasSubstr(reason)));
    EXPECT_THAT(result.error_output, Not(HasSubstr(kSecret)));
    EXPECT_THAT(result.output, Not(HasSubstr(kSecret)));
  };
  const auto apply = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return Control({"apply", "-f", "-"}, text);
  };
  expect(Control({"start", "one"}), "FAILED_PRECONDITION", "ALREADY_RUNNING");
  ASSERT_EQ(Control({"stop", "one"}).exit_code, 0);
  expect(Control({"stop", "one"}), "FAILED_PRECONDITION", "NOT_RUNNING");
  expect(Control({"tap", "one"}), "FAILED_PRECONDITION", "NOT_RUNNING");
  ASSERT_EQ(Control({"start", "one"}).exit_code, 0);
  expect(Control({"tap", "nobody"}), "NOT_FOUND", "STREAMER_NOT_FOUND");
  expect(Control({"status", "nobody"}), "NOT_FOUND", "STREAMER_NOT_FOUND");
  expect(Control({"delete", "nobody"}), "NOT_FOUND", "STREAMER_NOT_FOUND");
  expect(Control({"start", "../x"}), "NOT_FOUND", "STREAMER_NOT_FOUND");
  expect(apply("name: two", "name: a/b"), "INVALID_ARGUMENT", "INVALID_NAME");
  expect(apply("name: two", "name: " + std::string(10000, 'n')), "INVALID_ARGUMENT", "INVALID_NAME");
  expect(apply("targets:", "filter: {databases: [shop]}\ntargets:"), "INVALID_ARGUMENT", "RAW_WITH_FILTER");
  expect(apply(directory_ / "two/raw", directory_ / "one/raw"), "INVALID_ARGUMENT", "TARGET_PATH_IN_USE");
  EXPECT_EQ(apply("max_wait", "max_weight").exit_code, 1);
  EXPECT_THAT(apply("max_wait", "max_weight").error_output, HasSubstr("batch.max_weight"));
  // The duplicate is refused by Create; Apply updates.
  const auto stub = binlogd_->Stub();
  grpc::ClientContext context;
  v1::CreateRequest create;
  v1::Streamer created;
  create.mutable_spec()->set_name("one");
  create.mutable_spec()->mutable_source()->add_endpoints("127.0.0.1:1");
  create.mutable_spec()->mutable_source()->set_user("x");
  create.mutable_spec()->add_targets()->set_name("t");
  create.mutable_spec()->mutable_targets(0)->mutable_file()->set_path(directory_ / "elsewhere");
  const grpc::Status status = stub->Create(&context, create, &created);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(ErrorDetailOf(status).reason(), "STREAMER_EXISTS");
  EXPECT_EQ(Control({"bogus"}).exit_code, 2);
  mysql_->Run({"INSERT INTO shop.orders (total) VALUES (1)"});
  ASSERT_TRUE(WaitUntilHeld("one", *mysql_));
  ExpectExact("one", *mysql_);
}

TEST_F(ControlTest, SecretsStayInside) {
  Run("one", *mysql_);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{{"get", "one", "-o", "yaml"},
                                                                                       {"get", "one", "-o", "json"},
                                                                                       {"status", "one", "-o", "json"},
                                                                                       {"metrics", "one"}}) {
    EXPECT_THAT(Control(command).output, Not(HasSubstr(kSecret)));
  }
  EXPECT_THAT(binlogd_->Log(), Not(HasSubstr(kSecret)));
  EXPECT_THAT(*ReadWholeFile(absl::StrCat("/proc/", binlogd_->pid(), "/cmdline")), Not(HasSubstr(kSecret)));
  struct stat info;
  ASSERT_EQ(stat((directory_ / "state/streamers/one/streamer.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  // What get prints can be applied again; the password is kept.
  const std::string spec = Control({"get", "one", "-o", "yaml"}).output;
  const CommandResult applied = Control({"apply", "-f", "-"}, spec);
  EXPECT_EQ(applied.exit_code, 0) << applied.error_output;
  EXPECT_THAT(applied.output, HasSubstr("unchanged"));
}

TEST_F(ControlTest, AnUpdateKeepsThePositions) {
  Run("one", *mysql_);
  mysql_->Run({"INSERT INTO shop.orders (total) VALUES (1)"});
  ASSERT_TRUE(WaitUntilHeld("one", *mysql_));
  std::string spec = SpecText("one", *mysql_, directory_ / "one");
  spec.replace(spec.find("100ms"), 5, "150ms");
  const CommandResult applied = Control({"apply", "-f", "-"}, spec);
  EXPECT_THAT(applied.output, HasSubstr("updated"));
  ASSERT_TRUE(WaitForState("one", "RUNNING"));
  mysql_->Run({"INSERT INTO shop.orders (total) VALUES (2)"});
  ASSERT_TRUE(WaitUntilHeld("one", *mysql_));
  ExpectExact("one", *mysql_);
}

TEST_F(ControlTest, ValidateLooksAtTheRealSourceAndTargets) {
  const CommandResult good = Control({"validate", "-f", "-"}, SpecText("v", *mariadb_, directory_ / "v"));
  EXPECT_EQ(good.exit_code, 0) << good.output << good.error_output;
  struct stat info;
  EXPECT_NE(stat((directory_ / "v").c_str(), &info), 0);  // Nothing was made.
  std::string wrong = SpecText("v", *mysql_, directory_ / "v");
  wrong.replace(wrong.find("MYSQL"), 5, "MARIADB");
  const CommandResult bad = Control({"validate", "-f", "-"}, wrong);
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.output + bad.error_output, HasSubstr("WRONG_FLAVOR"));
}

TEST_F(ControlTest, ASecondServerOnOneStateDirectoryIsLockedOut) {
  SubprocessOptions options;
  options.arguments = {absl::StrCat("/proc/", binlogd_->pid(), "/exe"),
                       "--state-dir",
                       directory_ / "state",
                       "--listen",
                       "127.0.0.1:0",
                       "--metrics-listen",
                       "127.0.0.1:0"};
  const auto second = RunCommand(options);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->exit_code, 1);
  EXPECT_THAT(second->error_output, HasSubstr("is held by binlogd"));
}

}  // namespace
}  // namespace binlogd::testing
