// A streamer that follows a real server: what it delivers, and from where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::IsEmpty;
using ::testing::Not;

class StreamingTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    auto server = MySqlServer::Start(GetParam());
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *std::move(server);
  }

  StreamerSpec Spec() const {
    StreamerSpec spec = SpecFor(*server_);
    spec.targets = {RawTarget(directory_ / "raw"), JsonTarget(directory_ / "json")};
    return spec;
  }
  std::unique_ptr<Streamer> Make(const StreamerSpec& spec) const {
    return std::make_unique<Streamer>(spec, directory_ / "checkpoint.json");
  }
  static void Stop(Streamer& streamer) {
    streamer.RequestStop(absl::UnavailableError("the test ends"));
    streamer.WaitStopped(absl::InfiniteFuture());
  }
  std::vector<json> Events() const { return ReadEvents(directory_ / "json"); }

  void MakeTables() {
    server_->Run(
        {"CREATE DATABASE shop CHARACTER SET utf8mb4", "SET NAMES utf8mb4",
         "CREATE TABLE shop.wide (id INT PRIMARY KEY, t TINYINT, tu TINYINT UNSIGNED, s SMALLINT, su SMALLINT "
         "UNSIGNED, "
         "m MEDIUMINT, mu MEDIUMINT UNSIGNED, i INT, iu INT UNSIGNED, b BIGINT, bu BIGINT UNSIGNED, "
         "d DECIMAL(30,10), d0 DECIMAL(10,0) UNSIGNED, v VARCHAR(200), c CHAR(20), x TEXT, da DATE, dt DATETIME(6), "
         "ti TIME(3), ts TIMESTAMP(6) NULL, y YEAR)",
         "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(50), total DECIMAL(12,2))"});
  }
  void WriteEdges() {
    server_->Run({"SET NAMES utf8mb4", "SET time_zone = '+00:00'",
                  "INSERT INTO shop.wide VALUES (1,-128,255,-32768,65535,-8388608,16777215,-2147483648,4294967295,"
                  "-9223372036854775808,18446744073709551615,-12345678901234567890.0123456789,9999999999,'żółw "
                  "🐢','ab','\"\\\\\n\t',"
                  "'9999-12-31','9999-12-31 23:59:59.999999','-838:59:59.000','2038-01-19 03:14:07.999999',2155)",
                  "INSERT INTO shop.wide VALUES "
                  "(2,127,0,32767,0,8388607,0,2147483647,0,9223372036854775807,0,0.0000000001,0,'','','',"
                  "'1000-01-01','1000-01-01 00:00:00.000000','838:59:59.000','1970-01-01 00:00:01.000000',1901)",
                  "INSERT INTO shop.wide (id) VALUES (3)"});
  }

  TempDir directory_;
  std::unique_ptr<MySqlServer> server_;
};

TEST_P(StreamingTest, ArchivesByteForByteAndDecodesWhatSelectSays) {
  MakeTables();
  WriteEdges();
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  server_->Run({"BEGIN", "INSERT INTO shop.orders (customer, total) VALUES ('ann', 1.50), ('bob', -2.25)",
                "UPDATE shop.orders SET total = total + 1",
                "INSERT INTO shop.wide (id, v) VALUES (4, 'in one transaction')", "COMMIT", "FLUSH BINARY LOGS",
                "ALTER TABLE shop.orders ADD COLUMN note VARCHAR(20) DEFAULT 'none'",
                "INSERT INTO shop.orders (customer, total, note) VALUES ('cid', 3, 'after')",
                "DELETE FROM shop.orders WHERE id = 1", "BEGIN", "INSERT INTO shop.orders (customer) VALUES ('never')",
                "ROLLBACK"});
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  const std::vector<json> events = Events();
  EXPECT_EQ(CompareTable(events, *server_, "shop", "wide", "id"), "");
  // The column that came later is absent from older rows.
  const auto orders = ReplayTable(events, "orders", "id");
  ASSERT_EQ(orders.size(), 2u);
  EXPECT_EQ(orders.at("2")["total"], "-1.25");
  EXPECT_FALSE(orders.at("2").contains("note"));
  EXPECT_EQ(std::prev(orders.end())->second["note"], "after");
}

