// What real servers log in their less common ways, decoded.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

class DecodingTest : public ::testing::Test {
 protected:
  // False, with the test skipped, when this machine cannot get the server.
  bool Start(ServerKind kind, const std::vector<std::string>& options = {}) {
    auto server = MySqlServer::Start(kind, options);
    if (server.ok()) server_ = *std::move(server);
    if (!server.ok()) reason_ = std::string(server.status().message());
    return server_ != nullptr;
  }
  // Streams all that the server has written to a RAW and a JSON target, and checks the former.
  void StreamAll() {
    StreamerSpec spec = SpecFor(*server_);
    spec.targets = {RawTarget(directory_ / "raw"), JsonTarget(directory_ / "json")};
    Streamer streamer(spec, directory_ / "checkpoint.json");
    ASSERT_TRUE(streamer.Start().ok());
    EXPECT_TRUE(WaitUntilCaughtUp(streamer, *server_));
    EXPECT_EQ(streamer.Snapshot().state, StreamerState::kRunning);
    streamer.RequestStop(absl::UnavailableError("the test ends"));
    streamer.WaitStopped(absl::InfiniteFuture());
    EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  }
  // The lines of the JSON target with the order of their members.
  std::vector<ordered_json> OrderedEvents() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ / "json")) {
      if (entry.path().extension() == ".jsonl") files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    std::vector<ordered_json> events;
    for (const std::string& file : files) {
      std::ifstream in(file);
      for (std::string line; std::getline(in, line);) events.push_back(ordered_json::parse(line));
    }
    return events;
  }

  TempDir directory_;
  std::unique_ptr<MySqlServer> server_;
  std::string reason_;
};

// Statements that change documents in random places.
class DocumentChanges {
 public:
  explicit DocumentChanges(uint32_t seed) : random_(seed) {}

  std::string Value() {
    switch (Pick(11)) {
      case 0: return "NULL";
      case 1: return "TRUE";
      case 2: return absl::StrCat(Pick(100000) - 50000);
      case 3: return absl::StrCat(Pick(1000), ".", Pick(1000), "e", Pick(40) - 20);
      case 4: return absl::StrCat("CAST(-", Pick(1000), ".", Pick(1000), " AS DECIMAL(12,4))");
      case 5: return absl::StrCat("CAST('2024-02-29 12:34:56.", Pick(1000000), "' AS DATETIME(6))");
      case 6: return absl::StrCat("JSON_ARRAY(", Pick(100), ", 'x', JSON_OBJECT('k', ", Pick(9), "))");
      case 7: return absl::StrCat("JSON_OBJECT('a', ", Pick(100), ", 'é \"q\"', 'ü')");
      case 8: return absl::StrCat("REPEAT('long ', ", Pick(100), ")");
      case 9: return "CAST(18446744073709551615 AS UNSIGNED)";
      default: return absl::StrCat("'text ", Pick(1000), "'");
    }
  }
  std::string Path() {
    constexpr const char* kLegs[] = {".a",  ".b",  ".cc", ".\"é \\\\\"q\\\\\"\"", ".\"x.y[0]\"", "[0]",
                                     "[1]", "[5]", ".k"};
    std::string path = "$";
    for (int i = Pick(3); i >= 0; --i) path += kLegs[Pick(9)];
    return path;
  }
  // Of a column.
  std::string Change(const std::string& column) {
    constexpr const char* kFunctions[] = {"JSON_SET", "JSON_SET", "JSON_REPLACE", "JSON_REMOVE"};
    const std::string function = kFunctions[Pick(4)];
    std::vector<std::string> arguments = {column};
    for (int i = Pick(3); i >= 0; --i) {
      arguments.push_back(absl::StrCat("'", Path(), "'"));
      if (function != "JSON_REMOVE") arguments.push_back(Value());
    }
    return absl::StrCat(column, " = ", function, "(", absl::StrJoin(arguments, ", "), ")");
  }
  int Pick(int count) { return static_cast<int>(random_() % static_cast<uint32_t>(count)); }

 private:
  std::mt19937 random_;
};

