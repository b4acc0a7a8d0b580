#include "pipeline/table_namer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

using Columns = std::vector<std::string>;

constexpr size_t kIdSize = 6;

// A source with a log of statements, told to happen at offsets of one file, and the tables that it has after them.
class FakeSource : public DefinitionSource {
 public:
  absl::StatusOr<FoundDefinition> Find(const TableName& name) override {
    ++asked;
    if (!answer.ok()) return answer;
    FoundDefinition found;
    found.log_end = Position{"binlog.000001", end, ""};
    const auto table = tables.find(name.table);
    if (table == tables.end()) {
      found.problem = "no such table";
      return found;
    }
    auto definition = std::make_shared<TableDefinition>();
    for (const std::string& column : table->second) {
      definition->columns.emplace_back();
      definition->columns.back().name = column;
      definition->columns.back().type = ColumnType::kLong;
      definition->columns.back().nullable = true;
    }
    found.definition = definition;
    return found;
  }

  absl::Status Scan(const Position& from, const Position& to, uint32_t /*log_created*/,
                    StatementVisitor visit) override {
    ++scans;
    if (!scan_answer.ok()) return scan_answer;
    for (const auto& [offset, statement] : statements) {
      if (offset < from.offset || offset >= to.offset) continue;
      visit(Position{"binlog.000001", offset, ""}, DefiningStatement(statement));
    }
    scanned_bytes += to.offset - from.offset;
    return absl::OkStatus();
  }

  std::map<std::string, Columns> tables;
  std::map<uint64_t, std::string> statements;
  uint64_t end = 1000;
  absl::Status answer;
  absl::Status scan_answer;
  int asked = 0;
  int scans = 0;
  uint64_t scanned_bytes = 0;
};

class TableNamerTest : public ::testing::Test {
 protected:
  void Begin(uint64_t offset, uint32_t epoch = 1) {
    TableNamer::Options options;
    options.subject = "test";
    options.path = directory_ / "definitions.json";
    options.source = &source_;
    options.targets_decode = true;
    options.filter = filter_;
    options.tapped = [] { return false; };
    options.durable = [] { return Position(); };
    options.unnamed_tables = &unnamed_;
    namer_ = std::make_unique<TableNamer>(std::move(options));
    namer_->Begin(Epoch{epoch, "6f1c2a9e"}, At(offset), At(offset));
    FormatDescription format;
    format.created = created_;
    format.server_id = 1;
    namer_->TakeFormat("binlog.000001", format);
  }

  static Position At(uint64_t offset) { return Position{"binlog.000001", offset, ""}; }

  // Layout: as in binlog/table_map.h; nullable INT columns.
  static std::string TableMapBody(const std::string& table, size_t columns, uint64_t id) {
    std::string body(kIdSize, '\0');
    body[0] = static_cast<char>(id);
    body += std::string(2, '\0');
    body += std::string("\x04shop\0", 6);
    body += static_cast<char>(table.size()) + table + std::string(1, '\0');
    body += static_cast<char>(columns);
    body += std::string(columns, '\x03');
    body += std::string(1, '\0') + std::string((columns + 7) / 8, '\xff');
    return body;
  }

  // The names for a table map at `offset`; empty when they are not known.
  Columns Names(uint64_t offset, const std::string& table = "t", size_t columns = 2, uint64_t id = 70) {
    const auto found = namer_->Find(At(offset), created_, TableMapBody(table, columns, id), kIdSize);
    EXPECT_TRUE(found.ok()) << found.status();
    Columns names;
    if (!found.ok() || (*found)->definition == nullptr) return names;
    for (const Column& column : (*found)->definition->columns) names.push_back(column.name);
    return names;
  }

  // Layout: 4 thread, 4 seconds, 1 schema length, 2 error, 2 length of status variables, schema, zero, statement.
  void Statement(uint64_t offset, const std::string& text) {
    const std::string body = std::string(14, '\0') + text;
    EXPECT_TRUE(namer_->TakeStatement(At(offset), EventType::kQuery, body).ok());
  }

