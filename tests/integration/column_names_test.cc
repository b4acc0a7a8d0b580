// Column names that are not in the log. Every value that these tests write is the name of the column it is written to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <ostream>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using Columns = std::vector<std::string>;

struct NamesParam {
  ServerKind kind;
  const char* row_metadata;

  friend void PrintTo(const NamesParam& param, std::ostream* out) { *out << param.row_metadata; }
};

class ColumnNamesTest : public ::testing::TestWithParam<NamesParam> {
 protected:
  void SetUp() override {
    auto server =
        MySqlServer::Start(GetParam().kind, {absl::StrCat("--binlog-row-metadata=", GetParam().row_metadata)});
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *std::move(server);
    auto connection = server_->Connect(&interrupter_);
    ASSERT_TRUE(connection.ok()) << connection.status();
    connection_ = *std::move(connection);
    Sql("CREATE DATABASE d CHARACTER SET utf8mb4");
    Sql("CREATE DATABASE hidden");
    Sql("GRANT SELECT ON d.* TO repl");
    Sql("USE d");
    spec_ = SpecFor(*server_);
    spec_.targets = {JsonTarget(directory_ / "json")};
  }

  void Sql(const std::string& statement) {
    const absl::StatusOr<ResultSet> result = connection_->Query(statement);
    ASSERT_TRUE(result.ok()) << result.status();
  }
  static std::string Define(const Columns& columns) {
    return absl::StrCat("(`", absl::StrJoin(columns, "` VARCHAR(20), `"), "` VARCHAR(20))");
  }
  void Create(const std::string& table, const Columns& columns) {
    Sql(absl::StrCat("CREATE TABLE ", table, " ", Define(columns)));
  }
  void Insert(const std::string& table, const Columns& columns) {
    ++inserted_;
    Sql(absl::StrCat("INSERT INTO ", table, " (`", absl::StrJoin(columns, "`,`"), "`) VALUES ('",
                     absl::StrJoin(columns, "','"), "')"));
  }

  void Start() {
    streamer_ = std::make_unique<Streamer>(spec_, directory_ / "checkpoint.json");
    ASSERT_TRUE(streamer_->Start().ok());
  }
  void Stop() {
    streamer_->RequestStop(absl::UnavailableError("the test goes on"));
    streamer_->WaitStopped(absl::InfiniteFuture());
    streamer_.reset();
  }
  void CatchUp() { ASSERT_TRUE(WaitUntilCaughtUp(*streamer_, *server_)) << streamer_->Snapshot().error; }

  // The columns of each row that was written, sorted; fails where a name is wrong.
  std::vector<Columns> Rows() const {
    std::vector<Columns> rows;
    for (const json& event : ReadEvents(directory_ / "json")) {
      if (event["type"] != "write") continue;
      for (const json& row : event["rows"]) {
        Columns columns;
        for (const auto& [name, value] : row.items()) {
          columns.push_back(name);
          if (name[0] == '@') continue;
          EXPECT_EQ(name, AsText(value)) << event.dump();
        }
        rows.push_back(columns);
      }
    }
    EXPECT_EQ(rows.size(), inserted_);
    return rows;
  }
  static std::vector<Columns> Sorted(std::vector<Columns> rows) {
    for (Columns& columns : rows) std::sort(columns.begin(), columns.end());
    return rows;
  }
  static bool Named(const Columns& row) { return row[0][0] != '@'; }

  Interrupter interrupter_;
  TempDir directory_;
  std::unique_ptr<MySqlServer> server_;
  std::unique_ptr<Connection> connection_;
  StreamerSpec spec_;
  std::unique_ptr<Streamer> streamer_;
  size_t inserted_ = 0;
};

