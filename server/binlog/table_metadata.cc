#include "binlog/table_metadata.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/malformed.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

enum MetadataField : uint8_t {
  kSignedness = 1,
  kDefaultCharset = 2,
  kColumnCharset = 3,
  kColumnName = 4,
  kSetLabels = 5,
  kEnumLabels = 6,
  kSimplePrimaryKey = 8,
  kPrimaryKeyWithPrefix = 9,
  kEnumAndSetDefaultCharset = 10,
  kEnumAndSetColumnCharset = 11,
};

bool IsNumeric(const Column& column) {
  switch (column.type) {
    case ColumnType::kTiny:
    case ColumnType::kShort:
    case ColumnType::kInt24:
    case ColumnType::kLong:
    case ColumnType::kLongLong:
    case ColumnType::kNewDecimal:
    case ColumnType::kFloat:
    case ColumnType::kDouble:
    case ColumnType::kYear: return true;
    default: return false;
  }
}

bool IsCharacter(const Column& column) {
  switch (column.type) {
    case ColumnType::kString:
    case ColumnType::kVarString:
    case ColumnType::kVarchar:
    case ColumnType::kBlob: return true;
    default: return false;
  }
}

// The servers count different columns beside those as columns that have a character set.
bool IsMySqlCharacter(const Column& column) { return IsCharacter(column) || column.type == ColumnType::kVector; }
bool IsMariaDbCharacter(const Column& column) {
  return IsCharacter(column) || column.type == ColumnType::kMariaDbBlobCompressed ||
         column.type == ColumnType::kMariaDbVarcharCompressed || column.type == ColumnType::kGeometry;
}
bool IsEnum(const Column& column) { return column.type == ColumnType::kEnum; }
bool IsSet(const Column& column) { return column.type == ColumnType::kSet; }
bool IsEnumOrSet(const Column& column) { return IsEnum(column) || IsSet(column); }

using ColumnKind = bool (*)(const Column&);

void SetCollation(Flavor flavor, uint64_t collation, Column* column) {
  column->collation = static_cast<uint32_t>(collation);
  column->charset = CharsetOfCollation(flavor, column->collation);
}

// A bit for each numeric column, the highest first: 1 is unsigned.
bool ApplySignedness(ByteReader reader, TableMap* table) {
  uint8_t bits = 0;
  int left = 0;
  for (Column& column : table->columns) {
    if (!IsNumeric(column)) continue;
    if (left == 0) {
      if (!reader.ReadU8(&bits)) return false;
      left = 8;
    }
    column.is_unsigned = (bits >> --left & 1) != 0;
    column.signedness_known = true;
  }
  return true;
}

// The collation of most columns of the kind, then number (among them) and collation of each that differs.
bool ApplyDefaultCharset(Flavor flavor, ByteReader reader, ColumnKind is_of_kind, TableMap* table) {
  uint64_t collation = 0;
  if (!reader.ReadLengthEncoded(&collation)) return false;
  std::vector<Column*> columns;
  for (Column& column : table->columns) {
    if (!is_of_kind(column)) continue;
    SetCollation(flavor, collation, &column);
    columns.push_back(&column);
  }
  while (!reader.empty()) {
    uint64_t number = 0;
    if (!reader.ReadLengthEncoded(&number) || !reader.ReadLengthEncoded(&collation) || number >= columns.size()) {
      return false;
    }
    SetCollation(flavor, collation, columns[number]);
  }
  return true;
}

// A collation for each column of the kind.
bool ApplyColumnCharset(Flavor flavor, ByteReader reader, ColumnKind is_of_kind, TableMap* table) {
  for (Column& column : table->columns) {
    uint64_t collation = 0;
    if (!is_of_kind(column)) continue;
    if (!reader.ReadLengthEncoded(&collation)) return false;
    SetCollation(flavor, collation, &column);
  }
  return true;
}

