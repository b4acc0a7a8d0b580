// What a logged statement is, told from its words.
#pragma once

#include <array>

#include "absl/strings/string_view.h"

namespace binlogd {

enum class StatementKind {
  kBegin,     // BEGIN, START TRANSACTION
  kCommit,    // COMMIT
  kRollback,  // ROLLBACK, but not ROLLBACK TO a savepoint
  kXaStart,   // XA START, XA BEGIN
  // CREATE TABLE … START TRANSACTION, as MySQL 8.0.21+ logs CREATE TABLE … SELECT: defines a table and opens a
  // transaction.
  kCreateTableStartTransaction,
  kDefinition,  // Neither reads nor changes rows: CREATE, ALTER, DROP, TRUNCATE, GRANT, …
  kOther,       // INSERT, UPDATE, SELECT, SET, SAVEPOINT, XA END, …, and what holds no words.
};

// Looks at the first words, past white space and comments; into the comments that the server runs ("/*!80000 … */").
StatementKind ClassifyStatement(absl::string_view statement);

// The first words, past white space and comments as above; empty where there are fewer.
std::array<absl::string_view, 4> LeadingWords(absl::string_view statement);

// Which tables a statement may define anew: give other columns, another name, or remove.
enum class DefinitionScope {
  kNone,         // It surely leaves every base table's columns as they are: it reads or changes rows, empties a table,
                 // or is about temporary tables, views, routines, triggers, events, accounts and privileges.
  kNamedTables,  // Those that its text names.
  kNamedDatabase,  // All of a database that its text names.
  kEverything,
};

// Never tells less than the statement may do; where a comment that only some servers run makes that unclear, more.
DefinitionScope ScopeOfStatement(absl::string_view statement);

}  // namespace binlogd
