// binlogctl decode and the servers' own programs, on the same files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "tests/differential/dump_text.h"
#include "tests/harness/mysql_server.h"
#include "tests/mysql/server_test.h"

namespace binlogd::testing {
namespace {

// Simple types only: the programs print others in ways of their own.
constexpr char kColumns[] =
    "(id INT PRIMARY KEY, big BIGINT, small TINYINT, price DECIMAL(10,2), name VARCHAR(50) CHARACTER SET "
    "utf8mb4, born DATE, vintage YEAR)";

// A private server whose closed log files hold a workload; columns are known by number alone.
class DecodeServerTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    auto server = MySqlServer::Start(GetParam(), {"--binlog-row-metadata=MINIMAL"});
    if (absl::IsUnavailable(server.status())) GTEST_SKIP() << server.status().message();
    ASSERT_OK(server);
    server_ = *std::move(server);
    RunWorkload();
    files_ = server_->LogFiles();
    files_.pop_back();  // Still open.
    ASSERT_GE(files_.size(), 2U);
  }

  void RunWorkload() {
    std::vector<std::string> statements = {"CREATE DATABASE shop", "USE shop",
                                           absl::StrCat("CREATE TABLE items ", kColumns),
                                           absl::StrCat("CREATE TABLE `odd table` ", kColumns)};
    for (const char* table : {"items", "`odd table`"}) {
      for (int i = 0; i < 20; ++i) {
        statements.push_back(absl::StrCat("INSERT INTO ", table, " VALUES (", i, ",", -i, "000000000000,", i * 6, ",",
                                          -i, ".05,'name ", i, " é','2024-02-", i % 9 + 10, "',", 1990 + i, "),(",
                                          i + 100, ",NULL,NULL,NULL,NULL,NULL,NULL)"));
      }
    }
    statements.insert(
        statements.end(),
        {"FLUSH BINARY LOGS",
         // The rows of this one are compressed, each dialect in its own way.
         GetParam() == ServerKind::kMySql97 ? "SET binlog_transaction_compression=ON"
                                            : "SET GLOBAL log_bin_compress=ON, GLOBAL log_bin_compress_min_len=10",
         "BEGIN", "UPDATE items SET price=price+1, name='changed' WHERE id<50", "DELETE FROM `odd table` WHERE id>=100",
         "COMMIT", "DROP TABLE items", "FLUSH BINARY LOGS"});
    server_->Run(statements);
  }

  // Runs binlogctl decode over the files.
  CommandResult Decode(std::vector<std::string> options) {
    SubprocessOptions command;
    command.arguments = {BINLOGCTL, "decode"};
    command.arguments.insert(command.arguments.end(), options.begin(), options.end());
    command.arguments.insert(command.arguments.end(), files_.begin(), files_.end());
    const auto result = RunCommand(command);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : CommandResult();
  }

  static std::vector<nlohmann::json> Lines(const std::string& text) {
    std::vector<nlohmann::json> lines;
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      lines.push_back(nlohmann::json::parse(line.begin(), line.end()));
    }
    return lines;
  }

  static std::vector<std::string> Images(const std::string& lines);

  std::vector<DumpedImage> Dump() {
    auto dumped = DumpFiles(*server_, files_);
    EXPECT_TRUE(dumped.ok()) << dumped.status();
    return dumped.ok() ? *std::move(dumped) : std::vector<DumpedImage>();
  }

  std::unique_ptr<MySqlServer> server_;
  std::vector<std::string> files_;
};

// "WRITE shop.items @1=…, …": one image in words that both sides have.
std::string ImageText(const std::string& kind, bool before, const std::string& table,
                      const std::map<size_t, std::string>& columns) {
  return absl::StrCat(kind, before ? " of " : " to ", table, " ",
                      absl::StrJoin(columns, ", ", absl::PairFormatter("=")));
}