bool ReadText(ByteReader* reader, absl::string_view* text) {
  uint64_t length = 0;
  return reader->ReadLengthEncoded(&length) && length <= reader->remaining() && reader->ReadBytes(length, text);
}

bool ApplyNames(ByteReader reader, TableMap* table) {
  for (Column& column : table->columns) {
    absl::string_view name;
    if (!ReadText(&reader, &name)) return false;
    column.name = ReplaceInvalidUtf8(name);
  }
  return true;
}

// For each column of the kind the number of its labels and each label, in the column's character set.
bool ApplyLabels(ByteReader reader, ColumnKind is_of_kind, TableMap* table) {
  for (Column& column : table->columns) {
    if (!is_of_kind(column)) continue;
    uint64_t count = 0;
    if (!reader.ReadLengthEncoded(&count) || count > reader.remaining()) return false;
    column.labels.clear();
    column.labels.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      absl::string_view label;
      if (!ReadText(&reader, &label)) return false;
      column.labels.emplace_back(label);
    }
  }
  return true;
}

// The numbers of the columns, each followed by the length of its prefix if `with_prefix`.
bool ApplyPrimaryKey(ByteReader reader, bool with_prefix, TableMap* table) {
  table->primary_key.clear();
  while (!reader.empty()) {
    uint64_t number = 0;
    uint64_t prefix = 0;
    if (!reader.ReadLengthEncoded(&number) || (with_prefix && !reader.ReadLengthEncoded(&prefix)) ||
        number >= table->columns.size()) {
      return false;
    }
    table->primary_key.push_back(static_cast<uint32_t>(number));
  }
  return true;
}

bool ApplyField(Flavor flavor, uint8_t field, ByteReader value, TableMap* table) {
  const ColumnKind is_character = flavor == Flavor::kMySql ? IsMySqlCharacter : IsMariaDbCharacter;
  switch (field) {
    case kSignedness: return ApplySignedness(value, table);
    case kDefaultCharset: return ApplyDefaultCharset(flavor, value, is_character, table);
    case kColumnCharset: return ApplyColumnCharset(flavor, value, is_character, table);
    case kColumnName: return ApplyNames(value, table);
    case kSetLabels: return ApplyLabels(value, IsSet, table);
    case kEnumLabels: return ApplyLabels(value, IsEnum, table);
    case kSimplePrimaryKey: return ApplyPrimaryKey(value, false, table);
    case kPrimaryKeyWithPrefix: return ApplyPrimaryKey(value, true, table);
    case kEnumAndSetDefaultCharset: return ApplyDefaultCharset(flavor, value, IsEnumOrSet, table);
    case kEnumAndSetColumnCharset: return ApplyColumnCharset(flavor, value, IsEnumOrSet, table);
    default: return true;
  }
}

// Labels come in the column's character set, which may be told after them.
void ConvertLabels(Column* column) {
  std::vector<std::string> labels;
  labels.reserve(column->labels.size());
  for (const std::string& label : column->labels) {
    std::string converted;
    if (!AppendAsUtf8(column->charset, label, &converted) || !IsUtf8(converted)) {
      column->labels.clear();
      return;
    }
    labels.push_back(std::move(converted));
  }
  column->labels = std::move(labels);
}

}  // namespace

// Layout: fields, each 1 byte type, length-encoded size and value.
absl::Status ApplyTableMetadata(Flavor flavor, absl::string_view metadata, TableMap* table) {
  ByteReader reader(metadata);
  while (!reader.empty()) {
    uint8_t field = 0;
    absl::string_view value;
    if (!reader.ReadU8(&field) || !ReadText(&reader, &value) || !ApplyField(flavor, field, ByteReader(value), table)) {
      return Malformed(absl::StrCat("a Table_map event of ", table->database, ".", table->table,
                                    " has malformed metadata in its field ", field));
    }
  }
  for (Column& column : table->columns) ConvertLabels(&column);
  return absl::OkStatus();
}

}  // namespace binlogd
