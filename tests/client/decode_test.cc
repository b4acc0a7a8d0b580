#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/archive/log_files.h"
#include "tests/binlog/golden_log.h"
#include "tests/client/fixture.h"
#include "tests/codec/keys.h"
#include "tests/harness/log_writer.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class DecodeTest : public ClientTest {
 protected:
  CommandResult Decode(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), "decode");
    return Run(std::move(arguments), input);
  }
  std::string Write(const std::string& name, absl::string_view bytes) { return folder_.Write(name, bytes); }

  // What stands under `field` of each line, as text.
  static std::vector<std::string> Fields(const std::string& lines, const std::string& field) {
    std::vector<std::string> values;
    for (const absl::string_view line : absl::StrSplit(lines, '\n', absl::SkipEmpty())) {
      const nlohmann::json event = nlohmann::json::parse(line.begin(), line.end());
      values.push_back(event.contains(field) ? event[field].dump() : "");
    }
    return values;
  }

  // A file with CREATE (1), a transaction of two rows (2) and one of one row (3).
  static LogWriter Small() {
    LogWriter log;
    log.PreviousGtids();
    log.set_time(1700000010);
    log.Ddl("CREATE TABLE t (id INT)");
    log.set_time(1700000020);
    log.Transaction({{1, "one"}, {2, "two"}});
    log.set_time(1700000030);
    log.Transaction({{3, "three"}});
    return log;
  }

  LogFolder folder_;
};

TEST_F(DecodeTest, GoldenLogsAreDecodedFromEveryKindOfFile) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    const std::string name = ReadGoldenLog(flavor).name;
    const std::string bytes = ReadGoldenFile(name + ".binlog");
    const std::string expected = ReadGoldenFile(name + ".jsonl");
    EXPECT_EQ(Decode({Write("binlog.000001", bytes)}).output, expected);
    EXPECT_EQ(Decode({Write("binlog.000001.zst", Zstd(bytes))}).output, expected);
    EXPECT_EQ(Decode({Write("binlog.000001.gz", Gzip(bytes))}).output, expected);
    // The bytes tell, not the name.
    EXPECT_EQ(Decode({Write("binlog.000001", Gzip(bytes))}).output, expected);
    EXPECT_EQ(Decode({"-", "--stdin-name", "binlog.000001"}, bytes).output, expected);
    EXPECT_EQ(Decode({"--stdin-name=binlog.000001", "-"}, Zstd(bytes)).output, expected);
    const CommandResult result = Decode({Write("binlog.000001", bytes), "--format", "json"});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.error_output, "");
  }
}

TEST_F(DecodeTest, FilesAreOneStream) {
  LogWriter log = Small();
  log.Rotate();
  log.Transaction({{4, "four"}});
  const std::string first = Write("binlog.000001", log.FileBytes("binlog.000001"));
  const std::string second = Write("binlog.000002", log.FileBytes("binlog.000002"));
  const std::string all = Decode({first, second}).output;
  EXPECT_EQ(all, Decode({first}).output + Decode({second}).output);
  EXPECT_THAT(all, HasSubstr(R"("file":"binlog.000002")"));
  EXPECT_EQ(Decode({folder_.path()}).output, all);
}

TEST_F(DecodeTest, EveryFormatIsWritten) {
  const std::string path = Write("binlog.000001", Small().FileBytes("binlog.000001"));
  for (const char* format : {"json", "debezium", "maxwell", "canal", "protobuf", "JSON", "DEBEZIUM_JSON"}) {
    const CommandResult result = Decode({path, "--format", format, "--events", "write"});
    EXPECT_EQ(result.exit_code, 0) << format << result.error_output;
    EXPECT_THAT(result.output, HasSubstr("three")) << format;
  }
  EXPECT_THAT(Decode({path, "--format", "debezium", "--source-name", "orders"}).output, HasSubstr("orders"));
}