// The server's own before image of each change is what we said the change before it led to.
TEST_F(DecodingTest, PartialJsonAndCompressedTransactionsAreWhatSelectSays) {
  if (!Start(ServerKind::kMySql97, {"--binlog-transaction-compression=ON", "--binlog-row-value-options=PARTIAL_JSON",
                                    "--binlog-rows-query-log-events=ON"})) {
    GTEST_SKIP() << reason_;
  }
  constexpr int kRows = 20;
  constexpr int kStatements = 600;
  const std::string document =
      R"('{"a": [1, {"k": 2}, [3]], "b": {"a": "x", "cc": {"k": 1.5}}, "cc": "text", "x.y[0]": [[0], {"b": true}]}')";
  std::vector<std::string> statements = {
      "SET NAMES utf8mb4", "CREATE DATABASE docs",
      "CREATE TABLE docs.t (id INT PRIMARY KEY, j JSON, n INT, k JSON, v VARCHAR(100))"};
  DocumentChanges changes(20240229);
  for (int i = 0; i < kRows; ++i) {
    statements.push_back(absl::StrCat("INSERT INTO docs.t VALUES (", i, ", ", document, ", 0, ",
                                      i % 3 == 0 ? "NULL" : "'[1, [2, 3], {\"k\": {\"a\": []}}]'", ", 'v')"));
  }
  for (int i = 0; i < kStatements; ++i) {
    if (i % 50 == 25) statements.push_back("SET SESSION binlog_transaction_compression = OFF");
    if (i % 50 == 40) statements.push_back("SET SESSION binlog_transaction_compression = ON");
    std::string statement = absl::StrCat("UPDATE docs.t SET ", changes.Change("j"), ", n = n + 1");
    if (changes.Pick(2) == 0) absl::StrAppend(&statement, ", ", changes.Change("k"));
    const int first = changes.Pick(kRows);
    absl::StrAppend(&statement, " WHERE id BETWEEN ", first, " AND ", first + changes.Pick(4));
    statements.push_back(std::move(statement));
  }
  server_->Run(statements);
  StreamAll();
  std::map<int, ordered_json> rows;
  int checked = 0;
  int inside_payloads = 0;
  std::string last_position;
  for (const ordered_json& event : OrderedEvents()) {
    if (event["type"] == "write") {
      for (const ordered_json& row : event["rows"]) rows[row["id"].get<int>()] = row;
    }
    if (event["position"].dump() == last_position) ++inside_payloads;
    last_position = event["position"].dump();
    if (event["type"] != "update") continue;
    EXPECT_FALSE(event["gtid"].empty());
    for (size_t i = 0; i < event["rows"].size(); ++i) {
      const ordered_json& before = event["old_rows"][i];
      const int id = before["id"].get<int>();
      EXPECT_EQ(before.dump(), rows[id].dump()) << event["query"];
      rows[id] = event["rows"][i];
      ++checked;
    }
  }
  EXPECT_GT(checked, kStatements / 2);
  EXPECT_GT(inside_payloads, kStatements / 2);
  const ResultSet selected = server_->Run({"SET NAMES utf8mb4", "SELECT id, j, n, k, v FROM docs.t ORDER BY id"});
  ASSERT_EQ(selected.rows.size(), rows.size());
  for (const ResultRow& row : selected.rows) {
    const ordered_json& replayed = rows[std::stoi(*row[0])];
    EXPECT_EQ(replayed["j"].dump(), ordered_json::parse(*row[1]).dump());
    EXPECT_EQ(replayed["k"].dump(), row[3] ? ordered_json::parse(*row[3]).dump() : "null");
    EXPECT_EQ(AsText(json::parse(replayed["n"].dump())), *row[2]);
  }
}

