#include "binlog/table_map.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"

namespace binlogd {
namespace {

// The parsed table map of a captured table.
TableMap Captured(Flavor flavor, absl::string_view table) {
  for (const std::string& event : ReadGoldenLog(flavor).events) {
    if (ParseEventHeader(event)->type != EventType::kTableMap) continue;
    auto map = ParseTableMap(flavor, absl::string_view(event).substr(19, event.size() - 23), 6);
    if (map.ok() && map->table == table) return *map;
  }
  ADD_FAILURE() << "no table " << table;
  return TableMap();
}

const Column& Named(const TableMap& table, absl::string_view name) {
  for (const Column& column : table.columns) {
    if (column.name == name) return column;
  }
  ADD_FAILURE() << "no column " << name;
  return table.columns[0];
}

TEST(TableMapTest, BothServersTellTheSameOfTheSameTables) {
  for (const char* name : {"numbers", "texts", "times"}) {
    const TableMap mysql = Captured(Flavor::kMySql, name);
    const TableMap mariadb = Captured(Flavor::kMariaDb, name);
    ASSERT_EQ(mysql.columns.size(), mariadb.columns.size());
    EXPECT_EQ(mysql.database, "shop");
    EXPECT_EQ(mysql.primary_key, mariadb.primary_key);
    for (size_t i = 0; i < mysql.columns.size(); ++i) {
      EXPECT_EQ(mysql.columns[i].name, mariadb.columns[i].name);
      EXPECT_EQ(mysql.columns[i].type, mariadb.columns[i].type);
      EXPECT_EQ(mysql.columns[i].metadata, mariadb.columns[i].metadata);
      EXPECT_EQ(mysql.columns[i].is_unsigned, mariadb.columns[i].is_unsigned) << mysql.columns[i].name;
      EXPECT_EQ(mysql.columns[i].nullable, mariadb.columns[i].nullable);
      EXPECT_EQ(mysql.columns[i].labels, mariadb.columns[i].labels);
      if (mysql.columns[i].name == "e300") continue;  // Has the servers' default character sets, which differ.
      EXPECT_EQ(mysql.columns[i].charset, mariadb.columns[i].charset) << mysql.columns[i].name;
    }
  }
}

TEST(TableMapTest, TellsTypesSignsCharsetsLabelsAndKeys) {
  const TableMap numbers = Captured(Flavor::kMySql, "numbers");
  EXPECT_TRUE(numbers.has_names());
  EXPECT_EQ(numbers.primary_key, std::vector<uint32_t>{0});
  EXPECT_FALSE(Named(numbers, "t8").is_unsigned);
  EXPECT_TRUE(Named(numbers, "t8u").is_unsigned);
  EXPECT_TRUE(Named(numbers, "t8u").signedness_known);
  EXPECT_TRUE(Named(numbers, "d92").is_unsigned);
  EXPECT_TRUE(Named(numbers, "fu").is_unsigned);
  EXPECT_FALSE(Named(numbers, "id").nullable);
  const TableMap texts = Captured(Flavor::kMySql, "texts");
  EXPECT_EQ(Named(texts, "c").type, ColumnType::kString);
  EXPECT_EQ(Named(texts, "c").metadata, 40);
  EXPECT_EQ(Named(texts, "l1").charset, Charset::kLatin1);
  EXPECT_EQ(Named(texts, "bn").charset, Charset::kBinary);
  EXPECT_EQ(Named(texts, "bl").charset, Charset::kBinary);
  EXPECT_EQ(Named(texts, "cy").charset, Charset::kCp1251);
  EXPECT_EQ(Named(texts, "e").type, ColumnType::kEnum);
  EXPECT_EQ(Named(texts, "e").labels, (std::vector<std::string>{"red", "grün", ""}));
  EXPECT_EQ(Named(texts, "s").labels, (std::vector<std::string>{"a", "b", "ç"}));
  EXPECT_EQ(Captured(Flavor::kMySql, "pairs").primary_key, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(Captured(Flavor::kMySql, "odd \"na\\me").columns[1].name, "ünï");
}

TEST(TableMapTest, CharCanBeLongerThan255Bytes) {
  // CHAR(255) of 4 bytes each: 1020, whose bits 8 and 9 are hidden in the type.
  const auto map =
      ParseTableMap(Flavor::kMySql,
                    absl::StrCat(Little(7, 6), Little(1, 2), Little(1, 1), "d", Little(0, 1), Little(1, 1), "t",
                                 Little(0, 1), Little(1, 1), FromHex("fe02"), FromHex("cefc"), Little(0, 1)),
                    6);
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_EQ(map->columns[0].type, ColumnType::kString);
  EXPECT_EQ(map->columns[0].metadata, 1020);
}

TEST(TableMapTest, ReadsShortTableIds) {
  const std::string event = MakeTableMap();
  const std::string body = event.substr(kEventHeaderSize);
  EXPECT_EQ(ParseTableMap(Flavor::kMySql, body, 6)->table_id, 7u);
  EXPECT_EQ(ParseTableMap(Flavor::kMySql, body.substr(0, 4) + body.substr(6), 4)->table_id, 7u);
  EXPECT_EQ(TableIdSize(6), 4u);
  EXPECT_EQ(TableIdSize(8), 6u);
}

TEST(TableMapTest, RefusesContradictions) {
  const std::string body = MakeTableMap().substr(kEventHeaderSize);
  for (size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(ParseTableMap(Flavor::kMySql, body.substr(0, size), 6).ok()) << size;
  }
  const auto with = [&](absl::string_view digits) {
    return ParseTableMap(Flavor::kMySql, body + FromHex(digits), 6).status().code();
  };
  EXPECT_EQ(with("010180"), absl::StatusCode::kOk);            // Signedness.
  EXPECT_EQ(with("0100"), absl::StatusCode::kDataLoss);        // Of no column.
  EXPECT_EQ(with("0401"), absl::StatusCode::kDataLoss);        // A field longer than the event.
  EXPECT_EQ(with("04020561"), absl::StatusCode::kDataLoss);    // A name longer than its field.
  EXPECT_EQ(with("080105"), absl::StatusCode::kDataLoss);      // A key of a column that is not there.
  EXPECT_EQ(with("02032d002d"), absl::StatusCode::kDataLoss);  // A collation of a character column that is not there.
  EXPECT_EQ(with("c80161"), absl::StatusCode::kOk);            // A field of the future.
}

TEST(TableMapTest, RefusesWhatLiesAboutItsLength) {
  const auto parse = [](absl::string_view count, absl::string_view rest) {
    return ParseTableMap(Flavor::kMySql,
                         absl::StrCat(Little(7, 6), Little(1, 2), Little(1, 1), "d", Little(0, 1), Little(1, 1), "t",
                                      Little(0, 1), count, rest),
                         6)
        .status();
  };
  const std::string types(4096, '\3');
  EXPECT_TRUE(parse(FromHex("fc0010"), absl::StrCat(types, Little(0, 1), std::string(512, '\0'))).ok());
  EXPECT_EQ(parse(FromHex("fc0110"), absl::StrCat(types, "\3", Little(0, 1), std::string(513, '\0'))).message(),
            "a Table_map event of d.t has 4097 columns; no server's table has so many");
  EXPECT_EQ(parse(FromHex("feffffffffffffffff"), types).message(), "a Table_map event is cut short");
  EXPECT_EQ(parse(FromHex("01"), FromHex("03fe00000000ffffffff")).message(), "a Table_map event of d.t is cut short");
  EXPECT_EQ(parse(FromHex("02"), FromHex("0303ff")).message(), "a Table_map event of d.t is cut short");
  EXPECT_EQ(parse(FromHex("01"), FromHex("0f01ff00")).message(),
            "a Table_map event of d.t has too little type metadata");
}

}  // namespace
}  // namespace binlogd