std::map<size_t, std::string> ColumnsOf(const nlohmann::json& row) {
  std::map<size_t, std::string> columns;
  for (const auto& [name, value] : row.items()) {
    const std::string text = value.is_null() ? "NULL" : value.is_string() ? value.get<std::string>() : value.dump();
    columns[std::stoul(name.substr(1)) - 1] = text;
  }
  return columns;
}

void AppendImages(const nlohmann::json& event, std::vector<std::string>* images) {
  const std::string type = event["type"];
  const std::string table = absl::StrCat(event["database"].get<std::string>(), ".", event["table"].get<std::string>());
  const nlohmann::json none = nlohmann::json::array();
  const nlohmann::json rows = event.value("rows", none);
  const nlohmann::json old_rows = event.value("old_rows", none);
  for (size_t i = 0; i < std::max(rows.size(), old_rows.size()); ++i) {
    if (i < old_rows.size()) images->push_back(ImageText(type, true, table, ColumnsOf(old_rows[i])));
    if (i < rows.size()) images->push_back(ImageText(type, false, table, ColumnsOf(rows[i])));
  }
}

// The programs quote texts, print dates with colons, and negative numbers a second time as unsigned ones.
std::string Plain(absl::string_view printed) {
  absl::ConsumePrefix(&printed, "'");
  absl::ConsumeSuffix(&printed, "'");
  std::string text(printed.substr(0, printed.find(" (")));
  if (text.size() == 10 && text[4] == ':' && text[7] == ':') text[4] = text[7] = '-';
  return text;
}

std::string DumpedText(const DumpedImage& image) {
  const std::map<std::string, std::string> kinds = {
      {"INSERT INTO", "write"}, {"UPDATE", "update"}, {"DELETE FROM", "delete"}};
  std::map<size_t, std::string> columns;
  for (const auto& [index, printed] : image.columns) columns[index] = Plain(printed);
  return ImageText(kinds.at(image.statement), image.is_before, absl::StrCat(image.database, ".", image.table), columns);
}

// All images of the row events in some JSON lines.
std::vector<std::string> DecodeServerTest::Images(const std::string& lines) {
  std::vector<std::string> images;
  for (const nlohmann::json& event : Lines(lines)) AppendImages(event, &images);
  return images;
}

TEST_P(DecodeServerTest, RowsAndValuesAreThoseOfTheServersProgram) {
  const CommandResult decoded = Decode({"--events", "write,update,delete"});
  ASSERT_EQ(decoded.exit_code, 0) << decoded.error_output;
  const std::vector<std::string> ours = Images(decoded.output);
  std::vector<std::string> theirs;
  for (const DumpedImage& image : Dump()) theirs.push_back(DumpedText(image));
  EXPECT_EQ(ours.size(), 140U);
  EXPECT_THAT(ours, ::testing::ContainerEq(theirs));
}

TEST_P(DecodeServerTest, RowCountsAreThoseOfTheServersProgram) {
  std::map<std::string, uint64_t> theirs;
  for (const DumpedImage& image : Dump()) {
    if (image.statement == "UPDATE" && image.is_before) continue;
    ++theirs[absl::StrCat(image.statement, " ", image.table)];
  }
  const CommandResult summary = Decode({"--summary", "-o", "json"});
  ASSERT_EQ(summary.exit_code, 0) << summary.error_output;
  std::map<std::string, uint64_t> ours;
  for (const nlohmann::json& file : Lines(summary.output)) {
    for (const nlohmann::json& rows : file["rows_by_table"]) {
      const std::string table = rows["table"];
      ours["INSERT INTO " + table] += rows["inserts"].get<uint64_t>();
      ours["UPDATE " + table] += rows["updates"].get<uint64_t>();
      ours["DELETE FROM " + table] += rows["deletes"].get<uint64_t>();
    }
  }
  std::erase_if(ours, [](const auto& count) { return count.second == 0; });
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(ours["UPDATE items"], 20U);
  EXPECT_THAT(summary.output, ::testing::ContainsRegex("Transaction_payload|Update_rows_compressed"));
}