TEST_P(StreamingTest, EachEventStandsOnceAndInOrder) {
  MakeTables();
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  for (int i = 0; i < 50; ++i) server_->Run({absl::StrCat("INSERT INTO shop.orders (total) VALUES (", i, ")")});
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  std::string file;
  uint64_t position = 0;
  for (const json& event : Events()) {
    const std::string next_file = event["position"]["file"];
    const uint64_t next = event["position"]["position"];
    if (next_file == file) {
      EXPECT_GT(next, position);
    }
    file = next_file;
    position = next;
  }
}

TEST_P(StreamingTest, ResumesWhereItStopped) {
  MakeTables();
  const StreamerSpec spec = Spec();
  for (int round = 0; round < 4; ++round) {
    auto streamer = Make(spec);
    ASSERT_TRUE(streamer->Start().ok());
    server_->Run({absl::StrCat("INSERT INTO shop.orders (total) VALUES (", round, ")"), "FLUSH BINARY LOGS"});
    if (round % 2 == 0) {
      ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
    }
    Stop(*streamer);
    server_->Run({"INSERT INTO shop.orders (total) VALUES (100)"});
  }
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  EXPECT_EQ(CompareTable(Events(), *server_, "shop", "orders", "id"), "");
}

TEST_P(StreamingTest, OneshotFinishesAtTheEndAsItStoodAtTheStart) {
  MakeTables();
  server_->Run({"INSERT INTO shop.orders (total) VALUES (1)", "FLUSH BINARY LOGS",
                "INSERT INTO shop.orders (total) VALUES (2)"});
  StreamerSpec spec = Spec();
  spec.oneshot = true;
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  EXPECT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(60)));
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kFinished) << streamer->Snapshot().error;
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  EXPECT_EQ(ReplayTable(Events(), "orders", "id").size(), 2u);
}

TEST_P(StreamingTest, StartsAtTheCurrentEnd) {
  MakeTables();
  server_->Run({"INSERT INTO shop.orders (total) VALUES (1)"});
  StreamerSpec spec = Spec();
  spec.source.start.kind = StartSpec::Kind::kCurrent;
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kRunning; }));
  server_->Run({"INSERT INTO shop.orders (total) VALUES (2)"});
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  // The RAW file is whole all the same.
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  const auto orders = ReplayTable(Events(), "orders", "id");
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders.begin()->second["total"], "2.00");
}

TEST_P(StreamingTest, StartsAtAPosition) {
  MakeTables();
  server_->Run({"INSERT INTO shop.orders (total) VALUES (1)"});
  Interrupter interrupter;
  auto connection = server_->Connect(&interrupter);
  ASSERT_TRUE(connection.ok());
  const auto end = EndOfLog(**connection, *DescribeServer(**connection));
  ASSERT_TRUE(end.ok());
  server_->Run({"INSERT INTO shop.orders (total) VALUES (2)"});
  StreamerSpec spec = Spec();
  spec.source.start.kind = StartSpec::Kind::kPosition;
  spec.source.start.file = end->file;
  spec.source.start.offset = end->offset;
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  const auto orders = ReplayTable(Events(), "orders", "id");
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders.begin()->second["total"], "2.00");
}

TEST_P(StreamingTest, APositionInsideAnEventIsRefused) {
  MakeTables();
  StreamerSpec spec = Spec();
  spec.source.start.kind = StartSpec::Kind::kPosition;
  spec.source.start.file = "binlog.000001";
  spec.source.start.offset = 5;
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kFailed; }));
  EXPECT_EQ(ErrorReason(streamer->Snapshot().error), "POSITION_INVALID") << streamer->Snapshot().error;
}