TEST_F(DecodingTest, PartialJsonWithoutTheDocumentTellsTheDifferences) {
  if (!Start(ServerKind::kMySql97, {"--binlog-row-value-options=PARTIAL_JSON", "--binlog-row-image=MINIMAL"})) {
    GTEST_SKIP() << reason_;
  }
  server_->Run({"CREATE DATABASE docs", "CREATE TABLE docs.t (id INT PRIMARY KEY, j JSON)",
                R"(INSERT INTO docs.t VALUES (1, '{"a": 1, "b": [1, 2, "three"]}'))",
                R"(UPDATE docs.t SET j = JSON_REMOVE(JSON_SET(j, '$.a', 2, '$.c', 'new member'), '$.b[0]'))"});
  StreamAll();
  const std::vector<json> events = ReadEvents(directory_ / "json");
  const auto update = std::find_if(events.begin(), events.end(), [](const json& e) { return e["type"] == "update"; });
  ASSERT_NE(update, events.end());
  EXPECT_EQ((*update)["old_rows"][0], json::parse(R"({"id": 1})"));
  EXPECT_EQ((*update)["rows"][0], json::parse(R"({"j": {"json_diff": [
      {"op": "replace", "path": "$.a", "value": 2}, {"op": "insert", "path": "$.c", "value": "new member"},
      {"op": "remove", "path": "$.b[0]"}]}})"));
}

// A quarter of a gigabyte in one transaction, which compresses to almost nothing.
TEST_F(DecodingTest, ALargeCompressedTransactionPasses) {
  if (!Start(ServerKind::kMySql97, {"--binlog-transaction-compression=ON"})) GTEST_SKIP() << reason_;
  std::vector<std::string> statements = {"CREATE DATABASE big", "CREATE TABLE big.t (id INT PRIMARY KEY, v LONGTEXT)",
                                         "BEGIN"};
  for (int i = 0; i < 64; ++i) {
    statements.push_back(absl::StrCat("INSERT INTO big.t VALUES (", i, ", REPEAT('x', 4 * 1024 * 1024))"));
  }
  statements.push_back("COMMIT");
  server_->Run(statements);
  StreamAll();
  size_t bytes = 0;
  int rows = 0;
  for (const json& event : ReadEvents(directory_ / "json")) {
    if (event["type"] != "write") continue;
    ++rows;
    bytes += event["rows"][0]["v"].get_ref<const std::string&>().size();
  }
  EXPECT_EQ(rows, 64);
  EXPECT_EQ(bytes, size_t{256} << 20);
}

class AnyServerTest : public DecodingTest, public ::testing::WithParamInterface<ServerKind> {};

TEST_P(AnyServerTest, ARowOf40MegabytesIsDeliveredWhole) {
  if (!Start(GetParam())) GTEST_SKIP() << reason_;
  server_->Run({"CREATE DATABASE big", "CREATE TABLE big.t (id INT PRIMARY KEY, v LONGTEXT CHARACTER SET utf8mb4)",
                "SET SESSION binlog_format = ROW",
                "INSERT INTO big.t VALUES (1, CONCAT(REPEAT('x', 20 * 1024 * 1024), 'middle', "
                "REPEAT('y', 20 * 1024 * 1024)))",
                "UPDATE big.t SET v = CONCAT(v, 'end')", "INSERT INTO big.t VALUES (2, 'small')"});
  StreamAll();
  EXPECT_EQ(CompareTable(ReadEvents(directory_ / "json"), *server_, "big", "t", "id"), "");
}

