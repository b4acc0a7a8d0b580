#include "format/maxwell_encoder.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"
#include "tests/format/format_testing.h"

namespace binlogd {
namespace {

using nlohmann::json;
using testing::EncodeGoldenLog;
using testing::Parse;

std::vector<json> OfTable(Flavor flavor, const std::string& table) {
  return testing::RecordsOfTable(EventFormat::kMaxwellJson, flavor, table);
}

// A transaction of the captured log: insert 2, update 2, update 1, delete 2.
TEST(MaxwellEncoderTest, ATransactionsRecords) {
  const std::vector<json> pairs = OfTable(Flavor::kMySql, "pairs");
  ASSERT_GT(pairs.size(), 7u);
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(pairs[i]["xid"], 149);
    EXPECT_EQ(pairs[i].contains("commit"), i == 6);
    EXPECT_EQ(pairs[i].contains("xoffset"), i < 6);
    if (i < 6) {
      EXPECT_EQ(pairs[i]["xoffset"], i);
    }
  }
  const json expected =
      json::parse(R"text({"database":"shop","table":"pairs","query":"update pairs set v=concat(v,'!')",
      "type":"update","ts":1795409022,"xid":149,"xoffset":2,"position":"binlog.000001:10810",
      "gtid":"17ba520f-e6f5-11f1-8fa6-02fc00000001:17","server_id":22,"thread_id":16,"primary_key":[1,1],
      "primary_key_columns":["a","b"],"data":{"a":1,"b":1,"v":"one!"},"old":{"v":"one"}})text");
  EXPECT_EQ(pairs[2], expected);
  EXPECT_EQ(pairs[6]["commit"], true);
  EXPECT_EQ(pairs[6]["type"], "delete");
  EXPECT_EQ(pairs[6]["data"], json::parse(R"({"a":2,"b":2,"v":null})"));
  EXPECT_FALSE(pairs[6].contains("old"));
  EXPECT_EQ(pairs[8]["data"], json::parse(R"({"a":7,"b":8,"v":"x"})")) << "MINIMAL images";
}

