// Random statements against a server.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "mysql/connection.h"
#include "tests/differential/random.h"
#include "tests/differential/table.h"

namespace binlogd::testing {

// Makes tables in the connection's default database and changes their rows at random: with single and multi-row
// statements, transactions, savepoints, ALTER TABLE, and the settings that change how rows are logged. A statement that
// the server refuses is counted and does no harm, as the log is the truth. Not thread-safe.
class Workload {
 public:
  // All arguments outlive the workload.
  Workload(const ServerTraits* traits, Connection* connection, Random* random);

  // Errors are of connections that are lost.
  absl::Status CreateTables();
  // One statement or transaction, or a change of settings.
  absl::Status Step();
  // Updates of JSON documents, logged as differences without the documents where the server can.
  absl::Status ChangeDocuments();
  // Inserts rows of about so many values, spread over the tables.
  absl::Status Fill(size_t values);

  const std::vector<GeneratedTable>& tables() const { return tables_; }
  size_t statements() const { return statements_; }
  size_t refused() const { return refused_; }
  // Why the server refused statements, with an example of each reason.
  std::string RefusalReport() const;

 private:
  // Whether the server took it.
  absl::StatusOr<bool> Run(const std::string& sql);
  absl::Status CreateTable(const TablePlan& plan, TypeDeck* deck);
  absl::Status ChangeSessionSettings();
  absl::Status Insert(GeneratedTable* table);
  // A type for a column that the table gets.
  std::unique_ptr<ColumnType> DealFor(const GeneratedTable& table);
  // Rows of the table once more, under other ids.
  absl::Status InsertCopies(GeneratedTable* table);
  absl::Status Alter(GeneratedTable* table);
  absl::Status Transaction();
  absl::Status ChangeRows();

  std::string InsertStatement(GeneratedTable* table, const char* verb, int64_t first_id, size_t rows);
  std::string UpsertStatement(GeneratedTable* table);
  std::string UpdateStatement(const GeneratedTable& table);
  std::string UpdateOfTwoTables();
  std::string DeleteStatement(const GeneratedTable& table);
  // "`c1` = …", of one column or some or all of them.
  std::string Assignments(const GeneratedTable& table, const std::string& prefix);
  std::string SomeRows(const GeneratedTable& table);
  int64_t UsedId(const GeneratedTable& table);
  GeneratedTable& PickTable() { return tables_[random_.Below(tables_.size())]; }

  struct Refusal {
    size_t count = 0;
    std::string example;
  };

  const ServerTraits& traits_;
  Connection& connection_;
  Random& random_;
  TypeDeck deck_;
  std::vector<GeneratedTable> tables_;
  size_t statements_ = 0;
  size_t refused_ = 0;
  std::map<unsigned, Refusal> refusals_;  // By the server's error number.
};

}  // namespace binlogd::testing
