// The source beside its log: what its tables look like now, and which statements lie ahead.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "binlog/flavor.h"
#include "binlog/position.h"
#include "binlog/table_definition.h"
#include "mysql/connection.h"
#include "mysql/interrupter.h"
#include "mysql/statement_scan.h"
#include "mysql/table_definition_query.h"

namespace binlogd {

// What column names are found out from. Used by one thread.
class DefinitionSource {
 public:
  virtual ~DefinitionSource() = default;
  // See TableDefinitionQuery::Find.
  virtual absl::StatusOr<FoundDefinition> Find(const TableName& name) = 0;
  // Visits the statements from `from` (where an event begins) to `to`, in order. It is an error when the log ends
  // before. `log_created` as in ScanStatements.
  virtual absl::Status Scan(const Position& from, const Position& to, uint32_t log_created, StatementVisitor visit) = 0;
};

// A server, over connections of its own. Follow, Find, Scan and Close are called by one thread; Interrupt and Reset by
// any.
class ServerDefinitions : public DefinitionSource {
 public:
  // Asks this server from now on: the one whose log is read. Nothing is sent yet.
  void Follow(const ConnectOptions& options, Flavor flavor, const std::string& identity);

  // UNAVAILABLE too when the endpoint leads to another server than the one that is followed.
  absl::StatusOr<FoundDefinition> Find(const TableName& name) override;
  absl::Status Scan(const Position& from, const Position& to, uint32_t log_created, StatementVisitor visit) override;

  // Closes what is open.
  void Close() { query_.reset(); }

  // Ends blocked calls, and those to come, with CANCELLED.
  void Interrupt();
  // Undoes Interrupt() for the next run; nothing may be open.
  void Reset();

 private:
  absl::StatusOr<std::unique_ptr<Connection>> Connect(Interrupter* interrupter) const;

  ConnectOptions options_;
  Flavor flavor_ = Flavor::kMySql;
  std::string identity_;
  Interrupter query_interrupter_;
  Interrupter scan_interrupter_;
  std::unique_ptr<TableDefinitionQuery> query_;
};

}  // namespace binlogd
