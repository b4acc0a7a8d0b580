#include "mysql/table_definition_query.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "binlog/table_map.h"
#include "mysql/binlog_dump.h"
#include "mysql/server_info.h"
#include "tests/mysql/server_test.h"

namespace binlogd {
namespace {

using testing::ServerKind;
using testing::ServerTest;

class TableDefinitionQueryTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (IsSkipped()) return;
    connection_ = Connect();
    Sql("DROP DATABASE IF EXISTS definitions");
    Sql("CREATE DATABASE definitions CHARACTER SET utf8mb4");
    Sql("USE definitions");
    auto query = TableDefinitionQuery::Start(Connect(), server_->flavor());
    ASSERT_OK(query);
    query_ = *std::move(query);
  }
  void TearDown() override {
    if (connection_ != nullptr) Sql("DROP DATABASE definitions");
  }

  void Sql(const std::string& statement) { ASSERT_OK(connection_->Query(statement)); }

  FoundDefinition Find(const std::string& table) {
    absl::StatusOr<FoundDefinition> found = query_->Find(TableName{"definitions", table});
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *std::move(found) : FoundDefinition();
  }

  // The table map, with full metadata, of the last row event for the table since `from`.
  TableMap LoggedTable(const std::string& table, const Position& from) {
    DumpOptions options;
    options.flavor = server_->flavor();
    options.file = from.file;
    options.offset = from.offset;
    options.read_ahead = true;
    absl::StatusOr<std::unique_ptr<BinlogDump>> dump = BinlogDump::Start(Connect(), options);
    EXPECT_TRUE(dump.ok()) << dump.status();
    TableMap last;
    for (auto event = (*dump)->Next(); event.ok(); event = (*dump)->Next()) {
      if (ParseEventHeader(*event)->type != EventType::kTableMap) continue;
      const absl::string_view body = event->substr(kEventHeaderSize, event->size() - kEventHeaderSize - kChecksumSize);
      absl::StatusOr<TableMap> map = ParseTableMap(server_->flavor(), body, 6);
      EXPECT_TRUE(map.ok()) << map.status();
      if (map.ok() && map->table == table) last = *std::move(map);
    }
    return last;
  }

  // The definition is what the log tells of the table under full metadata.
  void ExpectAsLogged(const std::string& table, const std::string& insert) {
    const absl::StatusOr<Position> before = EndOfLogPlace(*connection_, server_->flavor());
    ASSERT_OK(before);
    Sql(insert);
    const TableMap logged = LoggedTable(table, *before);
    const FoundDefinition found = Find(table);
    ASSERT_NE(found.definition, nullptr) << found.problem;
    EXPECT_TRUE(DefinitionFits(*found.definition, logged));
    ASSERT_EQ(found.definition->columns.size(), logged.columns.size());
    EXPECT_EQ(found.definition->primary_key, logged.primary_key);
    for (size_t i = 0; i < logged.columns.size(); ++i) {
      const Column& is = found.definition->columns[i];
      const Column& should = logged.columns[i];
      const std::string what = absl::StrCat(should.name, " ", ColumnTypeName(should.type));
      EXPECT_EQ(is.name, should.name);
      EXPECT_EQ(is.type, should.type) << what << " is " << ColumnTypeName(is.type);
      EXPECT_EQ(is.metadata, should.metadata) << what;
      EXPECT_EQ(is.nullable, should.nullable) << what;
      EXPECT_EQ(is.signedness_known, should.signedness_known) << what;
      EXPECT_EQ(is.is_unsigned, should.is_unsigned) << what;
      EXPECT_EQ(is.labels, should.labels) << what;
      if (should.collation != 0 && is.collation != 0) {
        EXPECT_EQ(is.collation, should.collation) << what;
      }
    }
  }

  std::unique_ptr<Connection> connection_;
  std::unique_ptr<TableDefinitionQuery> query_;
};

TEST_P(TableDefinitionQueryTest, TellsEveryTypeAsTheLogDoesUnderFullMetadata) {
  Sql("CREATE TABLE types (a TINYINT, b TINYINT UNSIGNED NOT NULL, c SMALLINT UNSIGNED, d MEDIUMINT, e INT UNSIGNED, "
      "f BIGINT UNSIGNED ZEROFILL, g FLOAT, h DOUBLE UNSIGNED, i DECIMAL(65,30), j DECIMAL(1,0) UNSIGNED, k BIT(1), "
      "l BIT(64), m BIT(13), n YEAR, o DATE, p TIME, q TIME(6), r DATETIME, s DATETIME(3), t TIMESTAMP NULL, "
      "u TIMESTAMP(6) NULL, v CHAR(0), w CHAR(255), x CHAR(63) CHARACTER SET latin1, y BINARY(255), z BINARY(16), "
      "aa VARCHAR(0), ab VARCHAR(63), ac VARCHAR(4000), ad VARBINARY(3000), ae TINYTEXT, af TINYBLOB, ag TEXT, "
      "ah BLOB, ai MEDIUMTEXT, aj MEDIUMBLOB, ak LONGTEXT, al LONGBLOB, am JSON, an GEOMETRY, ao POINT, "
      "ap MULTIPOLYGON, aq GEOMETRYCOLLECTION, "
      "ar ENUM('a','b''c','d\\\\e','f,g','h\\\\n','new\\nline','q\"q','é','(x)') CHARACTER SET utf8mb4, "
      "`as` SET('x','y)','z') CHARACTER SET latin1, at TEXT CHARACTER SET ucs2, au VARCHAR(10) COLLATE utf8mb4_bin, "
      "av VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_german2_ci, aw BOOLEAN, ax SERIAL, ay TEXT(100), az "
      "BLOB(70000), "
      "PRIMARY KEY (b, ax))");
  ExpectAsLogged("types", "INSERT INTO types (b) VALUES (1)");
  std::string sets = "CREATE TABLE labels (e ENUM(";
  for (int i = 0; i < 300; ++i) absl::StrAppend(&sets, i == 0 ? "" : ",", "'", i, "'");
  for (const int count : {8, 9, 24, 33, 64}) {
    absl::StrAppend(&sets, "), s", count, " SET(");
    for (int i = 0; i < count; ++i) absl::StrAppend(&sets, i == 0 ? "" : ",", "'", i, "'");
  }
  Sql(sets + "))");
  ExpectAsLogged("labels", "INSERT INTO labels (e) VALUES ('7')");
}

