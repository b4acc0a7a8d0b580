#include "mysql/definition_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "mysql/server_info.h"

namespace binlogd {

void ServerDefinitions::Follow(const ConnectOptions& options, Flavor flavor, const std::string& identity) {
  query_.reset();
  options_ = options;
  flavor_ = flavor;
  identity_ = identity;
}

absl::StatusOr<std::unique_ptr<Connection>> ServerDefinitions::Connect(Interrupter* interrupter) const {
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connection::Connect(options_, interrupter));
  // An address may stand for several servers.
  ASSIGN_OR_RETURN(const ServerInfo server, DescribeServer(*connection));
  if (server.identity() == identity_) return connection;
  return absl::UnavailableError(absl::StrCat(options_.endpoint.ToString(), " led to another server (identity ",
                                             server.identity(), ") than the one whose log is read (", identity_, ")"));
}

absl::StatusOr<FoundDefinition> ServerDefinitions::Find(const TableName& name) {
  if (query_ != nullptr) {
    absl::StatusOr<FoundDefinition> found = query_->Find(name);
    if (found.ok()) return found;
    query_.reset();
    // The source may have ended the connection because it was idle: once more, over a new one.
    if (ErrorReason(found.status()) != "CONNECTION_LOST") return found;
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connect(&query_interrupter_));
  ASSIGN_OR_RETURN(query_, TableDefinitionQuery::Start(std::move(connection), flavor_));
  absl::StatusOr<FoundDefinition> found = query_->Find(name);
  if (!found.ok()) query_.reset();
  return found;
}

absl::Status ServerDefinitions::Scan(const Position& from, const Position& to, uint32_t log_created,
                                     StatementVisitor visit) {
  // The end that a source tells may be a moment ahead of what it gives to dumps.
  constexpr int kTries = 100;
  constexpr absl::Duration kBetweenTries = absl::Milliseconds(20);
  Position at = from;
  for (int i = 0; i < kTries && ComparePositions(at, to) < 0; ++i) {
    if (i > 0 && scan_interrupter_.Wait(kBetweenTries)) {
      return MakeError(absl::StatusCode::kCancelled, "INTERRUPTED", "reading the log ahead: interrupted");
    }
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connect(&scan_interrupter_));
    DumpOptions dump_options;
    dump_options.flavor = flavor_;
    dump_options.file = at.file;
    dump_options.offset = at.offset;
    dump_options.read_ahead = true;
    ASSIGN_OR_RETURN(const std::unique_ptr<BinlogDump> dump, BinlogDump::Start(std::move(connection), dump_options));
    ASSIGN_OR_RETURN(Position reached, ScanStatements(*dump, at, to, log_created, visit));
    if (reached.file != at.file) log_created = 0;
    at = std::move(reached);
  }
  if (ComparePositions(at, to) >= 0) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the log of ", options_.endpoint.ToString(), " ends at ", ToString(at),
                                             ", before ", ToString(to), " where the source said that it ends"));
}

void ServerDefinitions::Interrupt() {
  query_interrupter_.Interrupt();
  scan_interrupter_.Interrupt();
}

void ServerDefinitions::Reset() {
  query_interrupter_.Reset();
  scan_interrupter_.Reset();
}

}  // namespace binlogd