  testing::TempDir directory_;
  FilterSpec filter_;
  FakeSource source_;
  std::unique_ptr<TableNamer> namer_;
  std::atomic<uint64_t> unnamed_{0};
  uint32_t created_ = 1700000000;
};

TEST_F(TableNamerTest, AsksOnceAndAgainAfterAStatementThatTouchesTheTable) {
  source_.tables["t"] = {"a", "b"};
  Begin(4);
  EXPECT_EQ(Names(100), (Columns{"a", "b"}));
  EXPECT_EQ(Names(200), (Columns{"a", "b"}));
  Statement(250, "ALTER TABLE other ADD c INT");
  Statement(260, "INSERT INTO t VALUES (1)");
  EXPECT_EQ(Names(300), (Columns{"a", "b"}));
  EXPECT_EQ(source_.asked, 1);
  source_.tables["t"] = {"b", "a"};
  Statement(400, "ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a");
  EXPECT_EQ(Names(500), (Columns{"b", "a"}));
  EXPECT_EQ(source_.asked, 2);
  EXPECT_EQ(unnamed_, 0u);
}

TEST_F(TableNamerTest, KnowsNothingBeforeAStatementThatLiesAhead) {
  source_.tables["t"] = {"b", "a"};
  source_.tables["calm"] = {"x", "y"};
  source_.statements = {{300, "ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a"},
                        {500, "CREATE INDEX i ON t (a)"}};
  Begin(4);
  EXPECT_EQ(Names(100), Columns());
  EXPECT_EQ(Names(120, "calm", 2, 71), (Columns{"x", "y"}));
  EXPECT_EQ(Names(200), Columns());
  Statement(300, source_.statements[300]);
  EXPECT_EQ(Names(400), Columns());
  EXPECT_EQ(source_.asked, 2);  // What was read ahead tells already that asking is of no use.
  Statement(500, source_.statements[500]);
  EXPECT_EQ(Names(600), (Columns{"b", "a"}));
  EXPECT_EQ(Names(700, "calm", 2, 71), (Columns{"x", "y"}));
  EXPECT_EQ(unnamed_, 1u);
  EXPECT_EQ(source_.scanned_bytes, 900u);  // Once from the first table map to the log's end.
}

TEST_F(TableNamerTest, AStatementAtTheLogsEndIsAhead) {
  source_.tables["t"] = {"b", "a"};
  source_.statements = {{990, "RENAME TABLE t TO u, v TO t"}};
  Begin(4);
  EXPECT_EQ(Names(980), Columns());
  source_.statements.clear();
  source_.end = 2000;
  Statement(990, "RENAME TABLE t TO u, v TO t");
  EXPECT_EQ(Names(1000), (Columns{"b", "a"}));
}

TEST_F(TableNamerTest, ADefinitionThatDoesNotFitIsNotUsed) {
  source_.tables["t"] = {"a", "b", "c"};
  Begin(4);
  EXPECT_EQ(Names(100), Columns());
  EXPECT_EQ(Names(200), Columns());
  EXPECT_EQ(unnamed_, 1u);
  EXPECT_EQ(Names(300, "gone", 2, 71), Columns());
  EXPECT_EQ(unnamed_, 2u);
}

TEST_F(TableNamerTest, ANewTableIdIsAskedAbout) {
  source_.tables["t"] = {"a", "b"};
  Begin(4);
  EXPECT_EQ(Names(100), (Columns{"a", "b"}));
  EXPECT_EQ(Names(200, "t", 2, 90), (Columns{"a", "b"}));
  EXPECT_EQ(source_.asked, 2);
  source_.tables["t"] = {"b", "a"};
  EXPECT_EQ(Names(300, "t", 2, 91), (Columns{"b", "a"}));
  EXPECT_EQ(Names(400, "t", 2, 91), (Columns{"b", "a"}));
  EXPECT_EQ(source_.asked, 3);
}

