#include "mysql/table_definition_query.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "mysql/server_info.h"

namespace binlogd {
namespace {

// Numbers of the servers' errors, the same in both dialects.
constexpr unsigned kUnknownDatabase = 1049;
constexpr unsigned kUnknownTable = 1109;
constexpr unsigned kTableAccessDenied = 1142;
constexpr unsigned kDatabaseAccessDenied = 1044;
constexpr unsigned kNoSuchTable = 1146;
constexpr unsigned kLockWaitTimeout = 1205;

// A connection that is lost or interrupted ends the search; all else is about the table.
bool EndsSearch(const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsCancelled(status); }

std::string Identifier(absl::string_view name) {
  return absl::StrCat("`", absl::StrReplaceAll(name, {{"`", "``"}}), "`");
}

uint64_t Number(const std::optional<std::string>& text) {
  uint64_t number = 0;
  return text && absl::SimpleAtoi(*text, &number) ? number : 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TableDefinitionQuery>> TableDefinitionQuery::Start(
    std::unique_ptr<Connection> connection, Flavor flavor) {
  std::unique_ptr<TableDefinitionQuery> query(new TableDefinitionQuery(std::move(connection), flavor));
  RETURN_IF_ERROR(query->PrepareSession());
  RETURN_IF_ERROR(query->ReadCollations());
  return query;
}

absl::Status TableDefinitionQuery::PrepareSession() {
  RETURN_IF_ERROR(connection_->Query("SET SESSION autocommit = 1, lock_wait_timeout = 10, sql_mode = ''").status());
  // Else a change that is undone later could be seen.
  RETURN_IF_ERROR(connection_->Query("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").status());
  if (flavor_ == Flavor::kMySql) {
    // From 8.0.30 on; servers before it hide nothing.
    const absl::Status shown =
        connection_->Query("SET SESSION show_gipk_in_create_table_and_information_schema = ON").status();
    if (EndsSearch(shown)) return shown;
  }
  return absl::OkStatus();
}

absl::Status TableDefinitionQuery::ReadCollations() {
  absl::StatusOr<ResultSet> collations = absl::UnknownError("");
  if (flavor_ == Flavor::kMariaDb) {  // From 10.10 on a collation's number depends on the character set.
    collations = connection_->Query(
        "SELECT FULL_COLLATION_NAME, ID FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY");
    if (EndsSearch(collations.status())) return collations.status();
  }
  if (!collations.ok()) {
    collations = connection_->Query("SELECT COLLATION_NAME, ID FROM information_schema.COLLATIONS");
  }
  RETURN_IF_ERROR(collations.status());
  for (const ResultRow& row : collations->rows) {
    if (row[0]) collations_[*row[0]] = static_cast<uint32_t>(Number(row[1]));
  }
  return absl::OkStatus();
}

absl::StatusOr<FoundDefinition> TableDefinitionQuery::Find(const TableName& name) {
  FoundDefinition found;
  // A statement that creates the table may be in the log already and not be visible yet: before reading, wait for it.
  // Another may be visible already and not be in the log yet: before asking for the log's end, wait for that.
  absl::Status status = WaitForTable(name);
  if (status.ok()) {
    absl::StatusOr<std::shared_ptr<const TableDefinition>> read = Read(name);
    status = read.ok() ? WaitForTable(name) : read.status();
    if (status.ok()) found.definition = *std::move(read);
  }
  if (EndsSearch(status)) return status;
  found.problem = std::string(status.message());
  ASSIGN_OR_RETURN(found.log_end, EndOfLogPlace(*connection_, flavor_));
  return found;
}

// SHOW CREATE TABLE takes a shared lock on the table's metadata, which waits for a statement that changes the table to
// be done with all it does, its place in the log included. Reading information_schema does not wait (MySQL 8).
absl::Status TableDefinitionQuery::WaitForTable(const TableName& name) {
  const absl::Status status =
      connection_->Query(absl::StrCat("SHOW CREATE TABLE ", Identifier(name.database), ".", Identifier(name.table)))
          .status();
  if (status.ok() || EndsSearch(status)) return status;
  switch (connection_->error_number()) {
    case kLockWaitTimeout:
      return absl::UnavailableError(
          absl::StrCat("the definition of ", name.ToString(), " cannot be read: a statement is changing the table"));
    case kUnknownDatabase:
    case kUnknownTable:
    case kNoSuchTable: return absl::NotFoundError("the source has no such table any more");
    case kTableAccessDenied:
    case kDatabaseAccessDenied:
      return absl::PermissionDeniedError(
          absl::StrCat("the account may not see the table; grant it SELECT on ", name.ToString()));
    default: return status;
  }
}

std::string TableDefinitionQuery::WhereTable(const TableName& name) const {
  return absl::StrCat(" WHERE TABLE_SCHEMA = ", connection_->Quote(name.database),
                      " AND TABLE_NAME = ", connection_->Quote(name.table));
}

absl::StatusOr<std::shared_ptr<const TableDefinition>> TableDefinitionQuery::Read(const TableName& name) {
  ASSIGN_OR_RETURN(const ResultSet table, connection_->Query(absl::StrCat(
                                              "SELECT TABLE_TYPE FROM information_schema.TABLES", WhereTable(name))));
  const std::string type = table.First("TABLE_TYPE").value_or("");
  const bool system_versioned = type == "SYSTEM VERSIONED";
  if (type != "BASE TABLE" && type != "SEQUENCE" && !system_versioned) {
    return absl::NotFoundError("the source has no such table any more");
  }
  auto definition = std::make_shared<TableDefinition>();
  RETURN_IF_ERROR(ReadColumns(name, definition.get()));
  RETURN_IF_ERROR(ReadKeys(name, system_versioned, definition.get()));
  return definition;
}

absl::Status TableDefinitionQuery::ReadColumns(const TableName& name, TableDefinition* definition) {
  ASSIGN_OR_RETURN(const ResultSet result,
                   connection_->Query(absl::StrCat(
                       "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, "
                       "CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, COLLATION_NAME "
                       "FROM information_schema.COLUMNS",
                       WhereTable(name), " ORDER BY ORDINAL_POSITION")));
  for (const ResultRow& row : result.rows) {
    // The comparison may have ignored case, where names that differ in case are different tables.
    if (row[0] != name.database || row[1] != name.table) continue;
    ColumnRow column;
    column.name = row[2].value_or("");
    column.data_type = row[3].value_or("");
    column.column_type = row[4].value_or("");
    column.nullable = row[5] == "YES";
    column.octet_length = Number(row[6]);
    column.precision = Number(row[7]);
    column.scale = Number(row[8]);
    column.fraction_digits = Number(row[9]);
    const auto collation = collations_.find(row[10].value_or(""));
    if (collation != collations_.end()) column.collation = collation->second;
    if (column.name.empty()) return absl::InternalError("the source tells a column without a name");
    definition->columns.push_back(ColumnFromRow(flavor_, column));
  }
  if (definition->columns.empty()) {
    return absl::PermissionDeniedError(
        absl::StrCat("the account may not see its columns; grant it SELECT on ", name.ToString()));
  }
  return absl::OkStatus();
}

// The primary key, and the columns that MariaDB adds behind those that it tells of: first the time of a row's version,
// where the definition does not name it, then a hash for each unique key that is too long for an index.
absl::Status TableDefinitionQuery::ReadKeys(const TableName& name, bool system_versioned, TableDefinition* definition) {
  ASSIGN_OR_RETURN(const ResultSet table,
                   connection_->Query(absl::StrCat("SELECT ENGINE FROM information_schema.TABLES", WhereTable(name))));
  ASSIGN_OR_RETURN(const ResultSet keys,
                   connection_->Query(absl::StrCat(
                       "SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME, INDEX_TYPE, COLUMN_NAME, SEQ_IN_INDEX FROM "
                       "information_schema.STATISTICS",
                       WhereTable(name), " ORDER BY INDEX_NAME, SEQ_IN_INDEX")));
  std::vector<Column>& columns = definition->columns;
  size_t hashes = 0;
  const bool hash_is_added = flavor_ == Flavor::kMariaDb && table.First("ENGINE") != "MEMORY";
  for (const ResultRow& row : keys.rows) {
    if (row[0] != name.database || row[1] != name.table) continue;
    if (row[2] == "PRIMARY") {
      const auto column = std::find_if(columns.begin(), columns.end(),
                                       [&row](const Column& c) { return c.name == row[4].value_or(""); });
      if (column == columns.end()) return absl::InternalError("the source tells a key of a column that it does not");
      definition->primary_key.push_back(static_cast<uint32_t>(column - columns.begin()));
    } else if (hash_is_added && row[3] == "HASH" && row[5] == "1") {
      ++hashes;
    }
  }
  if (system_versioned) {
    ASSIGN_OR_RETURN(const ResultSet shown, connection_->Query(absl::StrCat(
                                                "SELECT COLUMN_NAME FROM information_schema.COLUMNS", WhereTable(name),
                                                " AND GENERATION_EXPRESSION IN ('ROW START', 'ROW END')")));
    if (shown.rows.empty()) {
      for (const char* added : {"row_start", "row_end"}) {
        Column& column = columns.emplace_back();
        column.name = added;
        column.type = ColumnType::kTimestamp2;
        column.metadata = 6;
      }
      if (!definition->primary_key.empty()) {
        definition->primary_key.push_back(static_cast<uint32_t>(columns.size() - 1));
      }
    }
  }
  for (size_t i = 1; i <= hashes; ++i) {
    Column& column = columns.emplace_back();
    column.name = absl::StrCat("DB_ROW_HASH_", i);
    column.type = ColumnType::kLongLong;
    column.nullable = column.is_unsigned = column.signedness_known = true;
  }
  return absl::OkStatus();
}

}  // namespace binlogd
