#include "tests/differential/workload.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"

namespace binlogd::testing {
namespace {

constexpr size_t kValuesOfStatement = 400;
constexpr size_t kMostRows = 20;

}  // namespace

Workload::Workload(const ServerTraits* traits, Connection* connection, Random* random)
    : traits_(*traits), connection_(*connection), random_(*random), deck_(traits, random) {}

absl::StatusOr<bool> Workload::Run(const std::string& sql) {
  ++statements_;
  const absl::StatusOr<ResultSet> result = connection_.Query(sql);
  if (result.ok()) return true;
  if (absl::IsUnavailable(result.status())) return result.status();
  ++refused_;
  Refusal& refusal = refusals_[connection_.error_number()];
  constexpr size_t kShown = 300;
  if (refusal.count++ == 0) refusal.example = absl::StrCat(result.status().message(), " -- ", sql.substr(0, kShown));
  return false;
}

std::string Workload::RefusalReport() const {
  std::string report;
  for (const auto& [number, refusal] : refusals_) {
    absl::StrAppend(&report, "error ", number, ": ", refusal.count, " times: ", refusal.example, "\n");
  }
  return report;
}

absl::Status Workload::CreateTable(const TablePlan& plan, TypeDeck* deck) {
  // A table that the server does not take, mostly for the length of its rows, is dealt anew.
  for (int i = 0; i < 10; ++i) {
    GeneratedTable table = MakeTable(plan, deck, &random_);
    ASSIGN_OR_RETURN(const bool taken, Run(table.CreateStatement()));
    if (!taken) continue;
    // Their digits stand in no log.
    table.is_defined |= traits_.old_temporals;
    tables_.push_back(std::move(table));
    return absl::OkStatus();
  }
  return absl::InternalError(absl::StrCat("no table can be made:\n", RefusalReport()));
}

absl::Status Workload::CreateTables() {
  constexpr size_t kAnyWidth = 65535;
  constexpr size_t kNarrow = 16;
  RETURN_IF_ERROR(ChangeSessionSettings());
  const auto size = [this](int64_t least, int64_t most) { return static_cast<size_t>(random_.Between(least, most)); };
  const std::vector<TablePlan> plans = {{"mixed one", 16, kAnyWidth, 5, {}, false, false},
                                        {"mixed_two", 25, kAnyWidth, 10, {}, false, true},
                                        {"small", size(1, 9), kAnyWidth, 0, {}, false, false},
                                        {"nulls", size(20, 40), kAnyWidth, 90, {}, false, true},
                                        {"wide", size(100, 400), kNarrow, 20, {}, false, true},
                                        {"documents", 3, kAnyWidth, 5, JsonTypes(traits_), true, true}};
  for (const TablePlan& plan : plans) RETURN_IF_ERROR(CreateTable(plan, &deck_));
  return absl::OkStatus();
}

// What a session may set for itself.
absl::Status Workload::ChangeSessionSettings() {
  const std::vector<std::string> images = {"FULL", "MINIMAL", "NOBLOB"};
  const std::vector<std::string> modes = {"", "ALLOW_INVALID_DATES"};
  const std::vector<std::string> zones = {"+00:00", "-11:30", "+05:45", "+13:00"};
  std::vector<std::string> statements = {"SET NAMES utf8mb4", "SET innodb_strict_mode = OFF",
                                         absl::StrCat("SET sql_mode = '", random_.Pick(modes), "'"),
                                         absl::StrCat("SET time_zone = '", random_.Pick(zones), "'"),
                                         absl::StrCat("SET binlog_row_image = ", random_.Pick(images))};
  if (traits_.mysql()) {
    statements.push_back(
        absl::StrCat("SET binlog_transaction_compression = ", random_.Chance(40) && traits_.compressed ? 1 : 0));
    statements.push_back(absl::StrCat("SET binlog_row_value_options = '",
                                      random_.Chance(40) && traits_.partial_json ? "PARTIAL_JSON" : "", "'"));
  }
  for (const std::string& statement : statements) RETURN_IF_ERROR(Run(statement).status());
  return absl::OkStatus();
}

std::string Workload::InsertStatement(GeneratedTable* table, const char* verb, int64_t first_id, size_t rows) {
  std::vector<std::string> tuples;
  for (size_t row = 0; row < rows; ++row) {
    std::vector<std::string> values;
    for (const TableColumn& column : table->current().columns) {
      values.push_back(column.name == "id" ? absl::StrCat(first_id + static_cast<int64_t>(row))
                                           : table->Value(column, random_));
    }
    tuples.push_back(absl::StrCat("(", absl::StrJoin(values, ", "), ")"));
  }
  return absl::StrCat(verb, " INTO `", table->name, "` VALUES ", absl::StrJoin(tuples, ", "));
}

absl::Status Workload::Insert(GeneratedTable* table) {
  const size_t columns = table->current().columns.size();
  const size_t most = std::min(kMostRows, kValuesOfStatement / columns + 1);
  const size_t rows = random_.Chance(15) ? 1 : random_.Below(most) + 1;
  const std::string statement = InsertStatement(table, "INSERT", table->next_id, rows);
  table->next_id += static_cast<int64_t>(rows);
  return Run(statement).status();
}

absl::Status Workload::InsertCopies(GeneratedTable* table) {
  const int64_t last = UsedId(*table);
  const int64_t first = std::max<int64_t>(1, last - random_.Between(1, 15));
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (const TableColumn& column : table->current().columns) {
    if (column.type->IsGenerated()) continue;
    names.push_back(column.Quoted());
    values.push_back(column.name == "id" ? absl::StrCat("id + ", table->next_id - first) : column.Quoted());
  }
  table->next_id += last - first + 1;
  return Run(absl::StrCat("INSERT INTO `", table->name, "` (", absl::StrJoin(names, ", "), ") SELECT ",
                          absl::StrJoin(values, ", "), " FROM `", table->name, "` WHERE id BETWEEN ", first, " AND ",
                          last))
      .status();
}

absl::Status Workload::Fill(size_t values) {
  for (GeneratedTable& table : tables_) {
    const size_t rows = values / tables_.size() / table.current().columns.size() + 1;
    // Single columns would take many rows.
    constexpr int64_t kMost = 600;
    const int64_t last = table.next_id + std::min(static_cast<int64_t>(rows), kMost);
    while (table.next_id < last) RETURN_IF_ERROR(Insert(&table));
  }
  return absl::OkStatus();
}

int64_t Workload::UsedId(const GeneratedTable& table) { return random_.Between(1, table.next_id); }

std::string Workload::SomeRows(const GeneratedTable& table) {
  const int64_t id = UsedId(table);
  if (random_.Chance(70)) return absl::StrCat("id = ", id);
  return absl::StrCat("id BETWEEN ", id, " AND ", id + random_.Between(1, 5));
}

std::string Workload::Assignments(const GeneratedTable& table, const std::string& prefix) {
  const std::vector<TableColumn>& columns = table.current().columns;
  const int percent = random_.Chance(25) ? 100 : random_.Chance(50) ? 20 : 0;
  const size_t always = random_.Below(columns.size());
  std::vector<std::string> assignments;
  for (size_t i = 0; i < columns.size(); ++i) {
    const TableColumn& column = columns[i];
    if (column.name == "id" || column.type->IsGenerated() || (i != always && !random_.Chance(percent))) continue;
    const std::string name = prefix + column.Quoted();
    const bool null = column.nullable && random_.Chance(table.null_percent);
    assignments.push_back(absl::StrCat(name, " = ", null ? "NULL" : column.type->Change(name, random_)));
  }
  return assignments.empty() ? absl::StrCat(prefix, "id = ", prefix, "id") : absl::StrJoin(assignments, ", ");
}

std::string Workload::UpdateStatement(const GeneratedTable& table) {
  const std::string what = absl::StrCat("UPDATE `", table.name, "` SET ");
  // Ids far above those that inserts give.
  constexpr int64_t kFar = 1000000000;
  if (random_.Chance(8))
    return absl::StrCat(what, "id = id + ", random_.Between(1, kFar) * 1000, " WHERE id = ", UsedId(table));
  return absl::StrCat(what, Assignments(table, ""), " WHERE ", SomeRows(table));
}

std::string Workload::UpdateOfTwoTables() {
  const GeneratedTable& one = tables_[0];
  const GeneratedTable& two = tables_[1 + random_.Below(tables_.size() - 1)];
  return absl::StrCat("UPDATE `", one.name, "` a, `", two.name, "` b SET ", Assignments(one, "a."), ", ",
                      Assignments(two, "b."), " WHERE a.id = ", UsedId(one), " AND b.id BETWEEN ", UsedId(two), " AND ",
                      UsedId(two));
}

std::string Workload::UpsertStatement(GeneratedTable* table) {
  // Half of its rows are there already.
  const int64_t first = std::max<int64_t>(1, table->next_id - 2);
  if (random_.Chance(50)) {
    return InsertStatement(table, "REPLACE", random_.Chance(50) ? UsedId(*table) : first, table->key.empty() ? 0 : 4);
  }
  return absl::StrCat(InsertStatement(table, "INSERT", first, 4), " ON DUPLICATE KEY UPDATE ", Assignments(*table, ""));
}

std::string Workload::DeleteStatement(const GeneratedTable& table) {
  return absl::StrCat("DELETE FROM `", table.name, "` WHERE ", SomeRows(table));
}

absl::Status Workload::ChangeRows() {
  GeneratedTable& table = PickTable();
  const uint64_t choice = random_.Below(100);
  // MariaDB 10.11.18 now and then crashes at it, where it drops its temporary table.
  if (choice < 5 && traits_.mysql()) return InsertCopies(&table);
  if (choice < 35) return Insert(&table);
  if (choice < 70) return Run(UpdateStatement(table)).status();
  if (choice < 76) return Run(UpdateOfTwoTables()).status();
  if (choice < 82) return Run(DeleteStatement(table)).status();
  if (table.key.empty()) return Run(UpdateStatement(table)).status();
  const std::string statement = UpsertStatement(&table);
  table.next_id += 4;
  return Run(statement).status();
}

absl::Status Workload::Transaction() {
  RETURN_IF_ERROR(Run("START TRANSACTION").status());
  const auto change = [this](uint64_t most) -> absl::Status {
    for (uint64_t i = random_.Below(most) + 1; i > 0; --i) RETURN_IF_ERROR(ChangeRows());
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(change(4));
  if (random_.Chance(40)) {
    RETURN_IF_ERROR(Run("SAVEPOINT one").status());
    RETURN_IF_ERROR(change(3));
    if (random_.Chance(70)) RETURN_IF_ERROR(Run("ROLLBACK TO SAVEPOINT one").status());
    RETURN_IF_ERROR(change(2));
  }
  return Run(random_.Chance(15) ? "ROLLBACK" : "COMMIT").status();
}

std::unique_ptr<ColumnType> Workload::DealFor(const GeneratedTable& table) {
  std::unique_ptr<ColumnType> type = deck_.Deal();
  while (table.DumpKnows() && !type->DumpKnows()) type = deck_.Deal();
  return type;
}

absl::Status Workload::Alter(GeneratedTable* table) {
  // Else a table that is made anew has zero dates in place of those that are none, which no event tells.
  RETURN_IF_ERROR(Run("SET sql_mode = 'ALLOW_INVALID_DATES'").status());
  TableVersion version = table->current();
  std::string change;
  const size_t place = random_.Below(version.columns.size());
  const bool is_id = version.columns[place].name == "id";
  const uint64_t choice = random_.Below(10);
  if (choice < 6 || is_id) {
    TableColumn column = MakeColumn(table, DealFor(*table), &random_);
    const bool first = random_.Chance(20);
    change = absl::StrCat("ADD COLUMN ", column.Definition(),
                          first ? std::string(" FIRST") : absl::StrCat(" AFTER ", version.columns[place].Quoted()));
    version.columns.insert(version.columns.begin() + static_cast<std::ptrdiff_t>(first ? 0 : place + 1),
                           std::move(column));
  } else if (choice < 8 || version.columns.size() < 4) {
    // Its values are converted, which the log does not tell.
    TableColumn& column = version.columns[place];
    column.number = table->next_column++;
    column.type = DealFor(*table);
    change = absl::StrCat("MODIFY COLUMN ", column.Definition());
  } else {
    change = absl::StrCat("DROP COLUMN ", version.columns[place].Quoted());
    version.columns.erase(version.columns.begin() + static_cast<std::ptrdiff_t>(place));
  }
  ASSIGN_OR_RETURN(const bool taken, Run(absl::StrCat("ALTER TABLE `", table->name, "` ", change)));
  if (!taken) return absl::OkStatus();
  table->versions.push_back(std::move(version));
  for (int i = 0; i < 10; ++i) RETURN_IF_ERROR(Run(UpdateStatement(*table)).status());
  return absl::OkStatus();
}

absl::Status Workload::ChangeDocuments() {
  RETURN_IF_ERROR(Run(absl::StrCat("SET binlog_row_image = ", random_.Chance(50) ? "MINIMAL" : "NOBLOB")).status());
  if (traits_.mysql()) RETURN_IF_ERROR(Run("SET binlog_row_value_options = 'PARTIAL_JSON'").status());
  constexpr int kUpdates = 60;
  for (int i = 0; i < kUpdates; ++i) RETURN_IF_ERROR(Run(UpdateStatement(tables_.back())).status());
  return ChangeSessionSettings();
}

absl::Status Workload::Step() {
  const uint64_t choice = random_.Below(1000);
  if (choice < 30) return ChangeSessionSettings();
  if (choice < 50) return Alter(&PickTable());
  if (choice < 52) return Run(absl::StrCat("TRUNCATE TABLE `", PickTable().name, "`")).status();
  if (choice < 200) return Transaction();
  return ChangeRows();
}

}  // namespace binlogd::testing
