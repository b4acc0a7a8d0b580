#include "format/debezium_encoder.h"

#include <gtest/gtest.h>

#include "format/debezium_value.h"
#include "tests/format/format_testing.h"

namespace binlogd {
namespace {

using nlohmann::json;
using testing::EncodeGoldenLog;
using testing::Parse;

std::vector<json> OfTable(Flavor flavor, const std::string& table) {
  return testing::RecordsOfTable(EventFormat::kDebeziumJson, flavor, table);
}

TEST(DebeziumEncoderTest, EnvelopeOfACreatedRow) {
  const json record = OfTable(Flavor::kMySql, "copied2").at(0);
  json expected = json::parse(R"({"before":null,"after":{"one":1},"source":{"connector":"mysql","name":"orders",
      "ts_ms":1795409022000,"ts_us":1795409022000000,"ts_ns":1795409022000000000,"snapshot":"false","db":"shop",
      "sequence":null,"table":"copied2","server_id":22,"gtid":"17ba520f-e6f5-11f1-8fa6-02fc00000001:34",
      "file":"binlog.000001","row":0,"thread":16,"query":"create table copied2 select 1 as one"},
      "transaction":null,"op":"c","ts_ms":null,"ts_us":null,"ts_ns":null})");
  expected["source"]["version"] = BINLOGD_VERSION;
  expected["source"]["pos"] = record["source"]["pos"];
  EXPECT_EQ(record, expected);
  EXPECT_LT(record["source"]["pos"], 18896) << "where the event begins";
}

TEST(DebeziumEncoderTest, TellsWhenItWasReceived) {
  EncoderOptions options;
  options.received = absl::FromUnixMicros(1700000000123456);
  const json record = Parse(EncodeGoldenLog(EventFormat::kDebeziumJson, Flavor::kMariaDb, options)).at(0);
  EXPECT_EQ(record["ts_ms"], 1700000000123);
  EXPECT_EQ(record["ts_us"], 1700000000123456);
  EXPECT_EQ(record["ts_ns"], 1700000000123456000);
  EXPECT_EQ(record["source"]["connector"], "mariadb");
  EXPECT_TRUE(record["source"]["thread"].is_null()) << "MariaDB's log does not tell";
}

// From Debezium's documentation of its MySQL connector, "Data type mappings", with decimal.handling.mode=string.
TEST(DebeziumEncoderTest, NumbersAndBits) {
  const json row = OfTable(Flavor::kMySql, "numbers").at(1)["after"];
  EXPECT_EQ(row["t8"], std::numeric_limits<int64_t>::max());
  EXPECT_EQ(row["t8u"], std::numeric_limits<uint64_t>::max()) << "where Debezium's long overflows";
  EXPECT_EQ(row["bit1"], true);
  EXPECT_EQ(row["bit13"], "/x8=") << "FF 1F, little-endian";
  EXPECT_EQ(row["y"], 2155);
  EXPECT_EQ(row["d92"], "9999999.99");
  EXPECT_EQ(row["fu"], 0.1);
}

TEST(DebeziumEncoderTest, DatesAndTimes) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    const std::vector<json> rows = OfTable(flavor, "times");
    for (const char* zero : {"d", "dt", "dt6", "ts", "ts6"}) EXPECT_TRUE(rows.at(0)["after"][zero].is_null()) << zero;
    EXPECT_EQ(rows[0]["after"]["t"], -3020399000000);
    EXPECT_EQ(rows[0]["after"]["t6"], -1);
    EXPECT_EQ(rows.at(1)["after"]["d"], 2932896);
    EXPECT_EQ(rows[1]["after"]["dt"], 253402300799000) << "milliseconds";
    EXPECT_EQ(rows[1]["after"]["dt2"], 253402300799990) << "milliseconds";
    EXPECT_EQ(rows[1]["after"]["dt6"], 253402300799999999) << "microseconds";
    EXPECT_EQ(rows[1]["after"]["ts"], "2038-01-19T03:14:07Z");
    EXPECT_EQ(rows.at(2)["after"]["ts3"], "1970-01-01T00:00:01.500Z");
    EXPECT_EQ(rows[2]["after"]["d"], 19782);
    EXPECT_EQ(rows[2]["after"]["dt6"], -30610223999999999);
    EXPECT_TRUE(rows[2]["after"]["dt1"].is_null()) << "2024-00-00";
  }
}

std::string Written(const Column& column, absl::string_view text) {
  ColumnValue value;
  value.kind = ColumnValue::Kind::kTemporal;
  value.text = text;
  std::string out;
  AppendDebeziumValue(column, value, &out);
  return out;
}

TEST(DebeziumEncoderTest, DatesThatHaveNoNumber) {
  Column column;
  column.nullable = false;
  column.type = ColumnType::kDate;
  EXPECT_EQ(Written(column, "0000-00-00"), "0") << "the epoch where NULL is not allowed";
  EXPECT_EQ(Written(column, "2024-02-30"), "\"2024-02-30\"") << "no day of the calendar: never another day's number";
  EXPECT_EQ(Written(column, "1969-12-31"), "-1");
  column.type = ColumnType::kTimestamp2;
  EXPECT_EQ(Written(column, "0000-00-00 00:00:00"), "\"1970-01-01T00:00:00Z\"");
}