TEST_F(DecodeTest, FiltersAreThoseOfATap) {
  const std::string path = Write("binlog.000001", Small().FileBytes("binlog.000001"));
  EXPECT_THAT(Fields(Decode({path, "--events", "write,query"}).output, "type"),
              ElementsAre("\"query\"", "\"write\"", "\"write\"", "\"write\""));
  EXPECT_THAT(Fields(Decode({path, "--events", "write,query", "--no-ddl"}).output, "type"),
              ElementsAre("\"write\"", "\"write\"", "\"write\""));
  EXPECT_EQ(Decode({path, "--tables", "shop.u", "--no-ddl"}).output, "");
  EXPECT_EQ(Fields(Decode({path, "--tables", "shop.*", "--no-ddl"}).output, "type").size(), 3U);
  EXPECT_EQ(Decode({path, "--exclude-tables", "*.t", "--events", "write"}).output, "");
  EXPECT_EQ(Decode({path, "--exclude-databases", "sh*", "--events", "write,query"}).output, "");
}

TEST_F(DecodeTest, AStartInsideATransactionKnowsItsTables) {
  LogWriter log = Small();
  const std::string path = Write("binlog.000001", log.FileBytes("binlog.000001"));
  std::vector<uint64_t> begins;
  for (const LoggedEvent& event : log.events()) {
    if (event.type == EventType::kWriteRows) begins.push_back(event.begin);
  }
  const CommandResult result =
      Decode({path, "--start-position", std::to_string(begins[1]), "--stop-position", std::to_string(begins[2])});
  EXPECT_THAT(Fields(result.output, "type"), ElementsAre("\"write\"", "\"commit\"", "\"gtid\"", "\"begin\""));
  EXPECT_THAT(Fields(result.output, "rows")[0], R"([{"id":2,"name":"two"}])");
  EXPECT_THAT(Fields(result.output, "gtid")[0], absl::StrCat("\"", LogWriter::kServerUuid, ":2\""));
  const CommandResult inside = Decode({path, "--start-position", std::to_string(begins[1] + 1)});
  EXPECT_EQ(inside.exit_code, 1);
  EXPECT_EQ(inside.output, "");
  EXPECT_THAT(inside.error_output, HasSubstr("is inside an event, which begins at " + std::to_string(begins[1])));
}

TEST_F(DecodeTest, TimesAndGtidsSelectTransactions) {
  const std::string path = Write("binlog.000001", Small().FileBytes("binlog.000001"));
  const std::string uuid = LogWriter::kServerUuid;
  const auto rows = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {path, "--events", "write"});
    const CommandResult result = Decode(options);
    EXPECT_EQ(result.error_output, "");
    return Fields(result.output, "position").size();
  };
  // 1700000020 is 2023-11-14T22:13:40Z.
  EXPECT_EQ(rows({"--start-datetime", "2023-11-14 22:13:41"}), 1U);
  EXPECT_EQ(rows({"--start-datetime", "2023-11-14T23:13:40+01:00"}), 3U);
  EXPECT_EQ(rows({"--stop-datetime", "2023-11-14T22:13:50Z"}), 2U);
  EXPECT_EQ(rows({"--start-gtid", uuid + ":1-2"}), 1U);
  EXPECT_EQ(rows({"--stop-gtid", uuid + ":1-2"}), 2U);
  EXPECT_EQ(rows({"--include-gtids", uuid + ":3"}), 1U);
  EXPECT_EQ(rows({"--exclude-gtids", uuid + ":3"}), 2U);
  const CommandResult unmet = Decode({path, "--stop-gtid", uuid + ":1-9"});
  EXPECT_EQ(unmet.exit_code, 0);
  EXPECT_THAT(unmet.error_output, HasSubstr("the files end before the log contains " + uuid + ":1-9"));
  const CommandResult dialect = Decode({path, "--start-gtid", "0-1-5"});
  EXPECT_EQ(dialect.exit_code, 1);
  EXPECT_THAT(dialect.error_output, HasSubstr("dialect of MariaDB"));
}

