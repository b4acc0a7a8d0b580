// The column types of generated tables: how a column is defined, which values it gets, and when a decoded value is
// right.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "binlog/table_map.h"
#include "tests/differential/decoded_value.h"
#include "tests/differential/random.h"
#include "tests/harness/mysql_server.h"

namespace binlogd::testing {

// One type with its parameters, such as DECIMAL(10,2) UNSIGNED. Immutable.
class ColumnType {
 public:
  virtual ~ColumnType() = default;

  // As CREATE TABLE has it, without NULL or NOT NULL.
  virtual std::string Definition() const = 0;
  // An expression for a random value, often one of the type's edges; never NULL by intention.
  virtual std::string Literal(Random& random) const = 0;
  // An expression for a new value of an existing row's `column`.
  virtual std::string Change(const std::string& column, Random& random) const {
    static_cast<void>(column);
    return Literal(random);
  }
  // What a SELECT reads so that its text tells the value exactly. The session's time zone is UTC.
  virtual std::string Select(const std::string& column) const { return column; }
  // Whether a decoded value, not NULL, is the one of which Select() gave `server`.
  virtual bool Agrees(const DecodedValue& decoded, absl::string_view server) const = 0;
  // Adds what a table's definition tells of the column and the log does not.
  virtual void Define(Column* column) const { static_cast<void>(column); }
  // Whether the server makes the value; statements then say DEFAULT.
  virtual bool IsGenerated() const { return false; }
  // What mysqlbinlog prints for a decoded value; nullopt where its print is ambiguous.
  virtual absl::optional<std::string> Printed(const DecodedValue& decoded) const {
    static_cast<void>(decoded);
    return absl::nullopt;
  }
  // Whether mysqlbinlog knows the type; it prints neither this column nor those after it when not.
  virtual bool DumpKnows() const { return true; }
  // At most so many bytes of the servers' limit for a row.
  virtual size_t RowBytes() const = 0;
};

// A character set of the server.
struct ServerCharset {
  std::string name;
  size_t most_bytes = 1;  // Of a character.
};

// What the server can do.
struct ServerTraits {
  ServerKind kind = ServerKind::kMySql97;
  std::vector<ServerCharset> charsets;
  bool old_temporals = false;  // Whether new tables have times in the form before MySQL 5.6.4 (MariaDB).
  bool compressed = true;      // Whether transactions may be compressed (MySQL).
  bool partial_json = true;    // Whether changes of JSON documents may be logged as differences (MySQL).

  bool mysql() const { return kind == ServerKind::kMySql97; }
};

// Makes a type with random parameters.
using ColumnTypeMaker = std::unique_ptr<ColumnType> (*)(const ServerTraits& traits, Random& random);

// The makers of all types that the server has. Each family of types has a file of its own.
std::vector<ColumnTypeMaker> AllColumnTypes(const ServerTraits& traits);
std::vector<ColumnTypeMaker> NumberTypes(const ServerTraits& traits);
std::vector<ColumnTypeMaker> TemporalTypes(const ServerTraits& traits);
std::vector<ColumnTypeMaker> TextTypes(const ServerTraits& traits);
std::vector<ColumnTypeMaker> LabelTypes(const ServerTraits& traits);
std::vector<ColumnTypeMaker> BinaryTypes(const ServerTraits& traits);
std::vector<ColumnTypeMaker> GeometryTypes(const ServerTraits& traits);
std::vector<ColumnTypeMaker> JsonTypes(const ServerTraits& traits);

// "x'00FF'"
inline std::string HexLiteral(absl::string_view bytes) { return "x'" + UpperHex(bytes) + "'"; }
// "_utf8mb4 x'C3A9'"
inline std::string TextLiteral(absl::string_view text) { return "_utf8mb4 " + HexLiteral(text); }

}  // namespace binlogd::testing