TEST_P(ColumnNamesTest, FollowChangesWhileTheyHappen) {
  Start();
  Create("t", {"a", "b"});
  Insert("t", {"a", "b"});
  CatchUp();
  const std::vector<std::pair<std::string, Columns>> changes = {
      {"ALTER TABLE t ADD COLUMN c VARCHAR(20) FIRST", {"c", "a", "b"}},
      {"ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a", {"c", "b", "a"}},
      {"ALTER TABLE t CHANGE c z VARCHAR(20) AFTER b", {"b", "z", "a"}},
      {"ALTER TABLE t DROP COLUMN z", {"b", "a"}},
      {"/* x */ alter table D.T modify a varchar(20) first", {"a", "b"}},
      {"RENAME TABLE t TO u", {}},
      {"CREATE TABLE t (x VARCHAR(20), y VARCHAR(20))", {"x", "y"}},
      {"RENAME TABLE t TO tmp, u TO t, tmp TO u", {"a", "b"}},
      {"DROP TABLE t", {}},
      {"CREATE TABLE t LIKE u", {"x", "y"}},
      {"TRUNCATE TABLE t", {"x", "y"}},
  };
  std::vector<Columns> expected = {{"a", "b"}};
  for (auto [change, columns] : changes) {
    change = absl::StrReplaceAll(change, {{"D.T", "d.t"}});
    Sql(change);
    if (columns.empty()) continue;
    Insert("t", columns);
    expected.push_back(columns);
    CatchUp();
  }
  Stop();
  EXPECT_EQ(Rows(), Sorted(expected));
}

TEST_P(ColumnNamesTest, RowsFromBeforeAChangeWhileTheStreamerWasDownKeepTheirNames) {
  Create("t", {"a", "b"});
  Start();
  Insert("t", {"a", "b"});
  CatchUp();
  Stop();
  Insert("t", {"a", "b"});
  Sql("ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a");
  Insert("t", {"b", "a"});
  Start();
  CatchUp();
  Stop();
  EXPECT_EQ(Rows(), Sorted({{"a", "b"}, {"a", "b"}, {"b", "a"}}));
}

TEST_P(ColumnNamesTest, AnOldFileOfDefinitionsIsBroughtUpToDate) {
  Create("t", {"a", "b"});
  Create("u", {"a", "b"});
  Start();
  Insert("t", {"a", "b"});
  Insert("u", {"a", "b"});
  CatchUp();
  Stop();
  const std::string file = directory_ / "definitions.json";
  std::filesystem::copy_file(file, file + ".old");
  Start();
  Sql("ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a");
  Insert("t", {"b", "a"});
  CatchUp();
  Stop();
  // As after a crash: the targets hold more than the definitions know of.
  std::filesystem::rename(file + ".old", file);
  Insert("t", {"b", "a"});
  Insert("u", {"a", "b"});
  Sql("ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a");
  Sql("ALTER TABLE u RENAME COLUMN a TO b, RENAME COLUMN b TO a");
  Insert("t", {"a", "b"});
  Insert("u", {"b", "a"});
  Start();
  CatchUp();
  Stop();
  EXPECT_EQ(Rows(), Sorted({{"a", "b"},
                            {"a", "b"},
                            {"b", "a"},
                            {"@1", "@2"},  // Between two changes that were not seen.
                            {"a", "b"},
                            {"a", "b"},
                            {"b", "a"}}));
}

TEST_P(ColumnNamesTest, WhatNobodySawHasNoNamesAndADamagedFileIsNotTrusted) {
  Create("t", {"a", "b"});
  Create("calm", {"x", "y"});
  Insert("t", {"a", "b"});
  Insert("calm", {"x", "y"});
  Sql("ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a");
  Insert("t", {"b", "a"});
  Sql("FLUSH BINARY LOGS");
  Insert("t", {"b", "a"});
  Sql("RENAME TABLE t TO tmp");
  Create("t", {"x", "y"});
  Insert("t", {"x", "y"});
  Start();
  CatchUp();
  Stop();
  const std::vector<Columns> unknown = {{"@1", "@2"}, {"x", "y"}, {"@1", "@2"}, {"@1", "@2"}, {"x", "y"}};
  EXPECT_EQ(Rows(), unknown);

  const absl::StatusOr<std::string> kept = ReadWholeFile(directory_ / "definitions.json");
  ASSERT_TRUE(kept.ok());
  std::string damaged = *kept;
  damaged[damaged.find("\"x\"") + 1] = 'w';
  ASSERT_TRUE(ReplaceFile(directory_ / "definitions.json", damaged, 0640).ok());
  Insert("t", {"x", "y"});
  Start();
  CatchUp();
  Stop();
  EXPECT_EQ(Rows().back(), (Columns{"x", "y"}));
  EXPECT_TRUE(std::filesystem::exists(directory_ / "definitions.json.corrupt"));
}

