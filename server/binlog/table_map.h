// The event that describes a table's columns before its rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/charset.h"
#include "binlog/flavor.h"
#include "binlog/mariadb_types.h"

namespace binlogd {

// Column types as the log numbers them (MySQL: enum_field_types; of MariaDB's own only 140 and 141 stand in table
// maps).
enum class ColumnType : uint8_t {
  kOldDecimal = 0,
  kTiny = 1,
  kShort = 2,
  kLong = 3,
  kFloat = 4,
  kDouble = 5,
  kNull = 6,
  kTimestamp = 7,
  kLongLong = 8,
  kInt24 = 9,
  kDate = 10,
  kTime = 11,
  kDatetime = 12,
  kYear = 13,
  kNewDate = 14,
  kVarchar = 15,
  kBit = 16,
  kTimestamp2 = 17,
  kDatetime2 = 18,
  kTime2 = 19,
  kTypedArray = 20,
  kMariaDbBlobCompressed = 140,
  kMariaDbVarcharCompressed = 141,
  kVector = 242,
  kJson = 245,
  kNewDecimal = 246,
  kEnum = 247,
  kSet = 248,
  kTinyBlob = 249,
  kMediumBlob = 250,
  kLongBlob = 251,
  kBlob = 252,
  kVarString = 253,
  kString = 254,
  kGeometry = 255,
};

// The servers' word for a type: "INT", "VARCHAR"; for a number that is none, "type N".
std::string ColumnTypeName(ColumnType type);

// One column, from the types, the type metadata and the optional metadata of the table map.
struct Column {
  ColumnType type = ColumnType::kNull;  // The real type: ENUM and SET are told from CHAR, which the log stores alike.
  // As the type defines it: precision and scale, length, digits of a second, bytes of a length. The log has none for
  // kTime, kDatetime and kTimestamp; where their definition tells digits, which only MariaDB has in that form, these go
  // here.
  uint16_t metadata = 0;
  FixedBinaryType fixed_binary = FixedBinaryType::kNotTold;  // Of a kString; from its definition only.
  bool nullable = false;
  bool is_unsigned = false;  // From optional metadata SIGNEDNESS.
  bool signedness_known = false;
  uint32_t collation = 0;               // Of a character column, enum or set; 0 when not told.
  Charset charset = Charset::kNotTold;  // Of the collation.
  std::string name;                     // UTF-8; empty when not told.
  // Of an enum or set, in UTF-8; empty when not told, or in a character set that is not converted.
  std::vector<std::string> labels;
};

// Layout after the header: 6 table id, 2 flags; then 1 length of schema, schema, zero; 1 length of table, table, zero;
// length-encoded number of columns; a type for each; length-encoded size of the type metadata, the metadata; a bit for
// each column that may be NULL; then optional metadata, MySQL 8.0.1+ and MariaDB 10.5+. Names are UTF-8; a byte that is
// not becomes U+FFFD.
struct TableMap {
  uint64_t table_id = 0;
  std::string database;
  std::string table;
  std::vector<Column> columns;
  std::vector<uint32_t> primary_key;  // Indexes into columns; empty when not told.
  bool has_names() const { return !columns.empty() && !columns[0].name.empty(); }
};

// Bytes of a table id in table maps and row events, from the length of their fixed part.
inline size_t TableIdSize(uint8_t post_header_length) { return post_header_length == 6 ? 4 : 6; }

// `body` has neither header nor checksum; `flavor` is the server's, which decides whose character sets are told;
// `table_id_size` is 4 for post-header length 6, else 6. DATA_LOSS when it is cut short or contradicts itself.
absl::StatusOr<TableMap> ParseTableMap(Flavor flavor, absl::string_view body, size_t table_id_size);

}  // namespace binlogd