// From Maxwell's documentation of its data format.
TEST(MaxwellEncoderTest, Values) {
  const json numbers = OfTable(Flavor::kMySql, "numbers").at(1)["data"];
  EXPECT_EQ(numbers["bit64"], std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(numbers["bit1"], 1);
  EXPECT_EQ(numbers["d92"], 9999999.99);
  const json texts = OfTable(Flavor::kMySql, "texts").at(0)["data"];
  EXPECT_EQ(texts["s"], json::parse(R"(["a","ç"])"));
  EXPECT_EQ(texts["e"], "grün");
  EXPECT_EQ(texts["bl"], "YmxvYg==");
  EXPECT_EQ(OfTable(Flavor::kMySql, "texts").at(1)["data"]["s"], json::array());
  const json times = OfTable(Flavor::kMySql, "times").at(0)["data"];
  EXPECT_EQ(times["dt6"], "0000-00-00 00:00:00.000000");
  EXPECT_EQ(times["t3"], "-00:00:00.001");
  EXPECT_EQ(OfTable(Flavor::kMySql, "documents").at(9)["data"]["j"]["zz"], "x");
  EXPECT_EQ(OfTable(Flavor::kMySql, "odd \"na\\me").at(0)["data"]["a.b"], "POINT (2 1)");
  EXPECT_EQ(OfTable(Flavor::kMariaDb, "odd \"na\\me").at(0)["data"]["a.b"], "POINT (1 2)");
}

TEST(MaxwellEncoderTest, Keys) {
  const RecordBuffer buffer = EncodeGoldenLog(EventFormat::kMaxwellJson, Flavor::kMySql);
  for (const RecordBuffer::Record& record : buffer.records) {
    const json value = json::parse(buffer.values.substr(record.value_begin, record.value_size));
    const std::string key = buffer.keys.substr(record.key_begin, record.key_size);
    if (value["table"] == "pairs") {
      EXPECT_EQ(
          json::parse(key),
          json({{"database", "shop"}, {"table", "pairs"}, {"pk.a", value["data"]["a"]}, {"pk.b", value["data"]["b"]}}));
    } else if (value["table"] == "copied2") {
      EXPECT_EQ(key, "");
    }
  }
}

TEST(MaxwellEncoderTest, EndsThatAreNotDeliveredCount) {
  const RecordBuffer all = EncodeGoldenLog(EventFormat::kMaxwellJson, Flavor::kMySql);
  const RecordBuffer rows = EncodeGoldenLog(EventFormat::kMaxwellJson, Flavor::kMySql, {},
                                            [](const DecodedEvent& event) { return event.rows != nullptr; });
  EXPECT_EQ(all.values, rows.values);
}

class MaxwellRun {
 public:
  void Feed(const std::string& bytes, bool in_run = true) {
    const DecodedEvent* event = nullptr;
    ASSERT_TRUE(decoder_.Feed(bytes, &event).ok());
    if (event == nullptr) return;
    ASSERT_TRUE(encoder_.Append(*event, {"f", in_run ? uint64_t{99} : 0}, in_run, &out).ok());
  }
  void Finish() { encoder_.Finish(&out); }

  RecordBuffer out;

 private:
  EventDecoder decoder_{Flavor::kMySql, nullptr};
  MaxwellEncoder encoder_;
};

TEST(MaxwellEncoderTest, ATransactionThatGoesOnAfterTheRun) {
  MaxwellRun first;
  first.Feed(MakeGtid(5));
  first.Feed(MakeQuery("BEGIN"));
  first.Feed(MakeTableMap());
  first.Feed(MakeWriteRows(1, 0));
  first.Feed(MakeWriteRows(2, 0));
  EXPECT_EQ(first.out.values, "") << "held back until the end is known";
  first.Finish();
  const std::vector<json> began = Parse(first.out);
  ASSERT_EQ(began.size(), 2u);
  EXPECT_EQ(began[1]["xoffset"], 1);
  EXPECT_FALSE(began[1].contains("xid"));
  EXPECT_FALSE(began[1].contains("commit"));

  MaxwellRun second;  // What is in force where it begins, then the rest.
  second.Feed(MakeGtid(5), false);
  second.Feed(MakeQuery("BEGIN"), false);
  second.Feed(MakeTableMap(), false);
  second.Feed(MakeWriteRows(3, 0));
  second.Feed(MakeWriteRows(4));
  second.Feed(MakeXid());
  const std::vector<json> ended = Parse(second.out);
  ASSERT_EQ(ended.size(), 2u);
  EXPECT_FALSE(ended[0].contains("xoffset")) << "how many rows came before is not known";
  EXPECT_EQ(ended[0]["xid"], 5);
  EXPECT_EQ(ended[0]["thread_id"], 7);
  EXPECT_EQ(ended[1]["commit"], true);
  EXPECT_EQ(ended[1]["xid"], 5);
}

TEST(MaxwellEncoderTest, HoldsBackALimitedAmount) {
  MaxwellRun run;
  run.Feed(MakeGtid(5));
  run.Feed(MakeQuery("BEGIN"));
  run.Feed(MakeTableMap());
  constexpr int kRows = 20000;  // Far more than 1 MiB of records.
  for (int i = 0; i < kRows; ++i) run.Feed(MakeWriteRows(i, 0));
  EXPECT_FALSE(run.out.values.empty());
  run.Feed(MakeXid());
  const std::vector<json> records = Parse(run.out);
  ASSERT_EQ(records.size(), size_t{kRows});
  for (int i = 0; i + 1 < kRows; ++i) ASSERT_EQ(records[i]["xoffset"], i) << "counts on";
  EXPECT_FALSE(records[0].contains("xid"));
  EXPECT_EQ(records[kRows - 1]["commit"], true);
  EXPECT_EQ(records[kRows - 2]["xid"], 5);
}

}  // namespace
}  // namespace binlogd
