#include "binlog/rows.h"

#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "tests/binlog/events.h"

namespace binlogd {
namespace {

using Kind = ColumnValue::Kind;

TableMap Table(std::vector<Column> columns) {
  TableMap table;
  table.database = "shop";
  table.table = "t";
  table.columns = std::move(columns);
  return table;
}

Column Typed(ColumnType type, uint16_t metadata = 0, Charset charset = Charset::kNotTold) {
  Column column;
  column.type = type;
  column.metadata = metadata;
  column.charset = charset;
  return column;
}

// Decodes one value of a table of one column.
struct Decoded {
  absl::Status status;
  ColumnValue::Kind kind = Kind::kAbsent;
  int64_t number = 0;
  std::string text;
};
Decoded DecodeOne(const Column& column, absl::string_view digits) {
  const std::string body =
      absl::StrCat(Little(7, 6), Little(1, 2), Little(1, 1), Little(1, 1), Little(0, 1), FromHex(digits));
  const TableMap table = Table({column});
  RowsEvent rows;
  Decoded decoded;
  decoded.status = ParseRowsEvent(EventType::kWriteRowsV1, body, 6, &rows);
  if (!decoded.status.ok()) return decoded;
  RowCursor cursor(rows, table);
  if (cursor.Next()) {
    decoded.kind = cursor.values()[0].kind;
    decoded.number = cursor.values()[0].int_value;
    decoded.text = std::string(cursor.values()[0].text);
    EXPECT_FALSE(cursor.Next());
  }
  decoded.status = cursor.status();
  return decoded;
}

TEST(RowsTest, DefinitionsTellWhatTheLogDoesNot) {
  Column uuid = Typed(ColumnType::kString, 16, Charset::kBinary);
  EXPECT_EQ(DecodeOne(uuid, "0201ff").kind, Kind::kBinary);
  uuid.fixed_binary = FixedBinaryType::kUuid;
  EXPECT_EQ(DecodeOne(uuid, "0201ff").text, "01ff0000-0000-0000-0000-000000000000");
  EXPECT_EQ(DecodeOne(uuid, "0201ff").kind, Kind::kText);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kTime, 1), "01cce05f").text, "-00:00:00.1");
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kTimestamp, 2), "0000000114").text, "1970-01-01 00:00:01.20");
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kDatetime, 6), "0000000000000000").text, "0000-00-00 00:00:00.000000");
}

// MariaDB's TIMESTAMP(1) of the old form, whose digits nobody told: the byte left over is taken for the next row.
TEST(RowsTest, ARowThatADigitTooManyMakesIsAnError) {
  Column id = Typed(ColumnType::kTiny);
  const std::string rows_body =
      absl::StrCat(Little(7, 6), Little(1, 2), Little(2, 1), Little(3, 1), FromHex("000165e0a12303"));
  RowsEvent rows;
  ASSERT_TRUE(ParseRowsEvent(EventType::kWriteRowsV1, rows_body, 6, &rows).ok());
  TableMap table = Table({id, Typed(ColumnType::kTimestamp)});
  RowCursor cursor(rows, table);
  EXPECT_TRUE(cursor.Next());
  EXPECT_FALSE(cursor.Next());
  EXPECT_EQ(cursor.status().code(), absl::StatusCode::kDataLoss) << cursor.status();
}

TEST(RowsTest, WithoutMetadataIntegersAreSignedAndTextIsText) {
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kTiny), "ff").number, -1);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kInt24), "ffffff").number, -1);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kLongLong), "ffffffffffffff7f").number, INT64_MAX);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kVarchar, 10), "026162").kind, Kind::kText);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kVarchar, 300), "02006162").text, "ab");
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kEnum, 1), "02").number, 2);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kSet, 2), "0201").number, 0x102);
}

TEST(RowsTest, PadsBinaryAndOnlyBinary) {
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kString, 4, Charset::kBinary), "0161").text, std::string("a\0\0\0", 4));
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kString, 4, Charset::kUtf8), "0161").text, "a");
}

TEST(RowsTest, TextThatCannotBeConvertedIsBinary) {
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kVarchar, 10, Charset::kOther), "01ef").kind, Kind::kBinary);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kVarchar, 10, Charset::kAscii), "0161").kind, Kind::kText);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kVarchar, 10, Charset::kAscii), "02c3a9").kind, Kind::kBinary);
  const Decoded cut = DecodeOne(Typed(ColumnType::kVarchar, 10, Charset::kUtf16), "03006100");
  EXPECT_EQ(cut.kind, Kind::kBinary);
  EXPECT_EQ(cut.text, std::string("\0a\0", 3));
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kVarchar, 10, Charset::kLatin1), "01e9").text, "é");
}

