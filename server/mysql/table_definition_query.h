// A table's definition, from the source's information_schema.
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "binlog/flavor.h"
#include "binlog/position.h"
#include "binlog/table_definition.h"
#include "mysql/connection.h"

namespace binlogd {

struct FoundDefinition {
  std::shared_ptr<const TableDefinition> definition;  // Null when the source does not tell.
  std::string problem;                                // Why it does not.
  // The end of the log afterwards. Every statement that has changed what was read stands before it.
  Position log_end;
};

// Asks one server for definitions, over one connection. Not thread-safe.
class TableDefinitionQuery {
 public:
  // Prepares the session: short waits for locks, committed data only, every column shown.
  static absl::StatusOr<std::unique_ptr<TableDefinitionQuery>> Start(std::unique_ptr<Connection> connection,
                                                                     Flavor flavor);

  // UNAVAILABLE: connection lost, or a statement that is changing the table holds it for longer than the session waits.
  // CANCELLED: interrupted. All else that is wrong is a problem of the table.
  absl::StatusOr<FoundDefinition> Find(const TableName& name);

 private:
  TableDefinitionQuery(std::unique_ptr<Connection> connection, Flavor flavor)
      : connection_(std::move(connection)), flavor_(flavor) {}
  absl::Status PrepareSession();
  absl::Status ReadCollations();
  // Waits until no statement is changing the table. NOT_FOUND or PERMISSION_DENIED says why it cannot be seen.
  absl::Status WaitForTable(const TableName& name);
  absl::StatusOr<std::shared_ptr<const TableDefinition>> Read(const TableName& name);
  absl::Status ReadColumns(const TableName& name, TableDefinition* definition);
  absl::Status ReadKeys(const TableName& name, bool system_versioned, TableDefinition* definition);
  std::string WhereTable(const TableName& name) const;

  const std::unique_ptr<Connection> connection_;
  const Flavor flavor_;
  absl::flat_hash_map<std::string, uint32_t> collations_;  // Numbers by name.
};

// One row of information_schema.COLUMNS.
struct ColumnRow {
  std::string name;
  std::string data_type;    // "varchar"
  std::string column_type;  // "varchar(20)", "enum('a','b')"
  bool nullable = false;
  uint64_t octet_length = 0;
  uint64_t precision = 0;  // Numeric, or of a bit column its bits.
  uint64_t scale = 0;
  uint64_t fraction_digits = 0;
  uint32_t collation = 0;
};

// The column as a table map of the dialect describes it. Of type kNull when the type is not known.
Column ColumnFromRow(Flavor flavor, const ColumnRow& row);

}  // namespace binlogd
