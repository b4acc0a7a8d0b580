#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "mysql/table_definition_query.h"

namespace binlogd {
namespace {

constexpr uint32_t kBinaryCollation = 63;

// 'a','b''c','d\\e' with a backslash before what would not show; false when it is something else.
bool ParseLabels(absl::string_view text, std::vector<std::string>* labels) {
  while (!text.empty()) {
    if (text[0] != '\'') return false;
    std::string label;
    size_t i = 1;
    for (;; ++i) {
      if (i >= text.size()) return false;
      char c = text[i];
      if (c == '\'') {
        if (i + 1 >= text.size() || text[i + 1] != '\'') break;
        ++i;
      } else if (c == '\\') {
        if (++i >= text.size()) return false;
        c = text[i] == 'n' ? '\n' : text[i] == 'r' ? '\r' : text[i] == '0' ? '\0' : text[i];
      }
      label.push_back(c);
    }
    labels->push_back(std::move(label));
    text.remove_prefix(i + 1);
    if (text.empty()) return true;
    if (text[0] != ',' || text.size() == 1) return false;
    text.remove_prefix(1);
  }
  return false;
}

void SetLabels(const ColumnRow& row, Column* column) {
  const size_t open = row.column_type.find('(');
  const size_t close = row.column_type.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open ||
      !ParseLabels(absl::string_view(row.column_type).substr(open + 1, close - open - 1), &column->labels)) {
    column->type = ColumnType::kNull;
    return;
  }
  // Bytes of a value.
  const size_t count = column->labels.size();
  const size_t set_bytes = (count + 7) / 8;
  column->metadata = static_cast<uint16_t>(column->type == ColumnType::kEnum ? (count < 256 ? 1 : 2)
                                           : set_bytes > 4                   ? 8
                                                                             : set_bytes);
}

struct TypeName {
  ColumnType type;
  uint16_t metadata;  // Where it is the same for all columns of the type.
};

const absl::flat_hash_map<absl::string_view, TypeName>& TypesByName() {
  static const auto* const types = new absl::flat_hash_map<absl::string_view, TypeName>{
      {"tinyint", {ColumnType::kTiny, 0}},
      {"smallint", {ColumnType::kShort, 0}},
      {"mediumint", {ColumnType::kInt24, 0}},
      {"int", {ColumnType::kLong, 0}},
      {"bigint", {ColumnType::kLongLong, 0}},
      {"float", {ColumnType::kFloat, 4}},
      {"double", {ColumnType::kDouble, 8}},
      {"decimal", {ColumnType::kNewDecimal, 0}},
      {"bit", {ColumnType::kBit, 0}},
      {"year", {ColumnType::kYear, 0}},
      {"date", {ColumnType::kDate, 0}},
      {"time", {ColumnType::kTime2, 0}},
      {"datetime", {ColumnType::kDatetime2, 0}},
      {"timestamp", {ColumnType::kTimestamp2, 0}},
      {"char", {ColumnType::kString, 0}},
      {"binary", {ColumnType::kString, 0}},
      {"varchar", {ColumnType::kVarchar, 0}},
      {"varbinary", {ColumnType::kVarchar, 0}},
      {"tinytext", {ColumnType::kBlob, 1}},
      {"tinyblob", {ColumnType::kBlob, 1}},
      {"text", {ColumnType::kBlob, 2}},
      {"blob", {ColumnType::kBlob, 2}},
      {"mediumtext", {ColumnType::kBlob, 3}},
      {"mediumblob", {ColumnType::kBlob, 3}},
      {"longtext", {ColumnType::kBlob, 4}},
      {"longblob", {ColumnType::kBlob, 4}},
      {"json", {ColumnType::kJson, 4}},
      {"enum", {ColumnType::kEnum, 0}},
      {"set", {ColumnType::kSet, 0}},
      {"geometry", {ColumnType::kGeometry, 4}},
      {"point", {ColumnType::kGeometry, 4}},
      {"linestring", {ColumnType::kGeometry, 4}},
      {"polygon", {ColumnType::kGeometry, 4}},
      {"multipoint", {ColumnType::kGeometry, 4}},
      {"multilinestring", {ColumnType::kGeometry, 4}},
      {"multipolygon", {ColumnType::kGeometry, 4}},
      {"geometrycollection", {ColumnType::kGeometry, 4}},
      {"geomcollection", {ColumnType::kGeometry, 4}},
      {"vector", {ColumnType::kVector, 4}},
      {"uuid", {ColumnType::kString, 16}},
      {"inet6", {ColumnType::kString, 16}},
      {"inet4", {ColumnType::kString, 4}},
  };
  return *types;
}

FixedBinaryType FixedBinaryOf(absl::string_view data_type) {
  if (data_type == "uuid") return FixedBinaryType::kUuid;
  if (data_type == "inet6") return FixedBinaryType::kInet6;
  return data_type == "inet4" ? FixedBinaryType::kInet4 : FixedBinaryType::kNotTold;
}

bool IsSignedOrNot(ColumnType type) {
  switch (type) {
    case ColumnType::kTiny:
    case ColumnType::kShort:
    case ColumnType::kInt24:
    case ColumnType::kLong:
    case ColumnType::kLongLong:
    case ColumnType::kFloat:
    case ColumnType::kDouble:
    case ColumnType::kNewDecimal: return true;
    default: return false;
  }
}

bool HoldsBytes(ColumnType type) {
  return type == ColumnType::kString || type == ColumnType::kVarchar || type == ColumnType::kBlob ||
         type == ColumnType::kMariaDbVarcharCompressed || type == ColumnType::kMariaDbBlobCompressed;
}

void SetCompressed(Column* column) {
  if (column->type == ColumnType::kVarchar) {
    column->type = ColumnType::kMariaDbVarcharCompressed;
    ++column->metadata;  // A byte says how the value is compressed.
  } else if (column->type == ColumnType::kBlob) {
    column->type = ColumnType::kMariaDbBlobCompressed;
  }
}

}  // namespace