TEST(DebeziumEncoderTest, TextBytesAndTheRest) {
  const json texts = OfTable(Flavor::kMySql, "texts").at(0)["after"];
  EXPECT_EQ(texts["v2"], std::string("v2\n\t\r\0\x1a", 7));
  EXPECT_EQ(texts["bn"], "AP8AAAA=");
  EXPECT_EQ(texts["bl"], "YmxvYg==");
  EXPECT_EQ(texts["e"], "grün");
  EXPECT_EQ(texts["s"], "a,ç");
  const std::vector<json> documents = OfTable(Flavor::kMySql, "documents");
  EXPECT_EQ(documents.at(0)["after"]["j"], "null") << "the document, which is not SQL's NULL";
  EXPECT_TRUE(documents.at(10)["after"]["j"].is_null());
  EXPECT_EQ(json::parse(documents.at(9)["after"]["j"].get<std::string>())["zz"], "x");
  EXPECT_EQ(OfTable(Flavor::kMySql, "vectors").at(0)["after"]["v"], json::parse("[1,2.5,-3]"));
  const json odd = OfTable(Flavor::kMySql, "odd \"na\\me").at(0)["after"];
  EXPECT_EQ(odd["col \"1\""], 1);
  EXPECT_EQ(odd["a.b"], json::parse(R"({"wkb":"AQEAAAAAAAAAAAAAQAAAAAAAAPA/","srid":4326})"));
}

TEST(DebeziumEncoderTest, UpdatesUnderMinimalImages) {
  const json update = OfTable(Flavor::kMySql, "pairs").at(8);
  EXPECT_EQ(update["op"], "u");
  EXPECT_EQ(update["before"], json::parse(R"({"a":7,"b":8})"));
  EXPECT_EQ(update["after"], json::parse(R"({"a":7,"b":8,"v":"x"})"));
}

TEST(DebeziumEncoderTest, KeysAndTombstones) {
  const RecordBuffer buffer = EncodeGoldenLog(EventFormat::kDebeziumJson, Flavor::kMySql);
  const RecordBuffer::Record* before = nullptr;
  int tombstones = 0;
  for (const RecordBuffer::Record& record : buffer.records) {
    const std::string key = buffer.keys.substr(record.key_begin, record.key_size);
    if (record.tombstone) {
      ASSERT_NE(before, nullptr);
      EXPECT_EQ(json::parse(buffer.values.substr(before->value_begin, before->value_size))["op"], "d");
      EXPECT_EQ(key, buffer.keys.substr(before->key_begin, before->key_size));
      EXPECT_EQ(record.value_size, 0u);
      ++tombstones;
    } else {
      const json value = json::parse(buffer.values.substr(record.value_begin, record.value_size));
      const json& row = value["after"].is_null() ? value["before"] : value["after"];
      if (value["source"]["table"] == "pairs") {
        EXPECT_EQ(json::parse(key), json({{"a", row["a"]}, {"b", row["b"]}}));
      } else if (value["source"]["table"] == "copied2") {
        EXPECT_EQ(key, "") << "a table without a primary key";
      }
    }
    before = &record;
  }
  EXPECT_EQ(tombstones, 4);
  EXPECT_EQ(buffer.records.size(), buffer.count + tombstones);
}

// A table d.t (id INT PRIMARY KEY, v INT), and an update of a row, by hand.
TEST(DebeziumEncoderTest, AnUpdateOfTheKeyIsADeleteAndACreate) {
  TableMap table;
  table.database = "d";
  table.table = "t";
  table.columns.resize(2);
  for (Column& column : table.columns) column.type = ColumnType::kLong;
  table.columns[0].name = "id";
  table.columns[1].name = "v";
  table.primary_key = {0};
  const std::string both = "\x03";
  const std::string images("\0\1\0\0\0\7\0\0\0\0\2\0\0\0\7\0\0\0", 18);
  RowsEvent rows;
  rows.operation = RowsEvent::Operation::kUpdate;
  rows.column_count = 2;
  rows.before_columns = rows.after_columns = ColumnBitmap(both);
  rows.images = images;
  DecodedEvent event;
  event.kind = EventKind::kUpdate;
  event.database = table.database;
  event.table = table.table;
  event.table_map = &table;
  event.rows = &rows;
  RecordBuffer out(true);
  ASSERT_TRUE(DebeziumEncoder(EncoderOptions()).Append(event, {"f", 100}, true, &out).ok());
  const std::vector<json> records = Parse(out);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["op"], "d");
  EXPECT_EQ(records[0]["before"], json::parse(R"({"id":1,"v":7})"));
  EXPECT_TRUE(records[0]["after"].is_null());
  EXPECT_EQ(records[1]["op"], "c");
  EXPECT_TRUE(records[1]["before"].is_null());
  EXPECT_EQ(records[1]["after"], json::parse(R"({"id":2,"v":7})"));
  ASSERT_EQ(out.records.size(), 3u);
  EXPECT_TRUE(out.records[1].tombstone);
  EXPECT_EQ(out.keys, R"({"id":1}{"id":1}{"id":2})");
}

}  // namespace
}  // namespace binlogd