TEST(RowsTest, LabelsOfEnumAndSet) {
  Column e = Typed(ColumnType::kEnum, 1);
  e.labels = {"a", "b"};
  EXPECT_EQ(DecodeOne(e, "02").text, "b");
  EXPECT_EQ(DecodeOne(e, "00").text, "");
  EXPECT_EQ(DecodeOne(e, "00").kind, Kind::kText);
  EXPECT_FALSE(DecodeOne(e, "03").status.ok());
  Column s = Typed(ColumnType::kSet, 1);
  s.labels = {"a", "b", "c"};
  EXPECT_EQ(DecodeOne(s, "05").text, "a,c");
  EXPECT_EQ(DecodeOne(s, "00").text, "");
  EXPECT_FALSE(DecodeOne(s, "08").status.ok());
  Column wide = Typed(ColumnType::kSet, 8);
  wide.labels.assign(64, "x");
  EXPECT_EQ(DecodeOne(wide, "0100000000000080").text, "x,x");
}

TEST(RowsTest, ErrorsNameTableColumnAndType) {
  Column column = Typed(ColumnType::kDatetime2, 0);
  EXPECT_EQ(DecodeOne(column, "ffffffffff").status.message(),
            "shop.t column @1 (DATETIME): the bytes are no value of the column's type");
  column.name = "when";
  EXPECT_EQ(DecodeOne(column, "ffffffffff").status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kLong), "0102").status.message(),
            "shop.t column @1 (INT): the value is cut short");
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kFloat), "0000807f").status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kBit, 0x0008), "01").status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeOne(Typed(ColumnType::kBit, 0x0901), "000000000000000000").status.code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(DecodeOne(Typed(static_cast<ColumnType>(200)), "00").status.message(),
            "shop.t column @1 (type 200): the log does not tell how values of this type are stored");
}

TEST(RowsTest, ChecksTheNumberOfColumns) {
  RowsEvent rows;
  ASSERT_TRUE(ParseRowsEvent(EventType::kWriteRowsV1, MakeWriteRows(1).substr(kEventHeaderSize), 6, &rows).ok());
  const TableMap table = Table({Typed(ColumnType::kLong), Typed(ColumnType::kLong)});
  RowCursor cursor(rows, table);
  EXPECT_FALSE(cursor.Next());
  EXPECT_EQ(cursor.status().code(), absl::StatusCode::kDataLoss);
}

TEST(RowsTest, AnUpdateNeedsBothImages) {
  // One column in both images; the before image only.
  const std::string body = absl::StrCat(Little(7, 6), Little(1, 2),
                                        FromHex("010101"
                                                "0005000000"));
  RowsEvent rows;
  ASSERT_TRUE(ParseRowsEvent(EventType::kUpdateRowsV1, body, 6, &rows).ok());
  const TableMap table = Table({Typed(ColumnType::kLong)});
  RowCursor cursor(rows, table);
  EXPECT_TRUE(cursor.Next());
  EXPECT_TRUE(cursor.is_before());
  EXPECT_FALSE(cursor.Next());
  EXPECT_EQ(cursor.status().message(), "a row event of shop.t lacks an after image");
}

// An image without columns takes no bytes, so it cannot be told how many there are.
TEST(RowsTest, ImagesWithoutColumnsEndInAnError) {
  const std::string body = absl::StrCat(Little(7, 6), Little(1, 2),
                                        FromHex("0100"
                                                "55"));
  RowsEvent rows;
  ASSERT_TRUE(ParseRowsEvent(EventType::kWriteRowsV1, body, 6, &rows).ok());
  const TableMap table = Table({Typed(ColumnType::kLong)});
  RowCursor cursor(rows, table);
  EXPECT_FALSE(cursor.Next());
  EXPECT_EQ(cursor.status().code(), absl::StatusCode::kDataLoss);
}

// PARTIAL_UPDATE_ROWS: the after image has options before it; the JSON column's bit says whether it holds differences.
class PartialJsonTest : public testing::Test {
 protected:
  // The texts of the second column, or why there are none.
  std::string Run(absl::string_view bitmaps, absl::string_view images) {
    const std::string body =
        absl::StrCat(Little(7, 6), Little(1, 2), Little(2, 2), Little(3, 1), FromHex(bitmaps), FromHex(images));
    RowsEvent rows;
    EXPECT_TRUE(ParseRowsEvent(EventType::kPartialUpdateRows, body, 6, &rows).ok());
    RowCursor cursor(rows, table_);
    std::string seen;
    while (cursor.Next()) {
      const ColumnValue& value = cursor.values()[1];
      absl::StrAppend(&seen, value.kind == Kind::kJsonDiff ? "diff " : "", value.kind == Kind::kJson ? "json " : "",
                      value.text, "; ");
    }
    return cursor.status().ok() ? seen : std::string(cursor.status().message());
  }