TEST_P(DecodeServerTest, ClosedFilesOfAServerAreGood) {
  const CommandResult result = Decode({"--verify"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  files_.push_back(server_->LogFiles().back());
  EXPECT_EQ(Decode({"--verify"}).exit_code, 0);
  files_.erase(files_.begin() + 1);
  const CommandResult gap = Decode({"--verify"});
  EXPECT_EQ(gap.exit_code, 1);
  EXPECT_THAT(gap.error_output, ::testing::HasSubstr("LOG_GAP"));
}

TEST_P(DecodeServerTest, AServerThatWasKilledLeavesFilesThatCanBeRead) {
  server_->Run({"INSERT INTO shop.`odd table` (id) VALUES (5000)"});
  server_->Kill();
  ASSERT_OK(server_->Restart());
  files_ = server_->LogFiles();
  EXPECT_EQ(Decode({"--verify"}).exit_code, 0) << Decode({"--verify"}).error_output;
  EXPECT_THAT(Decode({"--events", "write"}).output, ::testing::HasSubstr("{\"@1\":5000,"));
}

TEST_P(DecodeServerTest, ARelayLogHasTheSourcesRows) {
  auto replica = MySqlServer::Start(GetParam(), {"--server-id=2", "--relay-log=relay", "--relay-log-purge=OFF"});
  ASSERT_OK(replica);
  const std::string place =
      absl::StrCat("_HOST='127.0.0.1', {}_PORT=", server_->port(), ", {}_USER='repl', {}_PASSWORD='replpass', ");
  if (server_->flavor() == Flavor::kMySql) {
    (*replica)->Run({absl::StrCat("CHANGE REPLICATION SOURCE TO SOURCE", absl::StrReplaceAll(place, {{"{}", "SOURCE"}}),
                                  "GET_SOURCE_PUBLIC_KEY=1, SOURCE_AUTO_POSITION=1"),
                     "START REPLICA"});
  } else {
    (*replica)->Run({absl::StrCat("CHANGE MASTER TO MASTER", absl::StrReplaceAll(place, {{"{}", "MASTER"}}),
                                  "MASTER_USE_GTID=slave_pos"),
                     "START SLAVE"});
  }
  const auto applied = [&replica] {
    const ResultSet found = (*replica)->Run(
        {"SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='shop' AND table_name='odd table'"});
    const bool exists = !found.rows.empty() && found.rows[0][0] == "1";
    return exists && (*replica)->Run({"SELECT COUNT(*) FROM shop.`odd table`"}).rows[0][0] == "20";
  };
  for (int tries = 0; tries < 600 && !applied(); ++tries) absl::SleepFor(absl::Milliseconds(100));
  ASSERT_TRUE(applied()) << (*replica)->LogTail();
  const std::string expected = Decode({"--events", "write,update,delete"}).output;
  files_.clear();
  for (const auto& entry : std::filesystem::directory_iterator((*replica)->data_dir())) {
    if (entry.path().stem() == "relay" && entry.path().extension() != ".index") files_.push_back(entry.path());
  }
  std::sort(files_.begin(), files_.end());
  const CommandResult relayed = Decode({"--events", "write,update,delete"});
  EXPECT_EQ(relayed.exit_code, 0) << relayed.error_output;
  EXPECT_EQ(Images(relayed.output), Images(expected));
  EXPECT_EQ(Decode({"--verify"}).exit_code, 0) << Decode({"--verify"}).error_output;
  EXPECT_THAT(Decode({"--summary"}).output, ::testing::HasSubstr("relay log"));
}

INSTANTIATE_TEST_SUITE_P(Servers, DecodeServerTest,
                         ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011, ServerKind::kMariaDb118),
                         ServerTestName);

}  // namespace
}  // namespace binlogd::testing
