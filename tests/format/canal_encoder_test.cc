#include "format/canal_encoder.h"

#include <gtest/gtest.h>

#include "format/canal_value.h"
#include "tests/format/format_testing.h"

namespace binlogd {
namespace {

using nlohmann::json;
using testing::EncodeGoldenLog;
using testing::Parse;

std::vector<json> OfTable(Flavor flavor, const std::string& table) {
  return testing::RecordsOfTable(EventFormat::kCanalJson, flavor, table);
}

TEST(CanalEncoderTest, ARecordForEachRowEvent) {
  const std::vector<json> pairs = OfTable(Flavor::kMySql, "pairs");
  const json expected = json::parse(R"text({"id":10810,"database":"shop","table":"pairs","type":"UPDATE","isDdl":false,
      "es":1795409022000,"ts":null,"gtid":"17ba520f-e6f5-11f1-8fa6-02fc00000001:17","sql":"","pkNames":["a","b"],
      "sqlType":{"a":4,"b":4,"v":12},"mysqlType":{"a":"int","b":"int","v":"varchar(20)"},
      "data":[{"a":"1","b":"1","v":"one!"},{"a":"2","b":"2","v":"two!"}],"old":[{"v":"one"},{"v":"two"}]})text");
  EXPECT_EQ(pairs.at(1), expected);
  EXPECT_EQ(pairs[0]["type"], "INSERT");
  EXPECT_TRUE(pairs[0]["old"].is_null());
  EXPECT_EQ(pairs[3]["type"], "DELETE");
  EXPECT_EQ(pairs[3]["data"][1], json::parse(R"({"a":"2","b":"2","v":null})"));
}

TEST(CanalEncoderTest, EveryValueIsAStringOrNull) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    size_t values = 0;
    for (const json& record : Parse(EncodeGoldenLog(EventFormat::kCanalJson, flavor))) {
      if (record["data"].is_null()) continue;
      for (const json& row : record["data"]) {
        for (const auto& [name, value] : row.items()) {
          ++values;
          EXPECT_TRUE(value.is_string() || value.is_null()) << name << " " << value;
        }
      }
    }
    EXPECT_GT(values, 200u);
  }
}

TEST(CanalEncoderTest, TypesAndValues) {
  const json numbers = OfTable(Flavor::kMySql, "numbers").at(1);
  const json& row = numbers["data"][0];
  EXPECT_EQ(row["t8u"], "18446744073709551615");
  EXPECT_EQ(numbers["mysqlType"]["t8u"], "bigint unsigned");
  EXPECT_EQ(numbers["sqlType"]["t8u"], 3) << "DECIMAL, which is large enough";
  EXPECT_EQ(numbers["mysqlType"]["d92"], "decimal(9,2) unsigned");
  EXPECT_EQ(row["d92"], "9999999.99");
  EXPECT_EQ(numbers["mysqlType"]["bit13"], "bit(13)");
  EXPECT_EQ(row["bit13"], "8191");
  EXPECT_EQ(numbers["mysqlType"]["y"], "year");
  const json texts = OfTable(Flavor::kMySql, "texts").at(0);
  EXPECT_EQ(texts["mysqlType"]["c"], "char(10)");
  EXPECT_EQ(texts["mysqlType"]["u16"], "varchar(20)");
  EXPECT_EQ(texts["mysqlType"]["bn"], "binary(5)");
  EXPECT_EQ(texts["mysqlType"]["mt"], "mediumtext");
  EXPECT_EQ(texts["mysqlType"]["tb"], "tinyblob");
  EXPECT_EQ(texts["mysqlType"]["e"], "enum('red','grün','')");
  EXPECT_EQ(texts["sqlType"]["lb"], 2004);
  EXPECT_EQ(texts["sqlType"]["lt"], 2005);
  EXPECT_EQ(texts["data"][0]["e"], "2") << "by number";
  EXPECT_EQ(texts["data"][0]["s"], "5") << "as a bit mask";
  EXPECT_EQ(texts["data"][0]["bn"], std::string("\0\xc3\xbf\0\0\0", 6)) << "a character for each byte";
  const json times = OfTable(Flavor::kMySql, "times").at(0);
  EXPECT_EQ(times["mysqlType"]["t6"], "time(6)");
  EXPECT_EQ(times["data"][0]["ts"], "0000-00-00 00:00:00");
  EXPECT_EQ(OfTable(Flavor::kMySql, "documents").at(0)["data"][0]["j"], "null") << "the document";
}

TEST(CanalEncoderTest, WhatTheLogDoesNotTellIsNoType) {
  Column column;
  column.type = ColumnType::kLong;
  EXPECT_EQ(CanalMySqlType(column), "") << "signed or not";
  column.type = ColumnType::kBlob;
  column.metadata = 2;
  EXPECT_EQ(CanalMySqlType(column), "") << "TEXT or BLOB";
  column.type = ColumnType::kString;
  column.charset = Charset::kBinary;
  column.metadata = 16;
  EXPECT_EQ(CanalMySqlType(column), "binary(16)");
  column.fixed_binary = FixedBinaryType::kUuid;
  EXPECT_EQ(CanalMySqlType(column), "uuid");
  EXPECT_EQ(CanalSqlType(column), 1) << "its values are text";
  column.type = ColumnType::kDatetime2;
  column.metadata = 3;
  EXPECT_EQ(CanalMySqlType(column), "datetime(3)");
}

TEST(CanalEncoderTest, Statements) {
  std::map<std::string, json> by_sql;
  for (const json& record : Parse(EncodeGoldenLog(EventFormat::kCanalJson, Flavor::kMySql))) {
    by_sql[record["sql"].get<std::string>().substr(0, 12)] = record;
  }
  EXPECT_EQ(by_sql["create table"]["type"], "CREATE");
  EXPECT_EQ(by_sql["create table"]["isDdl"], true);
  EXPECT_TRUE(by_sql["create table"]["data"].is_null());
  EXPECT_EQ(by_sql["create datab"]["type"], "QUERY");
  EXPECT_EQ(by_sql["DROP TABLE `"]["type"], "ERASE");
  EXPECT_EQ(by_sql["update pairs"]["type"], "QUERY");
  EXPECT_EQ(by_sql["update pairs"]["isDdl"], false) << "logged as a statement";
}

}  // namespace
}  // namespace binlogd
