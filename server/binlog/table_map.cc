#include "binlog/table_map.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/malformed.h"
#include "binlog/table_metadata.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

// Both servers' limit. A column takes a byte in the event and far more here.
constexpr uint64_t kMostColumns = 4096;

// Bytes of type metadata of a column; kTypedArray has that of its elements after one byte of their type.
size_t MetadataSize(ColumnType type) {
  switch (type) {
    case ColumnType::kFloat:
    case ColumnType::kDouble:
    case ColumnType::kBlob:
    case ColumnType::kTinyBlob:
    case ColumnType::kMediumBlob:
    case ColumnType::kLongBlob:
    case ColumnType::kGeometry:
    case ColumnType::kJson:
    case ColumnType::kVector:
    case ColumnType::kTimestamp2:
    case ColumnType::kDatetime2:
    case ColumnType::kTime2:
    case ColumnType::kMariaDbBlobCompressed: return 1;
    case ColumnType::kBit:
    case ColumnType::kVarchar:
    case ColumnType::kVarString:
    case ColumnType::kString:
    case ColumnType::kEnum:
    case ColumnType::kSet:
    case ColumnType::kNewDecimal:
    case ColumnType::kMariaDbVarcharCompressed: return 2;
    default: return 0;
  }
}

// CHAR, ENUM and SET are all stored as kString. Metadata: 1 byte real type, 1 byte length; a length above 255 has its
// bits 8 and 9, inverted, in bits 4 and 5 of the type, which are all set in the types themselves. Afterwards `metadata`
// is the length in bytes.
void TellStringApart(Column* column) {
  constexpr uint16_t kTypeBits = 0x30;
  const uint16_t type = column->metadata & 0xff;
  const uint16_t length = column->metadata >> 8;
  column->type = static_cast<ColumnType>(type | kTypeBits);
  column->metadata = static_cast<uint16_t>(length | ((type & kTypeBits) ^ kTypeBits) << 4);
  if (column->type != ColumnType::kEnum && column->type != ColumnType::kSet) column->type = ColumnType::kString;
}

bool ReadTypeMetadata(ByteReader* reader, Column* column) {
  ColumnType type = column->type;
  if (type == ColumnType::kTypedArray) {
    uint8_t element = 0;
    if (!reader->ReadU8(&element)) return false;
    type = static_cast<ColumnType>(element);
  }
  uint64_t metadata = 0;
  if (!reader->ReadUnsigned(MetadataSize(type), &metadata)) return false;
  column->metadata = static_cast<uint16_t>(metadata);
  if (column->type == ColumnType::kString) TellStringApart(column);
  return true;
}

bool ReadName(ByteReader* reader, std::string* name) {
  uint8_t length = 0;
  absl::string_view text;
  if (!reader->ReadU8(&length) || !reader->ReadBytes(length, &text) || !reader->Skip(1)) return false;
  *name = ReplaceInvalidUtf8(text);
  return true;
}

}  // namespace

std::string ColumnTypeName(ColumnType type) {
  switch (type) {
    case ColumnType::kOldDecimal: return "old DECIMAL";
    case ColumnType::kTiny: return "TINYINT";
    case ColumnType::kShort: return "SMALLINT";
    case ColumnType::kLong: return "INT";
    case ColumnType::kFloat: return "FLOAT";
    case ColumnType::kDouble: return "DOUBLE";
    case ColumnType::kNull: return "NULL";
    case ColumnType::kTimestamp:
    case ColumnType::kTimestamp2: return "TIMESTAMP";
    case ColumnType::kLongLong: return "BIGINT";
    case ColumnType::kInt24: return "MEDIUMINT";
    case ColumnType::kDate:
    case ColumnType::kNewDate: return "DATE";
    case ColumnType::kTime:
    case ColumnType::kTime2: return "TIME";
    case ColumnType::kDatetime:
    case ColumnType::kDatetime2: return "DATETIME";
    case ColumnType::kYear: return "YEAR";
    case ColumnType::kMariaDbVarcharCompressed:
    case ColumnType::kVarString:
    case ColumnType::kVarchar: return "VARCHAR";
    case ColumnType::kBit: return "BIT";
    case ColumnType::kTypedArray: return "typed array";
    case ColumnType::kVector: return "VECTOR";
    case ColumnType::kJson: return "JSON";
    case ColumnType::kNewDecimal: return "DECIMAL";
    case ColumnType::kEnum: return "ENUM";
    case ColumnType::kSet: return "SET";
    case ColumnType::kTinyBlob: return "TINYBLOB";
    case ColumnType::kMediumBlob: return "MEDIUMBLOB";
    case ColumnType::kLongBlob: return "LONGBLOB";
    case ColumnType::kMariaDbBlobCompressed:
    case ColumnType::kBlob: return "BLOB";
    case ColumnType::kString: return "CHAR";
    case ColumnType::kGeometry: return "GEOMETRY";
  }
  return absl::StrCat("type ", static_cast<int>(type));
}

absl::StatusOr<TableMap> ParseTableMap(Flavor flavor, absl::string_view body, size_t table_id_size) {
  ByteReader reader(body);
  TableMap table;
  uint16_t flags = 0;
  uint64_t count = 0;
  absl::string_view types;
  if (!reader.ReadUnsigned(table_id_size, &table.table_id) || !reader.ReadU16(&flags) ||
      !ReadName(&reader, &table.database) || !ReadName(&reader, &table.table) || !reader.ReadLengthEncoded(&count) ||
      !reader.ReadBytes(count, &types)) {
    return Malformed("a Table_map event is cut short");
  }
  const auto error = [&table](absl::string_view problem) {
    return Malformed(absl::StrCat("a Table_map event of ", table.database, ".", table.table, " ", problem));
  };
  if (count > kMostColumns) return error(absl::StrCat("has ", count, " columns; no server's table has so many"));
  uint64_t metadata_size = 0;
  absl::string_view metadata;
  absl::string_view nullable;
  if (!reader.ReadLengthEncoded(&metadata_size) || !reader.ReadBytes(metadata_size, &metadata) ||
      !reader.ReadBytes((count + 7) / 8, &nullable)) {
    return error("is cut short");
  }
  table.columns.resize(count);
  ByteReader metadata_reader(metadata);
  for (size_t i = 0; i < count; ++i) {
    Column& column = table.columns[i];
    column.type = static_cast<ColumnType>(types[i]);
    column.nullable = (static_cast<uint8_t>(nullable[i / 8]) >> (i % 8) & 1) != 0;
    if (!ReadTypeMetadata(&metadata_reader, &column)) return error("has too little type metadata");
  }
  if (!metadata_reader.empty()) return error("has more type metadata than its columns take");
  RETURN_IF_ERROR(ApplyTableMetadata(flavor, reader.rest(), &table));
  return table;
}

}  // namespace binlogd
