// What is known of a table from elsewhere than the log: the columns that table maps without names do not tell.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "binlog/flavor.h"
#include "binlog/statement.h"
#include "binlog/table_map.h"

namespace binlogd {

// A table's full name, UTF-8, as table maps have it.
struct TableName {
  std::string database;
  std::string table;

  // "`shop`.`orders`", for messages.
  std::string ToString() const;
  friend bool operator==(const TableName&, const TableName&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const TableName& name) {
    return H::combine(std::move(h), name.database, name.table);
  }
};

// A table's columns as its table maps would describe them under full metadata. Immutable once shared.
struct TableDefinition {
  // All that a table map tells, type metadata included; `charset` is not used, `collation` is 0 for columns that have
  // none.
  std::vector<Column> columns;
  std::vector<uint32_t> primary_key;  // Indexes into columns; empty when there is none.
};

// Whether a definition could tell more than the table map does: names, and of MariaDB's columns under full metadata
// which BINARY is a UUID or an address and how many digits a time of MariaDB's own form has.
bool LacksDefinition(Flavor flavor, const TableMap& table);

bool SameDefinition(const TableDefinition& a, const TableDefinition& b);

// Whether the definition agrees with all that the table map tells: number of columns, types and their metadata, which
// may be NULL, and signs, collations, names and primary key if it tells them.
bool DefinitionFits(const TableDefinition& definition, const TableMap& table);

// Adds to the table map what it does not tell: names, primary key, signs, collations, labels. The definition fits.
void ApplyDefinition(Flavor flavor, const TableDefinition& definition, TableMap* table);

// A logged statement, made ready to be asked which tables it may define anew. A copy of its text is kept.
class DefiningStatement {
 public:
  explicit DefiningStatement(absl::string_view statement);
  // Something that may have changed any table.
  static DefiningStatement Everything() { return DefiningStatement(DefinitionScope::kEverything); }

  // False: no table changes.
  bool defines() const { return scope_ != DefinitionScope::kNone; }
  // False only when the table surely keeps its columns. A table with a name that could be spelled in several ways may
  // be touched by every statement that defines something.
  bool MayTouch(const TableName& name) const;
  size_t size() const { return lower_case_text_.size(); }

 private:
  explicit DefiningStatement(DefinitionScope scope) : scope_(scope) {}

  DefinitionScope scope_;
  std::string lower_case_text_;
};

// The definitions in force for a run of events, by table: for a decoder. A table that is there without a definition is
// one whose columns are not known. Filled by one thread, then immutable and shared.
class TableDefinitions {
 public:
  // Adds to a table map what it does not tell, if a definition is there that fits.
  void Complete(Flavor flavor, TableMap* table) const;
  // Whether `definition` may be set: the table has none yet, or the same.
  bool Accepts(const TableName& name, const std::shared_ptr<const TableDefinition>& definition) const;
  void Set(const TableName& name, std::shared_ptr<const TableDefinition> definition);
  bool empty() const { return definitions_.empty(); }

 private:
  absl::flat_hash_map<TableName, std::shared_ptr<const TableDefinition>> definitions_;
};

}  // namespace binlogd
