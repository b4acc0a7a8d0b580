#include "format/canal_value.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "format/foreign_value.h"
#include "format/json_writer.h"

namespace binlogd {
namespace {

using Kind = ColumnValue::Kind;

// Of java.sql.Types.
enum SqlType {
  kSqlBit = -7,
  kSqlTinyint = -6,
  kSqlBigint = -5,
  kSqlChar = 1,
  kSqlDecimal = 3,
  kSqlInteger = 4,
  kSqlSmallint = 5,
  kSqlReal = 7,
  kSqlDouble = 8,
  kSqlVarchar = 12,
  kSqlDate = 91,
  kSqlTime = 92,
  kSqlTimestamp = 93,
  kSqlOther = 1111,
  kSqlBlob = 2004,
  kSqlClob = 2005,
};

// The most bytes that a character takes in the character sets of a range of collations, sorted.
struct CharacterWidth {
  uint16_t first;
  uint16_t last;
  uint8_t bytes;
};
constexpr CharacterWidth kWidths[] = {
    {3, 3, 1},       {5, 5, 1},       {8, 8, 1},       {11, 11, 1},     {15, 15, 1},     {31, 31, 1},
    {33, 33, 3},     {35, 35, 2},     {45, 46, 4},     {47, 49, 1},     {54, 56, 4},     {60, 62, 4},
    {65, 65, 1},     {76, 76, 3},     {83, 83, 3},     {90, 90, 2},     {94, 94, 1},     {101, 124, 4},
    {128, 151, 2},   {159, 159, 2},   {160, 183, 4},   {192, 223, 3},   {224, 247, 4},   {255, 323, 4},
    {576, 607, 3},   {608, 639, 4},   {640, 671, 2},   {672, 703, 4},   {736, 767, 4},   {1032, 1032, 1},
    {1057, 1057, 3}, {1069, 1070, 4}, {1071, 1073, 1}, {1107, 1107, 3}, {1216, 1247, 3}, {1248, 1271, 4},
    {2048, 2303, 3}, {2304, 2559, 4},
};

// 0 when it is not known.
size_t CharacterBytes(uint32_t collation) {
  for (const CharacterWidth& width : kWidths) {
    if (collation < width.first) break;
    if (collation <= width.last) return width.bytes;
  }
  return 0;
}

bool IsInteger(ColumnType type) {
  return type == ColumnType::kTiny || type == ColumnType::kShort || type == ColumnType::kInt24 ||
         type == ColumnType::kLong || type == ColumnType::kLongLong;
}

std::string WithLength(absl::string_view name, size_t length) { return absl::StrCat(name, "(", length, ")"); }

std::string WithDigits(absl::string_view name, size_t digits) {
  return digits == 0 ? std::string(name) : WithLength(name, digits);
}

std::string WithSign(const Column& column, std::string name) {
  return column.is_unsigned ? absl::StrCat(name, " unsigned") : name;
}

std::string WithLabels(absl::string_view name, const Column& column) {
  std::string type(name);
  for (size_t i = 0; i < column.labels.size(); ++i) {
    absl::StrAppend(&type, i == 0 ? "('" : ",'", absl::StrReplaceAll(column.labels[i], {{"'", "''"}}), "'");
  }
  if (!column.labels.empty()) type.push_back(')');
  return type;
}

// CHAR, VARCHAR and their kin of bytes, whose metadata is a length in bytes.
std::string StringType(const Column& column, absl::string_view text_name, absl::string_view bytes_name) {
  switch (column.fixed_binary) {
    case FixedBinaryType::kNotTold: break;
    case FixedBinaryType::kUuid: return "uuid";
    case FixedBinaryType::kInet6: return "inet6";
    case FixedBinaryType::kInet4: return "inet4";
  }
  if (HoldsBytes(column)) return WithLength(bytes_name, column.metadata);
  if (column.charset == Charset::kNotTold) return std::string();
  const size_t width = CharacterBytes(column.collation);
  return width == 0 ? std::string(text_name) : WithLength(text_name, column.metadata / width);
}

// Metadata: bytes of the length.
std::string BlobType(const Column& column) {
  constexpr absl::string_view kPrefixes[] = {"tiny", "", "medium", "long"};
  if (column.charset == Charset::kNotTold) return std::string();
  const size_t size = column.metadata >= 1 && column.metadata <= 4 ? column.metadata - 1 : 1;
  return absl::StrCat(kPrefixes[size], HoldsBytes(column) ? "blob" : "text");
}

}  // namespace

void AppendCanalValue(const Column& column, const ColumnValue& value, std::string* out) {
  // By number, as the log has them: the labels stand in mysqlType.
  if (column.type == ColumnType::kEnum || column.type == ColumnType::kSet) {
    out->push_back('"');
    AppendJsonInteger(value.uint_value, out);
    out->push_back('"');
    return;
  }
  if (value.kind == Kind::kBinary && HoldsBytes(column)) return AppendJsonBytes(value.text, out);
  if (value.kind == Kind::kText || value.kind == Kind::kBinary || value.kind == Kind::kJson) {
    if (value.kind == Kind::kBinary) return AppendJsonBinary(value.text, out);
    return AppendJsonText(value.text, out);
  }
  if (value.kind == Kind::kTemporal || value.kind == Kind::kJsonDiff) return AppendForeignValue(column, value, out);
  out->push_back('"');
  AppendForeignValue(column, value, out);
  out->push_back('"');
}

int CanalSqlType(const Column& column) {
  // An unsigned integer has the type that is large enough for it.
  const bool is_unsigned = column.is_unsigned;
  switch (column.type) {
    case ColumnType::kTiny: return is_unsigned ? kSqlSmallint : kSqlTinyint;
    case ColumnType::kShort: return is_unsigned ? kSqlInteger : kSqlSmallint;
    case ColumnType::kInt24: return kSqlInteger;
    case ColumnType::kLong: return is_unsigned ? kSqlBigint : kSqlInteger;
    case ColumnType::kLongLong: return is_unsigned ? kSqlDecimal : kSqlBigint;
    case ColumnType::kOldDecimal:
    case ColumnType::kNewDecimal: return kSqlDecimal;
    case ColumnType::kFloat: return kSqlReal;
    case ColumnType::kDouble: return kSqlDouble;
    case ColumnType::kBit:
    case ColumnType::kSet: return kSqlBit;
    case ColumnType::kEnum: return kSqlInteger;
    case ColumnType::kDate:
    case ColumnType::kNewDate: return kSqlDate;
    case ColumnType::kTime:
    case ColumnType::kTime2: return kSqlTime;
    case ColumnType::kTimestamp:
    case ColumnType::kTimestamp2:
    case ColumnType::kDatetime:
    case ColumnType::kDatetime2: return kSqlTimestamp;
    case ColumnType::kYear:
    case ColumnType::kJson: return kSqlVarchar;
    case ColumnType::kString: return HoldsBytes(column) ? kSqlBlob : kSqlChar;
    case ColumnType::kVarchar:
    case ColumnType::kVarString:
    case ColumnType::kMariaDbVarcharCompressed: return HoldsBytes(column) ? kSqlBlob : kSqlVarchar;
    case ColumnType::kTinyBlob:
    case ColumnType::kMediumBlob:
    case ColumnType::kLongBlob:
    case ColumnType::kBlob:
    case ColumnType::kMariaDbBlobCompressed: return HoldsBytes(column) ? kSqlBlob : kSqlClob;
    case ColumnType::kGeometry:
    case ColumnType::kVector: return kSqlBlob;
    case ColumnType::kNull:
    case ColumnType::kTypedArray: break;
  }
  return kSqlOther;
}

std::string CanalMySqlType(const Column& column) {
  if (IsInteger(column.type) && !column.signedness_known) return std::string();
  switch (column.type) {
    case ColumnType::kNewDecimal:
      return WithSign(column, absl::StrCat("decimal(", column.metadata & 0xff, ",", column.metadata >> 8, ")"));
    case ColumnType::kYear: return "year";
    case ColumnType::kBit: return WithLength("bit", BitWidth(column));
    case ColumnType::kTime2: return WithDigits("time", column.metadata);
    case ColumnType::kDatetime2: return WithDigits("datetime", column.metadata);
    case ColumnType::kTimestamp2: return WithDigits("timestamp", column.metadata);
    case ColumnType::kEnum: return WithLabels("enum", column);
    case ColumnType::kSet: return WithLabels("set", column);
    case ColumnType::kString: return StringType(column, "char", "binary");
    case ColumnType::kVarchar:
    case ColumnType::kVarString:
    case ColumnType::kMariaDbVarcharCompressed: return StringType(column, "varchar", "varbinary");
    case ColumnType::kTinyBlob:
    case ColumnType::kMediumBlob:
    case ColumnType::kLongBlob:
    case ColumnType::kBlob:
    case ColumnType::kMariaDbBlobCompressed: return BlobType(column);
    default: return WithSign(column, absl::AsciiStrToLower(ColumnTypeName(column.type)));
  }
}

}  // namespace binlogd