TEST_F(DecodeTest, WhatCameBeforeAnErrorIsPrinted) {
  LogWriter log = Small();
  const std::string bytes = log.FileBytes("binlog.000001");
  const std::string all = Decode({Write("binlog.000001", bytes)}).output;
  const uint64_t last = log.events().back().begin;
  const std::string path = Write("binlog.000001", bytes.substr(0, bytes.size() - 3));
  const CommandResult torn = Decode({path});
  EXPECT_EQ(torn.exit_code, 1);
  EXPECT_THAT(all, StartsWith(torn.output));
  EXPECT_EQ(Fields(torn.output, "type").size() + 1, Fields(all, "type").size());
  EXPECT_THAT(torn.error_output, StartsWith(absl::StrCat("binlogctl: ", path, ": offset ", last,
                                                         ": Xid: the event claims 31 bytes, but only 28 follow")));
  EXPECT_THAT(torn.error_output, EndsWith("(DATA_LOSS, LOG_CUT_SHORT)\n"));
  const CommandResult open = Decode({Write("binlog.000001", bytes.substr(0, last))});
  EXPECT_EQ(open.exit_code, 1);
  EXPECT_THAT(open.error_output, HasSubstr("the file ends inside the transaction"));
}

TEST_F(DecodeTest, DamageIsAnErrorWithItsPlace) {
  LogWriter log = Small();
  std::string bytes = log.FileBytes("binlog.000001");
  const uint64_t last = log.events().back().begin;
  bytes[last + 20] = static_cast<char>(bytes[last + 20] ^ 1);
  const std::string path = Write("binlog.000001", bytes);
  const CommandResult damaged = Decode({path});
  EXPECT_EQ(damaged.exit_code, 1);
  EXPECT_THAT(damaged.error_output, HasSubstr(absl::StrCat(path, ": offset ", last, ": Xid: its checksum is wrong")));
  EXPECT_THAT(damaged.error_output, HasSubstr("--no-checksum"));
  EXPECT_EQ(Decode({path, "--no-checksum"}).exit_code, 0);
  LogWriter lost;
  lost.Query("BEGIN");
  const uint64_t at = lost.offset();
  lost.WriteRows(1, "one", true);
  const CommandResult missing = Decode({Write("binlog.000001", lost.FileBytes("binlog.000001"))});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.error_output, HasSubstr(absl::StrCat(": offset ", at, ": Write_rows: ")));
  EXPECT_THAT(missing.error_output, HasSubstr("TABLE_MAP_MISSING"));
}

TEST_F(DecodeTest, WhatIsNoLogIsRefused) {
  for (const std::string& bytes :
       {std::string(), std::string("hello\n"), std::string(kFileMagic), std::string("\xfd\x62\x69\x6e encrypted"),
        std::string("\xfe\x62\x69\x6e\0\0\0", 7)}) {
    const std::string path = Write("binlog.000001", bytes);
    const CommandResult result = Decode({path});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.error_output, StartsWith("binlogctl: " + path + ": "));
    EXPECT_THAT(Decode({"-"}, bytes).error_output, StartsWith("binlogctl: "));
  }
  EXPECT_THAT(Decode({"/none/binlog.000001"}).error_output, HasSubstr("/none/binlog.000001"));
}

TEST_F(DecodeTest, VerifyTellsOfEveryFile) {
  LogWriter log = Small();
  log.Rotate();
  log.Transaction({{4, "four"}});
  std::string bytes = log.FileBytes("binlog.000001");
  const std::string second = Write("binlog.000002", log.FileBytes("binlog.000002"));
  CommandResult result = Decode({"--verify", Write("binlog.000001", bytes), second});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_THAT(result.output, MatchesRegex("FILE +RESULT +SIZE +EVENTS +TRANSACTIONS +REASON\n"
                                          ".*/binlog.000001  ok  .*\n.*/binlog.000002  ok  .*\n"));
  bytes[200] = static_cast<char>(bytes[200] ^ 1);
  result = Decode({"--verify", "-o", "json", Write("binlog.000001", bytes), second});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, HasSubstr("CHECKSUM_MISMATCH"));
  EXPECT_THAT(Fields(result.output, "ok"), ElementsAre("false", "true"));
  EXPECT_THAT(Fields(result.output, "reason"), ElementsAre("\"CHECKSUM_MISMATCH\"", "\"\""));
}