Column ColumnFromRow(Flavor flavor, const ColumnRow& row) {
  Column column;
  column.name = row.name;
  column.nullable = row.nullable;
  column.collation = row.collation;
  const auto known = TypesByName().find(row.data_type);
  if (known == TypesByName().end()) return column;
  column.type = known->second.type;
  column.metadata = known->second.metadata;
  if (column.type == ColumnType::kVector && flavor == Flavor::kMariaDb) {  // There it is a kind of VARBINARY.
    column.type = ColumnType::kVarchar;
    column.metadata = 0;
  }
  switch (column.type) {
    case ColumnType::kNewDecimal: column.metadata = static_cast<uint16_t>(row.precision | row.scale << 8); break;
    case ColumnType::kBit: column.metadata = static_cast<uint16_t>(row.precision % 8 | (row.precision / 8) << 8); break;
    case ColumnType::kTime2:
    case ColumnType::kDatetime2:
    case ColumnType::kTimestamp2: column.metadata = static_cast<uint16_t>(row.fraction_digits); break;
    case ColumnType::kString:
    case ColumnType::kVarchar:
      if (column.metadata == 0) column.metadata = static_cast<uint16_t>(row.octet_length);
      break;
    case ColumnType::kEnum:
    case ColumnType::kSet: SetLabels(row, &column); break;
    default: break;
  }
  column.fixed_binary = FixedBinaryOf(row.data_type);
  if (IsSignedOrNot(column.type)) {
    column.signedness_known = true;
    column.is_unsigned = absl::StrContains(row.column_type, " unsigned");
  } else if (column.type == ColumnType::kYear) {
    column.signedness_known = column.is_unsigned = true;
  }
  if (absl::StrContains(row.column_type, "COMPRESSED*/")) SetCompressed(&column);
  if (column.collation == 0 && HoldsBytes(column.type)) column.collation = kBinaryCollation;
  return column;
}

}  // namespace binlogd