TEST_P(StreamingTest, StartsAfterAGtidSetAndGoesOnByGtid) {
  MakeTables();
  server_->Run({"INSERT INTO shop.orders (total) VALUES (1)", "FLUSH BINARY LOGS",
                "INSERT INTO shop.orders (total) VALUES (2)"});
  Interrupter interrupter;
  auto connection = server_->Connect(&interrupter);
  ASSERT_TRUE(connection.ok());
  const auto end = EndOfLog(**connection, *DescribeServer(**connection));
  ASSERT_TRUE(end.ok());
  ASSERT_NE(end->gtid_set, "");
  server_->Run({"INSERT INTO shop.orders (total) VALUES (3)", "FLUSH BINARY LOGS",
                "INSERT INTO shop.orders (total) VALUES (4)"});
  StreamerSpec spec = Spec();
  spec.source.gtid = true;
  spec.source.start.kind = StartSpec::Kind::kGtidSet;
  spec.source.start.gtid_set = end->gtid_set;
  for (int round = 0; round < 2; ++round) {
    auto streamer = Make(spec);
    ASSERT_TRUE(streamer->Start().ok());
    ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
    EXPECT_NE(streamer->Snapshot().position.gtid_set, "");
    Stop(*streamer);
    server_->Run({absl::StrCat("INSERT INTO shop.orders (total) VALUES (", 5 + round, ")")});
  }
  const auto orders = ReplayTable(Events(), "orders", "id");
  std::set<std::string> totals;
  for (const auto& [id, row] : orders) totals.insert(row["total"].get<std::string>());
  EXPECT_EQ(totals, (std::set<std::string>{"3.00", "4.00", "5.00"}));
}

TEST_P(StreamingTest, ReportsTheGtidSetOfTheServer) {
  MakeTables();
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Interrupter interrupter;
  auto connection = server_->Connect(&interrupter);
  ASSERT_TRUE(connection.ok());
  const auto end = EndOfLog(**connection, *DescribeServer(**connection));
  const auto ours = GtidSet::Parse(server_->flavor(), streamer->Snapshot().position.gtid_set);
  const auto theirs = GtidSet::Parse(server_->flavor(), end->gtid_set);
  ASSERT_TRUE(ours.ok() && theirs.ok());
  EXPECT_EQ(ours->ToString(), theirs->ToString());
}

TEST_P(StreamingTest, FiltersDatabasesTablesKindsAndDdl) {
  MakeTables();
  server_->Run({"CREATE DATABASE other", "CREATE TABLE other.orders (id INT)", "INSERT INTO other.orders VALUES (1)",
                "INSERT INTO shop.orders (total) VALUES (1), (2)", "DELETE FROM shop.orders WHERE id = 1",
                "INSERT INTO shop.wide (id) VALUES (9)"});
  StreamerSpec spec = SpecFor(*server_);
  spec.targets = {JsonTarget(directory_ / "json")};
  spec.oneshot = true;
  spec.filter.databases = {"sh*"};
  spec.filter.exclude_tables = {"shop.w?de"};
  spec.filter.include_ddl = false;
  spec.filter.events = {EventKind::kWrite, EventKind::kQuery};
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(60)));
  const std::vector<json> events = Events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["type"], "write");
  EXPECT_EQ(events[0]["rows"].size(), 2u);
}

TEST_P(StreamingTest, CutsDecodedFilesBySizeBetweenLines) {
  MakeTables();
  for (int i = 0; i < 60; ++i)
    server_->Run({absl::StrCat("INSERT INTO shop.orders (customer) VALUES ('customer ", i, "')")});
  StreamerSpec spec = Spec();
  spec.oneshot = true;
  spec.targets[1].file()->rotate_bytes = 8192;
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(60)));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ / "json")) {
    if (entry.path().extension() != ".jsonl") continue;
    ++files;
    EXPECT_LE(entry.file_size(), 8192u);
  }
  EXPECT_GT(files, 2u);
  EXPECT_EQ(CompareTable(Events(), *server_, "shop", "orders", "id"), "");
}