  // id INT, document JSON, other JSON.
  const TableMap table_ = Table({Typed(ColumnType::kLong), Typed(ColumnType::kJson, 4), Typed(ColumnType::kJson, 4)});
  // Row 1, {"a": 1}, true.
  static constexpr char kBefore[] = "00 01000000 0d000000 0001000c000b00010005010061 02000000 0401";
};

std::string Digits(absl::string_view spaced) { return absl::StrReplaceAll(spaced, {{" ", ""}}); }

TEST_F(PartialJsonTest, DifferencesAreAppliedToTheBeforeImage) {
  const std::string before = Digits(kBefore);
  // No options, and a document.
  EXPECT_EQ(Run("0707", before + Digits("00 00 01000000 02000000 0402 02000000 0402")),
            "json {\"a\": 1}; json false; ");
  EXPECT_EQ(Run("0707", before + Digits("01 00 00 01000000 02000000 0402 02000000 0402")),
            "json {\"a\": 1}; json false; ");
  // Replace $.a by true.
  const std::string difference = Digits("08000000 00 03 242e61 02 0401");
  EXPECT_EQ(Run("0707", before + Digits("01 01 00 01000000") + difference + Digits("02000000 0402")),
            "json {\"a\": 1}; json {\"a\": true}; ");
  // No differences.
  EXPECT_EQ(Run("0707", before + Digits("01 01 00 01000000 00000000 02000000 0402")),
            "json {\"a\": 1}; json {\"a\": 1}; ");
  // The bits count all JSON columns of the table, those that the image lacks too.
  EXPECT_EQ(Run("0702", before + Digits("01 01 00") + difference), "json {\"a\": 1}; json {\"a\": true}; ");
  EXPECT_EQ(Run("0702", before + Digits("01 02 00 02000000 0402")), "json {\"a\": 1}; json false; ");
  // Each row has its own before image.
  const std::string row = before + Digits("01 01 00") + difference;
  EXPECT_EQ(Run("0702", row + row), "json {\"a\": 1}; json {\"a\": true}; json {\"a\": 1}; json {\"a\": true}; ");
}

TEST_F(PartialJsonTest, WithoutTheDocumentTheDifferencesAreTold) {
  const std::string difference = Digits("08000000 00 03 242e61 02 0401");
  EXPECT_EQ(Run("0102", Digits("00 01000000 01 01 00") + difference),
            "; diff [{\"op\": \"replace\", \"path\": \"$.a\", \"value\": true}]; ");
  // A row before it that has one says nothing of this one.
  EXPECT_EQ(Run("0302", Digits("02 01000000 01 01 00") + difference),
            "shop.t column @2 (JSON): differences of a document that was NULL");
}

TEST_F(PartialJsonTest, Malformed) {
  const std::string before = Digits(kBefore);
  EXPECT_EQ(Run("0702", before + "02"), "a row image has the unknown options 2");
  EXPECT_EQ(Run("0702", before + "01"), "a row image is cut short");
  EXPECT_EQ(Run("0702", before + Digits("01 01 00 08000000 00")), "shop.t column @2 (JSON): the value is cut short");
  EXPECT_EQ(Run("0702", before + Digits("01 01 00 08000000 00 03 242e62 02 0401")),
            "shop.t column @2 (JSON): JSON: a difference does not fit the document: operation 0");
}

TEST(RowsTest, RefusesTruncatedEvents) {
  for (const EventType type : {EventType::kWriteRows, EventType::kUpdateRows, EventType::kDeleteRows}) {
    const std::string body = FromHex(
        "070000000000"
        "0100"
        "0200"
        "ff");
    for (size_t size = 0; size <= body.size(); ++size) {
      RowsEvent rows;
      EXPECT_FALSE(ParseRowsEvent(type, body.substr(0, size), 6, &rows).ok());
    }
  }
  RowsEvent rows;
  EXPECT_FALSE(ParseRowsEvent(EventType::kXid, "", 6, &rows).ok());
  // More columns than any event can hold.
  EXPECT_FALSE(ParseRowsEvent(EventType::kWriteRowsV1, FromHex("0700000000000100feffffffffffffffff00"), 6, &rows).ok());
}

}  // namespace
}  // namespace binlogd