TEST_P(ColumnNamesTest, ATableThatTheAccountMayNotSeeHasNoNames) {
  Start();
  Create("hidden.t", {"a"});
  Insert("hidden.t", {"a"});
  Insert("hidden.t", {"a"});
  CatchUp();
  EXPECT_EQ(streamer_->Snapshot().unnamed_tables, 1u);
  Stop();
  Sql("GRANT SELECT ON hidden.* TO repl");
  Start();
  Insert("hidden.t", {"a"});
  CatchUp();
  Stop();
  EXPECT_EQ(Rows(), Sorted({{"@1"}, {"@1"}, {"a"}}));
}

TEST_P(ColumnNamesTest, AChangeThatIsNotInTheLogIsNoticed) {
  Create("t", {"a", "b"});
  Start();
  Insert("t", {"a", "b"});
  CatchUp();
  Sql("SET sql_log_bin = 0");
  Sql("ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a");
  Sql("SET sql_log_bin = 1");
  Insert("t", {"b", "a"});
  CatchUp();
  Stop();
  EXPECT_EQ(Rows(), Sorted({{"a", "b"}, {"b", "a"}}));
}

TEST_P(ColumnNamesTest, OddNamesAndTablesThatFollowTheirCreation) {
  Start();
  const Columns odd = {"a b", "x\"y", "é", "ж", "#sql-1", "select", "1.2"};
  for (const char* table : {"`space d`", "`quo\"te`", "`do.t`", "`tick``s`", "`żółw`", "`#sql-x`", "`a-b`"}) {
    Create(table, odd);
    Insert(table, odd);
    CatchUp();  // The next statement may be about any table with such a name.
  }
  Create("source_table", {"p", "q"});
  Insert("source_table", {"p", "q"});
  Sql("CREATE TABLE copied AS SELECT q, p FROM source_table");
  ++inserted_;
  Sql("CREATE TABLE parts (a VARCHAR(20), b VARCHAR(20)) PARTITION BY KEY (a) PARTITIONS 3");
  Insert("parts", {"a", "b"});
  Sql("CREATE TABLE made (a VARCHAR(20), b VARCHAR(20) AS ('b') STORED, c VARCHAR(20) DEFAULT 'c' INVISIBLE)");
  ++inserted_;
  Sql("INSERT INTO made (a) VALUES ('a')");
  CatchUp();
  Stop();
  const std::vector<Columns> rows = Rows();
  ASSERT_EQ(rows.size(), 11u);
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(rows[i], Sorted({odd})[0]);
  EXPECT_EQ(rows[8], (Columns{"p", "q"}));
  EXPECT_EQ(rows[9], (Columns{"a", "b"}));
  EXPECT_EQ(rows[10], (Columns{"a", "b", "c"}));
}

TEST_P(ColumnNamesTest, CompressedTransactionsAndWhatElseTheLogLeavesOut) {
  Start();
  const bool mysql = server_->flavor() == Flavor::kMySql;
  if (mysql) Sql("SET SESSION binlog_transaction_compression = ON");
  Sql(absl::StrCat(
      "CREATE TABLE kinds (b BIGINT UNSIGNED, e ENUM('x','y'), s SET('p','q'), c CHAR(5) CHARACTER SET latin1, "
      "v VARBINARY(5)",
      mysql ? ")" : ", u UUID)"));
  ++inserted_;
  Sql(absl::StrCat("INSERT INTO kinds VALUES (18446744073709551615, 'y', 'p,q', 'é', X'6162'",
                   mysql ? ")" : ", '123e4567-e89b-42d3-a456-426614174000')"));
  CatchUp();
  Stop();
  json row;
  for (const json& event : ReadEvents(directory_ / "json")) {
    if (event["type"] == "write") row = event["rows"][0];
  }
  json expected = {
      {"b", uint64_t{18446744073709551615u}}, {"e", "y"}, {"s", "p,q"}, {"c", "é"}, {"v", {{"base64", "YWI="}}}};
  if (!mysql) expected["u"] = "123e4567-e89b-42d3-a456-426614174000";
  EXPECT_EQ(row, expected);
}