TEST_F(DecodeTest, SummaryTellsWhatAFileHolds) {
  const std::string path = Write("binlog.000001", Small().FileBytes("binlog.000001"));
  const CommandResult text = Decode({"--summary", path});
  EXPECT_EQ(text.exit_code, 0) << text.error_output;
  EXPECT_THAT(text.output, HasSubstr("MySQL 8.0.40, checksum CRC32"));
  EXPECT_THAT(text.output, HasSubstr("2023-11-14T22:13:20Z to 2023-11-14T22:13:50Z"));
  EXPECT_THAT(text.output, ::testing::ContainsRegex("Write_rows +3\n"));
  EXPECT_THAT(text.output, ::testing::ContainsRegex("shop\\.t +3 +0 +0\n"));
  const CommandResult json = Decode({"--summary", path, "-o", "json"});
  EXPECT_THAT(Fields(json.output, "transactions"), ElementsAre("3"));
  EXPECT_THAT(Fields(json.output, "rows_by_table"),
              ElementsAre(R"([{"database":"shop","deletes":0,"inserts":3,"table":"t","updates":0}])"));
  EXPECT_THAT(Decode({"--summary", path, "-o", "yaml"}).output, StartsWith("---\nfile: "));
  const CommandResult bad = Decode({"--summary", "-o", "json", "/none", path});
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_EQ(Fields(bad.output, "file").size(), 2U);
}

TEST_F(DecodeTest, AReaderThatGoesAwayIsNoError) {
  LogWriter log;
  for (int i = 0; i < 2000; ++i) log.Transaction({{i, std::string(1000, 'x')}});
  const std::string path = Write("binlog.000001", log.FileBytes("binlog.000001"));
  const CommandResult result = Shell("$binlogctl decode " + path + " | head -n 1; echo ${PIPESTATUS[0]}");
  EXPECT_THAT(result.output, EndsWith("}\n0\n"));
  EXPECT_EQ(result.error_output, "");
  const CommandResult full = Shell("$binlogctl decode " + path + " > /dev/full");
  EXPECT_EQ(full.exit_code, 1);
  EXPECT_THAT(full.error_output, HasSubstr("No space left on device"));
}

TEST_F(DecodeTest, WhatArrivesIsShownBeforeMoreIsWaitedFor) {
  const std::string path = Write("binlog.000001", Small().FileBytes("binlog.000001"));
  const std::string fifo = folder_.path() + "/fifo";
  const CommandResult result =
      Shell("mkfifo " + fifo + "; exec 3<>" + fifo + "; $binlogctl decode - < " + fifo + " > " + fifo +
            ".out & p=$!; cat " + path + " >&3; for i in {1..600}; do [ $(grep -c commit " + fifo +
            ".out) = 2 ] && break; sleep 0.05; done; "
            "kill $p; wait $p 2>/dev/null; cat " +
            fifo + ".out");
  EXPECT_THAT(result.output, HasSubstr("three"));
}

TEST_F(DecodeTest, EncryptedFilesTakeTheirKeys) {
  const std::string log = Small().FileBytes("binlog.000001");
  const std::string expected = Decode({Write("binlog.000001", log)}).output;
  ASSERT_FALSE(expected.empty());
  const std::string encrypted = Encrypt(Zstd(log), KeyOf('b'));
  const std::string keys_a = WriteKey(directory_, 'a'), keys_b = WriteKey(directory_, 'b');
  const std::string path = Write("binlog.000001.zst.enc", encrypted);
  EXPECT_EQ(Decode({"--key-file", keys_a, "--key-file", keys_b, path}).output, expected);
  EXPECT_EQ(Decode({"--stdin-name=binlog.000001", "-", "--key-file", keys_b}, encrypted).output, expected);
  EXPECT_EQ(Decode({"--verify", path, "--key-file", keys_b}).exit_code, 0);
  const CommandResult missing = Decode({path, "--key-file", keys_a});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.error_output, HasSubstr(KeyOf('b').name()));
}

}  // namespace
}  // namespace binlogd::testing