TEST_F(TableNamerTest, AnErrorThatPassesIsReportedAndNothingIsConcluded) {
  source_.tables["t"] = {"a", "b"};
  source_.answer = absl::UnavailableError("away");
  Begin(4);
  EXPECT_TRUE(absl::IsUnavailable(namer_->Find(At(100), 0, TableMapBody("t", 2, 70), kIdSize).status()));
  source_.answer = absl::OkStatus();
  source_.scan_answer = absl::CancelledError("stopping");
  EXPECT_TRUE(absl::IsCancelled(namer_->Find(At(100), 0, TableMapBody("t", 2, 70), kIdSize).status()));
  source_.scan_answer = absl::OkStatus();
  EXPECT_EQ(Names(100), (Columns{"a", "b"}));
  source_.end = 50;  // Another server's log, or one that was reset.
  EXPECT_TRUE(absl::IsUnavailable(namer_->Find(At(100), 0, TableMapBody("u", 2, 71), kIdSize).status()));
  EXPECT_EQ(unnamed_, 0u);
}

TEST_F(TableNamerTest, ALogThatCannotBeReadAheadLeavesTheTableUnnamed) {
  source_.tables["t"] = {"a", "b"};
  source_.scan_answer = absl::DataLossError("broken");
  Begin(4);
  EXPECT_EQ(Names(100), Columns());
}

TEST_F(TableNamerTest, KeepsVersionsAcrossARestart) {
  source_.tables["t"] = {"a", "b"};
  Begin(4);
  EXPECT_EQ(Names(100), (Columns{"a", "b"}));
  namer_->Save(At(200));
  source_.tables["t"] = {"b", "a"};
  source_.statements = {{400, "ALTER TABLE t RENAME COLUMN a TO b, RENAME COLUMN b TO a"}};

  Begin(150);  // Further back than was observed.
  EXPECT_EQ(Names(160), (Columns{"a", "b"}));
  EXPECT_EQ(Names(300), (Columns{"a", "b"}));
  EXPECT_EQ(source_.asked, 1);
  Statement(400, source_.statements[400]);
  EXPECT_EQ(Names(500), (Columns{"b", "a"}));
  EXPECT_EQ(source_.asked, 2);

  Begin(450);  // As after a crash: the file knows of the log up to 200 only.
  EXPECT_EQ(Names(460), (Columns{"b", "a"}));
  namer_->Save(At(470), true);
  Begin(300);
  EXPECT_EQ(Names(310), (Columns{"a", "b"}));
}

TEST_F(TableNamerTest, AGapThatCannotBeReadEndsWhatWasKnown) {
  source_.tables["t"] = {"a", "b"};
  Begin(4);
  EXPECT_EQ(Names(100), (Columns{"a", "b"}));
  namer_->Save(At(200));
  source_.scan_answer = absl::OutOfRangeError("purged");
  Begin(450);
  EXPECT_EQ(Names(460), Columns());
}

TEST_F(TableNamerTest, ForgetsWhatIsOfAnotherLog) {
  source_.tables["t"] = {"a", "b"};
  Begin(4);
  EXPECT_EQ(Names(100), (Columns{"a", "b"}));
  namer_->Save(At(200));
  source_.tables["t"] = {"b", "a"};
  created_ = 1800000000;  // The same name, another file.
  Begin(150);
  EXPECT_EQ(Names(160), (Columns{"b", "a"}));
  namer_->Save(At(200));
  source_.tables["t"] = {"c", "a"};
  Begin(150, 2);
  EXPECT_EQ(Names(160), (Columns{"c", "a"}));
}

TEST_F(TableNamerTest, AsksNothingForTablesThatNobodyGets) {
  filter_.exclude_tables = {"shop.t"};
  source_.tables["t"] = {"a", "b"};
  source_.tables["u"] = {"a", "b"};
  Begin(4);
  EXPECT_EQ(Names(100), Columns());
  EXPECT_EQ(source_.asked, 0);
  EXPECT_EQ(Names(200, "u", 2, 71), (Columns{"a", "b"}));
  EXPECT_FALSE(namer_->wanted(At(3)));
  EXPECT_TRUE(namer_->wanted(At(4)));
}

}  // namespace
}  // namespace binlogd