TEST_P(ColumnNamesTest, FullMetadataLacksOnlyWhichBinaryIsAUuid) {
  if (server_->flavor() == Flavor::kMySql) return;  // It has no such types.
  Sql("SET GLOBAL binlog_row_metadata = FULL");
  Sql("CREATE TABLE ids (u UUID, b BINARY(16))");
  Sql("CREATE TABLE hidden.ids LIKE ids");
  Start();
  for (const char* table : {"d.ids", "hidden.ids"}) {
    Sql(absl::StrCat("INSERT INTO ", table, " VALUES ('123e4567-e89b-42d3-a456-426614174000', 'sixteen bytes at')"));
  }
  CatchUp();
  EXPECT_EQ(streamer_->Snapshot().unnamed_tables, 0u);
  Stop();
  std::vector<json> rows;
  for (const json& event : ReadEvents(directory_ / "json")) {
    if (event["type"] == "write") rows.push_back(event["rows"][0]);
  }
  const json bytes = {{"base64", "c2l4dGVlbiBieXRlcyBhdA=="}};
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0], (json{{"u", "123e4567-e89b-42d3-a456-426614174000"}, {"b", bytes}}));
  EXPECT_EQ(rows[1], (json{{"u", {{"base64", "Ej5FZ+ibQtOkVkJmFBdAAA=="}}}, {"b", bytes}}));
}

TEST_P(ColumnNamesTest, TwoStreamersDoNotEndEachOther) {
  Create("t", {"a", "b"});
  StreamerSpec other_spec = spec_;
  other_spec.name = "other";
  other_spec.source.server_id = 998;
  other_spec.targets = {JsonTarget(directory_ / "other")};
  Streamer other(other_spec, directory_ / "other_state/checkpoint.json");
  Start();
  ASSERT_TRUE(other.Start().ok());
  for (int i = 0; i < 20; ++i) {
    Insert("t", i % 2 == 0 ? Columns{"a", "b"} : Columns{"b", "a"});
    Sql("ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a");
    if (i % 5 == 0) CatchUp();
  }
  CatchUp();
  ASSERT_TRUE(WaitUntilCaughtUp(other, *server_));
  EXPECT_EQ(streamer_->Snapshot().reconnects, 0u);
  EXPECT_EQ(other.Snapshot().reconnects, 0u);
  other.RequestStop(absl::UnavailableError("the test ends"));
  other.WaitStopped(absl::InfiniteFuture());
  Stop();
  Rows();
}

// Tables whose columns change at random, read by a streamer that comes and goes.
class RandomChanges {
 public:
  explicit RandomChanges(uint32_t seed) : random_(seed) {}

  size_t Below(size_t limit) { return std::uniform_int_distribution<size_t>(0, limit - 1)(random_); }

  Columns NewColumns() {
    Columns columns = kPool;
    std::shuffle(columns.begin(), columns.end(), random_);
    columns.resize(1 + Below(4));
    return columns;
  }