TEST_P(StreamingTest, ATransactionOf100MegabytesPassesInBoundedMemory) {
  server_->Run(
      {"CREATE DATABASE big", "CREATE TABLE big.rows_ (id INT PRIMARY KEY, filler VARBINARY(60000))", "BEGIN"});
  std::vector<std::string> statements = {"BEGIN"};
  for (int i = 0; i < 1800; ++i) {
    statements.push_back(
        absl::StrCat("INSERT INTO big.rows_ VALUES (", i, ", REPEAT(CHAR(65 + ", i % 26, "), 60000))"));
  }
  statements.push_back("COMMIT");
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  server_->Run(statements);
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  EXPECT_LE(streamer->Snapshot().queue_bytes, streamer->Snapshot().queue_budget_bytes);
  Stop(*streamer);
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  EXPECT_EQ(ReplayTable(Events(), "rows_", "id").size(), 1800u);
}

TEST_P(StreamingTest, LagIsZeroWhenCaughtUpAndGrowsWhenTheSourceIsGone) {
  MakeTables();
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().lag_seconds == 0; }));
  server_->Kill();
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().lag_seconds > 1; }));
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kRetrying);
  Stop(*streamer);
  // A restart does not make it forget how far behind it is.
  auto again = Make(Spec());
  ASSERT_TRUE(again->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return again->Snapshot().state == StreamerState::kRetrying; }));
  EXPECT_GT(again->Snapshot().lag_seconds, 1);
}

TEST_P(StreamingTest, PublishesTheCheckpointAndSurvivesItsLoss) {
  MakeTables();
  const StreamerSpec spec = Spec();
  {
    auto streamer = Make(spec);
    ASSERT_TRUE(streamer->Start().ok());
    ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
    Stop(*streamer);
    const json checkpoint = json::parse(*ReadWholeFile(directory_ / "checkpoint.json"));
    EXPECT_EQ(checkpoint["position"]["position"], streamer->Snapshot().position.offset);
    EXPECT_EQ(checkpoint["targets"].size(), 2u);
    EXPECT_TRUE(checkpoint["targets"][0]["healthy"]);
  }
  for (const char* corrupt : {"", "{\"version\":", "\x01\x02", "[]"}) {
    ASSERT_TRUE(ReplaceFile(directory_ / "checkpoint.json", corrupt, 0640).ok());
    server_->Run({"INSERT INTO shop.orders (total) VALUES (7)"});
    auto streamer = Make(spec);
    ASSERT_TRUE(streamer->Start().ok());
    ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
    Stop(*streamer);
  }
  EXPECT_TRUE(json::parse(*ReadWholeFile(directory_ / "checkpoint.json")).is_object());
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  EXPECT_EQ(CompareTable(Events(), *server_, "shop", "orders", "id"), "");
}

TEST_P(StreamingTest, AResetOfTheLogBeginsANewEpoch) {
  MakeTables();
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  absl::SleepFor(absl::Milliseconds(1100));  // The log's creation time, in seconds, tells one log from the other.
  server_->Run({server_->flavor() == Flavor::kMySql ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER",
                "INSERT INTO shop.orders (total) VALUES (42)"});
  ASSERT_TRUE(WaitUntil([&] {
    const std::vector<TargetSnapshot> targets = streamer->Snapshot().targets;
    return std::all_of(targets.begin(), targets.end(),
                       [](const auto& target) { return target.durable.epoch.number == 2; });
  })) << streamer->Snapshot().error;
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  EXPECT_EQ(CompareTable(Events(), *server_, "shop", "orders", "id"), "");
}

INSTANTIATE_TEST_SUITE_P(Servers, StreamingTest,
                         ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011, ServerKind::kMariaDb118),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
