#include "binlog/statement.h"

#include <gtest/gtest.h>

#include <utility>

namespace binlogd {
namespace {

void ExpectAll(StatementKind kind, std::initializer_list<absl::string_view> statements) {
  for (const absl::string_view statement : statements) {
    EXPECT_EQ(static_cast<int>(ClassifyStatement(statement)), static_cast<int>(kind)) << statement;
  }
}

TEST(StatementTest, Boundaries) {
  ExpectAll(StatementKind::kBegin,
            {"BEGIN", "begin", " BEGIN ", "/* c */ BEGIN", "START TRANSACTION", "start /*x*/ transaction"});
  ExpectAll(StatementKind::kCommit, {"COMMIT", "commit work", "-- c\nCOMMIT"});
  ExpectAll(StatementKind::kRollback, {"ROLLBACK", "rollback work", "ROLLBACK AND CHAIN"});
  ExpectAll(StatementKind::kXaStart, {"XA START X'61',X'',1", "xa begin 'a'"});
  ExpectAll(StatementKind::kOther,
            {"ROLLBACK TO s", "rollback work to savepoint s", "SAVEPOINT s", "RELEASE SAVEPOINT s", "XA END X'61'",
             "XA COMMIT X'61'", "XA ROLLBACK X'61'", "XA PREPARE X'61'"});
}

TEST(StatementTest, DefinitionsAreNeitherReadsNorChangesOfRows) {
  ExpectAll(
      StatementKind::kDefinition,
      {"CREATE TABLE t (a int)", "alter table t add b int", "DROP DATABASE d", "TRUNCATE t", "RENAME TABLE a TO b",
       "GRANT ALL ON *.* TO u", "create/**/view v as select 1", "/*!80000 CREATE */ TABLE t(a int)",
       "/*M!100100 DROP*/ TABLE t", "ANALYZE TABLE t", "SET PASSWORD FOR u='x'", "set default role r to u",
       "# c\nDROP TABLE t", "SET STATEMENT max_statement_time=10 FOR ALTER TABLE t ADD b int",
       "CREATE TABLE t (a int) COMMENT='START TRANSACTION'", "CREATE TABLE t (a int) -- START TRANSACTION",
       "CREATE TABLE t (a int) /* START TRANSACTION", "CREATE PROCEDURE p() START TRANSACTION"});
  ExpectAll(StatementKind::kOther, {"INSERT INTO t VALUES(1)",
                                    "update t set a=1",
                                    "DELETE FROM t",
                                    "replace t values(1)",
                                    "SELECT f()",
                                    "LOAD DATA INFILE 'x'",
                                    "WITH c AS (SELECT 1) DELETE FROM t",
                                    "CALL p()",
                                    "DO sleep(0)",
                                    "SET @x=1",
                                    "USE d",
                                    "(SELECT 1)",
                                    "",
                                    "  ",
                                    "# only a comment",
                                    "/* open",
                                    "-- x",
                                    "SET STATEMENT a=1 FOR INSERT INTO t VALUES(1)",
                                    "SET STATEMENT a=1",
                                    "TABLE t"});
}

TEST(StatementTest, CreateTableAsSelectOpensATransaction) {
  ExpectAll(StatementKind::kCreateTableStartTransaction,
            {"CREATE TABLE `t` (\n  `a` int NOT NULL\n) START TRANSACTION",
             "create table t (a int comment '-- no') start transaction ",
             "CREATE TABLE `a--b` (c int) /* x */ START TRANSACTION",
             "CREATE TABLE t (a varchar(9) DEFAULT 'it''s \\'') START TRANSACTION"});
}

}  // namespace
}  // namespace binlogd