  // A statement, after which `tables` is what the server has.
  std::string Change() {
    const std::string table = absl::StrCat("t", Below(4));
    Columns& columns = tables[table];
    if (columns.empty()) {
      columns = NewColumns();
      return absl::StrCat("CREATE TABLE ", table, " (`", absl::StrJoin(columns, "` VARCHAR(20), `"), "` VARCHAR(20))");
    }
    const size_t at = Below(columns.size());
    std::string fresh = kPool[Below(kPool.size())];
    const bool is_fresh = std::find(columns.begin(), columns.end(), fresh) == columns.end();
    switch (Below(7)) {
      case 0:
        if (!is_fresh) break;
        columns.insert(columns.begin(), fresh);
        return absl::StrCat("ALTER TABLE ", table, " ADD COLUMN ", fresh, " VARCHAR(20) FIRST");
      case 1:
        if (columns.size() < 2) break;
        fresh = columns[at];
        columns.erase(columns.begin() + at);
        return absl::StrCat("ALTER TABLE ", table, " DROP COLUMN ", fresh);
      case 2:
        if (!is_fresh) break;
        std::swap(columns[at], fresh);
        return absl::StrCat("ALTER TABLE ", table, " RENAME COLUMN ", fresh, " TO ", columns[at]);
      case 3: {
        const size_t other = Below(columns.size());
        if (other == at) break;
        std::swap(columns[at], columns[other]);
        return absl::StrCat("ALTER TABLE ", table, " RENAME COLUMN ", columns[at], " TO ", columns[other],
                            ", RENAME COLUMN ", columns[other], " TO ", columns[at]);
      }
      case 4: {
        const std::string other = absl::StrCat("t", Below(4));
        if (other == table || tables[other].empty()) break;
        std::swap(columns, tables[other]);
        return absl::StrCat("RENAME TABLE ", table, " TO tmp, ", other, " TO ", table, ", tmp TO ", other);
      }
      case 5: columns.clear(); return absl::StrCat("DROP TABLE ", table);
      default: return absl::StrCat("TRUNCATE TABLE ", table);
    }
    return absl::StrCat("ANALYZE TABLE ", table);
  }

  std::map<std::string, Columns> tables;

 private:
  const Columns kPool = {"a", "b", "c", "e", "f", "g"};
  std::mt19937 random_;
};

TEST_P(ColumnNamesTest, RandomChangesNeverGiveAWrongName) {
  // Others with --gtest_shuffle --gtest_random_seed=N.
  RandomChanges changes(20240229 + static_cast<uint32_t>(::testing::UnitTest::GetInstance()->random_seed()));
  spec_.targets.push_back(RawTarget(directory_ / "raw"));
  spec_.batch.max_events = 7;
  bool running = false;
  for (int i = 0; i < 700; ++i) {
    const size_t what = changes.Below(100);
    if (what < 4) {
      running ? Stop() : Start();
      running = !running;
    } else if (what < 6 && running) {
      CatchUp();
    } else if (what < 7) {
      Sql("FLUSH BINARY LOGS");
    } else if (what < 18) {
      Sql(changes.Change());
    } else {
      const std::string table = absl::StrCat("t", changes.Below(4));
      if (!changes.tables[table].empty()) Insert(table, changes.tables[table]);
    }
    if (HasFatalFailure()) return;
  }
  if (!running) Start();
  CatchUp();
  // How many of the rows so far have names depends on how far the reader was behind; these must have them.
  ptrdiff_t last = 0;
  for (const auto& [table, columns] : changes.tables) {
    if (columns.empty()) continue;
    Insert(table, columns);
    ++last;
  }
  CatchUp();
  Stop();
  const std::vector<Columns> rows = Rows();
  ASSERT_GT(last, 0);
  ASSERT_GT(rows.size(), 100u);
  EXPECT_TRUE(std::all_of(rows.end() - last, rows.end(), Named));
}

INSTANTIATE_TEST_SUITE_P(
    Servers, ColumnNamesTest,
    ::testing::Values(NamesParam{ServerKind::kMySql97, "MINIMAL"}, NamesParam{ServerKind::kMariaDb1011, "NO_LOG"},
                      NamesParam{ServerKind::kMariaDb1011, "MINIMAL"}, NamesParam{ServerKind::kMariaDb118, "NO_LOG"}),
    [](const auto& info) {
      return absl::StrCat(ServerIdentifier(info.param.kind), absl::StrReplaceAll(info.param.row_metadata, {{"_", ""}}));
    });

}  // namespace
}  // namespace binlogd::testing