// Statements with what they need, and GTIDs of several domains or with tags.
TEST_P(AnyServerTest, StatementsAndGtidsOfEveryForm) {
  if (!Start(GetParam())) GTEST_SKIP() << reason_;
  const bool mysql = server_->flavor() == Flavor::kMySql;
  std::vector<std::string> statements = {"CREATE DATABASE shop CHARACTER SET utf8mb4",
                                         "CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100))",
                                         "SET SESSION binlog_format = STATEMENT",
                                         "SET NAMES utf8mb4",
                                         "SET @word = 'żółw', @number = -7",
                                         "INSERT INTO shop.t (v) VALUES (CONCAT(@word, @number))",
                                         "SET SESSION binlog_format = ROW"};
  if (mysql) {
    for (const char* tag : {"first", "second"}) {
      statements.push_back(absl::StrCat("SET SESSION gtid_next = 'AUTOMATIC:", tag, "'"));
      statements.push_back("INSERT INTO shop.t (v) VALUES ('tagged')");
    }
    statements.push_back("SET SESSION gtid_next = 'AUTOMATIC'");
  } else {
    for (uint64_t domain = 1; domain <= 40; ++domain) {
      statements.push_back(absl::StrCat("SET SESSION gtid_domain_id = ", domain * 100000000));
      statements.push_back("INSERT INTO shop.t (v) VALUES ('another domain')");
    }
  }
  statements.push_back("FLUSH BINARY LOGS");
  server_->Run(statements);
  StreamAll();
  std::set<std::string> gtids;
  std::map<std::string, std::string> variables;
  std::string last_set;
  for (const json& event : ReadEvents(directory_ / "json")) {
    if (event["type"] == "gtid") gtids.insert(event.value("gtid", ""));
    const json& extra = event["extra"];
    if (event["type"] == "previous_gtids") last_set = extra["gtid_set"];
    if (extra.contains("variable")) variables[extra["variable"]] = extra["value"];
  }
  EXPECT_EQ(variables["@word"], "żółw");
  EXPECT_EQ(variables["@number"], "-7");
  EXPECT_EQ(variables["INSERT_ID"], "1");
  const ResultSet result = server_->Run({mysql ? "SELECT @@global.gtid_executed" : "SELECT @@global.gtid_binlog_pos"});
  const absl::StatusOr<GtidSet> expected = GtidSet::Parse(server_->flavor(), *result.rows[0][0]);
  ASSERT_TRUE(expected.ok());
  GtidSet seen(server_->flavor());
  for (const std::string& gtid : gtids) seen.Add(*GtidSet::Parse(server_->flavor(), gtid));
  EXPECT_EQ(seen.ToString(), expected->ToString());
  EXPECT_EQ(GtidSet::Parse(server_->flavor(), last_set)->ToString(), expected->ToString());
  EXPECT_EQ(gtids.size(), mysql ? 5u : 43u);
}

class MariaDbTest : public DecodingTest, public ::testing::WithParamInterface<ServerKind> {};

// The dump sends the events in clear, after one that says with what key the file is encrypted; also from inside the
// file, where that event has no place.
TEST_P(MariaDbTest, AnEncryptedLogIsSentInClear) {
  const std::string keys = directory_ / "keys";
  std::ofstream(keys) << "1;" << std::string(64, 'a') << "\n";
  if (!Start(GetParam(), {"--plugin-load-add=file_key_management",
                          absl::StrCat("--file-key-management-filename=", keys), "--encrypt-binlog=ON"})) {
    GTEST_SKIP() << reason_;
  }
  server_->Run({"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY, v VARCHAR(20))"});
  StreamerSpec spec = SpecFor(*server_);
  spec.targets = {RawTarget(directory_ / "raw"), JsonTarget(directory_ / "json")};
  for (int round = 0; round < 4; ++round) {
    if (round == 2) server_->Run({"FLUSH BINARY LOGS"});
    server_->Run({absl::StrCat("INSERT INTO shop.t VALUES (", round, ", 'clear')")});
    Streamer streamer(spec, directory_ / "checkpoint.json");
    ASSERT_TRUE(streamer.Start().ok());
    EXPECT_TRUE(WaitUntilCaughtUp(streamer, *server_)) << streamer.Snapshot().error;
    streamer.RequestStop(absl::UnavailableError("the test ends"));
    streamer.WaitStopped(absl::InfiniteFuture());
  }
  EXPECT_EQ(CompareTable(ReadEvents(directory_ / "json"), *server_, "shop", "t", "id"), "");
}

INSTANTIATE_TEST_SUITE_P(Servers, MariaDbTest, ::testing::Values(ServerKind::kMariaDb1011, ServerKind::kMariaDb118),
                         [](const auto& info) { return ServerIdentifier(info.param); });

INSTANTIATE_TEST_SUITE_P(Servers, AnyServerTest,
                         ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011, ServerKind::kMariaDb118),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
