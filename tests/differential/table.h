// Generated tables, as they are and as they were.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/differential/column_type.h"

namespace binlogd::testing {

struct TableColumn {
  int number = 0;  // The same in two versions of a table when its values stayed what they were.
  std::string name;
  std::shared_ptr<const ColumnType> type;
  bool nullable = true;

  // As CREATE TABLE has it: "`c1` INT NULL".
  std::string Definition() const;
  // The name in backquotes.
  std::string Quoted() const;
};

// A table between two ALTER TABLE. Each has a column `id`, which tells its rows apart.
struct TableVersion {
  std::vector<TableColumn> columns;

  size_t IdIndex() const;
};

struct GeneratedTable {
  std::string name;
  std::string key;          // The key that it has, if any: "PRIMARY KEY (`id`)".
  int null_percent = 10;    // How many values are NULL.
  bool is_defined = false;  // Whether the model decodes it with its definition beside the log.
  bool is_partitioned = false;
  int64_t next_id = 1;  // Ids below were used.
  int next_column = 1;  // The number of the next new column.
  std::vector<TableVersion> versions;

  const TableVersion& current() const { return versions.back(); }
  // Whether mysqlbinlog knows all types that it ever had.
  bool DumpKnows() const;
  std::string CreateStatement() const;
  // A random value for a column, or NULL.
  std::string Value(const TableColumn& column, Random& random) const;
};

// Deals out types so that each comes once before one comes again.
class TypeDeck {
 public:
  TypeDeck(const ServerTraits* traits, Random* random) : traits_(*traits), random_(*random) {}
  std::unique_ptr<ColumnType> Deal();
  // One of these types, out of turn.
  std::unique_ptr<ColumnType> DealOf(const std::vector<ColumnTypeMaker>& makers) {
    return random_.Pick(makers)(traits_, random_);
  }

 private:
  const ServerTraits& traits_;
  Random& random_;
  std::vector<ColumnTypeMaker> deck_;
};

struct TablePlan {
  std::string name;
  size_t columns = 20;
  size_t widest = 65535;  // Bytes that a column may take of the row's.
  int null_percent = 10;
  std::vector<ColumnTypeMaker> only;  // The types that it may have; empty: those of the deck.
  bool has_primary_key = false;       // Else it has one by chance.
  bool dump_knows = false;            // Whether it is to have only types that mysqlbinlog knows.
};

// A table with `id`, at a random place, and as many other columns as planned, if the servers' limit for rows has room.
GeneratedTable MakeTable(const TablePlan& plan, TypeDeck* deck, Random* random);

// A new column of a type.
TableColumn MakeColumn(GeneratedTable* table, std::unique_ptr<ColumnType> type, Random* random);

}  // namespace binlogd::testing