TEST_P(TableDefinitionQueryTest, TellsGeneratedInvisibleAndDialectColumns) {
  Sql("CREATE TABLE made (b INT AS (a + 1) VIRTUAL, a INT, c INT AS (a + 2) STORED, d INT DEFAULT 1 INVISIBLE, k INT, "
      "t TEXT, PRIMARY KEY (k, a))");
  ExpectAsLogged("made", "INSERT INTO made (a, k) VALUES (1, 2)");
  Sql("CREATE TABLE prefixed (a INT, b TEXT, PRIMARY KEY (b(10), a))");
  ExpectAsLogged("prefixed", "INSERT INTO prefixed VALUES (1, 'x')");
  if (mysql()) {
    Sql("CREATE TABLE functional (a INT PRIMARY KEY, b VARCHAR(20), v VECTOR(3), KEY ((UPPER(b))))");
    ExpectAsLogged("functional", "INSERT INTO functional (a) VALUES (1)");
    Sql("SET SESSION sql_generate_invisible_primary_key = ON");
    Sql("CREATE TABLE keyless (a INT)");
    ExpectAsLogged("keyless", "INSERT INTO keyless VALUES (1)");
    return;
  }
  Sql("CREATE TABLE dialect (u UUID, i6 INET6, z VARCHAR(300) COMPRESSED, y BLOB COMPRESSED, x TEXT COMPRESSED, w "
      "VARBINARY(90) COMPRESSED)");
  ExpectAsLogged("dialect", "INSERT INTO dialect (z) VALUES ('x')");
  Sql("CREATE TABLE versioned (a INT PRIMARY KEY, b TEXT, c TEXT, UNIQUE (b), UNIQUE (c)) WITH SYSTEM VERSIONING");
  ExpectAsLogged("versioned", "INSERT INTO versioned VALUES (1, 'x', 'y')");
  Sql("CREATE TABLE period (a INT PRIMARY KEY, f TIMESTAMP(6) GENERATED ALWAYS AS ROW START, t TIMESTAMP(6) GENERATED "
      "ALWAYS AS ROW END INVISIBLE, b INT, PERIOD FOR SYSTEM_TIME (f, t)) WITH SYSTEM VERSIONING");
  ExpectAsLogged("period", "INSERT INTO period (a) VALUES (1)");
  Sql("CREATE SEQUENCE numbers");
  ExpectAsLogged("numbers", "SELECT NEXTVAL(numbers)");
  if (server_->kind() == ServerKind::kMariaDb118) {
    Sql("CREATE TABLE newer (i4 INET4, v VECTOR(3) NOT NULL)");
    ExpectAsLogged("newer", "INSERT INTO newer VALUES ('1.2.3.4', VEC_FromText('[1,2,3]'))");
  }
}

TEST_P(TableDefinitionQueryTest, SaysWhyATableIsNotTold) {
  EXPECT_EQ(Find("none").definition, nullptr);
  EXPECT_THAT(Find("none").problem, ::testing::HasSubstr("no such table"));
  Sql("CREATE TABLE t (a INT)");
  Sql("CREATE VIEW v AS SELECT a FROM t");
  EXPECT_EQ(Find("v").definition, nullptr);
  EXPECT_FALSE(Find("t").log_end.empty());

  ConnectOptions options = server_->connect_options();
  options.user = "repl";
  options.password = "replpass";
  auto query = TableDefinitionQuery::Start(Connect(options), server_->flavor());
  ASSERT_OK(query);
  const absl::StatusOr<FoundDefinition> found = (*query)->Find(TableName{"definitions", "t"});
  ASSERT_OK(found);
  EXPECT_EQ(found->definition, nullptr);
  EXPECT_THAT(found->problem, ::testing::HasSubstr("grant it SELECT on `definitions`.`t`"));
}

TEST_P(TableDefinitionQueryTest, TellsNamesThatDifferInCaseApart) {
  Sql("CREATE TABLE word (a INT)");
  Sql("CREATE TABLE WORD (b INT, c INT)");
  ASSERT_NE(Find("word").definition, nullptr);
  EXPECT_EQ(Find("word").definition->columns.size(), 1u);
  EXPECT_EQ(Find("WORD").definition->columns.size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Servers, TableDefinitionQueryTest,
                         ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011, ServerKind::kMariaDb118),
                         testing::ServerTestName);

}  // namespace
}  // namespace binlogd
