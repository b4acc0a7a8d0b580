#include "mysql/server_info.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr unsigned kParseError = 1064;
constexpr unsigned kNoBinaryLogging = 1381;

absl::Status LogBinOff(const Connection& connection) {
  return Permanent(
      MakeError(absl::StatusCode::kFailedPrecondition, "LOG_BIN_OFF",
                absl::StrCat(connection.endpoint().ToString(), " writes no binary log. Start it with log_bin")));
}

bool IsOn(absl::string_view value) { return absl::EqualsIgnoreCase(value, "ON") || value == "1"; }

// SHOW BINARY LOG STATUS, under the name that the server knows.
absl::StatusOr<ResultSet> ShowLogStatus(Connection& connection, Flavor flavor) {
  if (flavor == Flavor::kMySql) {
    absl::StatusOr<ResultSet> status = connection.Query("SHOW BINARY LOG STATUS");  // From 8.2 on.
    if (status.ok() || connection.error_number() != kParseError) return status;
  }
  return connection.Query("SHOW MASTER STATUS");
}

absl::StatusOr<Position> PositionFromRow(const Connection& connection, const ResultSet& row, absl::string_view file,
                                         absl::string_view offset, absl::string_view gtid_set) {
  Position position;
  position.file = row.First(file).value_or("");
  if (position.file.empty() || !absl::SimpleAtoi(row.First(offset).value_or(""), &position.offset)) {
    return LogBinOff(connection);
  }
  position.gtid_set = absl::StrReplaceAll(row.First(gtid_set).value_or(""), {{"\n", ""}, {" ", ""}});
  return position;
}

}  // namespace

std::string ServerInfo::identity() const {
  if (flavor == Flavor::kMySql && uuid.size() >= 8) return absl::AsciiStrToLower(uuid.substr(0, 8));
  return absl::StrFormat("%08x", server_id);
}

absl::StatusOr<ServerInfo> DescribeServer(Connection& connection) {
  ASSIGN_OR_RETURN(const ResultSet variables,
                   connection.Query("SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'version_comment', "
                                    "'server_uuid', 'server_id', 'log_bin', 'binlog_format', 'binlog_row_metadata', "
                                    "'binlog_row_image', 'gtid_mode')"));
  absl::flat_hash_map<std::string, std::string> values;
  for (const ResultRow& row : variables.rows) {
    if (row.size() >= 2) values[absl::AsciiStrToLower(row[0].value_or(""))] = row[1].value_or("");
  }
  ServerInfo server;
  server.version = values["version"];
  const std::string product = absl::AsciiStrToLower(absl::StrCat(server.version, " ", values["version_comment"]));
  server.flavor = absl::StrContains(product, "mariadb") ? Flavor::kMariaDb : Flavor::kMySql;
  // MariaDB 11.8+ has a server_uid, no server_uuid; MySQL always has one.
  if (server.flavor == Flavor::kMySql) server.uuid = values["server_uuid"];
  if (!absl::SimpleAtoi(values["server_id"], &server.server_id)) {
    return MakeError(absl::StatusCode::kInternal, "SERVER_ERROR",
                     absl::StrCat(connection.endpoint().ToString(), " does not tell its server_id"));
  }
  server.log_bin = IsOn(values["log_bin"]);
  server.binlog_format = absl::AsciiStrToUpper(values["binlog_format"]);
  // Servers that no longer have the variable know rows only.
  if (server.binlog_format.empty()) server.binlog_format = "ROW";
  server.row_metadata = absl::AsciiStrToUpper(values["binlog_row_metadata"]);
  server.row_image = absl::AsciiStrToUpper(values["binlog_row_image"]);
  server.gtid = server.flavor == Flavor::kMariaDb || absl::EqualsIgnoreCase(values["gtid_mode"], "ON");
  server.tls_cipher = connection.tls_cipher();
  return server;
}

absl::StatusOr<std::vector<LogFile>> ListLogFiles(Connection& connection) {
  absl::StatusOr<ResultSet> logs = connection.Query("SHOW BINARY LOGS");
  if (!logs.ok()) {
    if (connection.error_number() == kNoBinaryLogging) return LogBinOff(connection);
    return logs.status();
  }
  std::vector<LogFile> files;
  for (const ResultRow& row : logs->rows) {
    LogFile file;
    if (row.size() < 2 || !row[0].has_value() || !absl::SimpleAtoi(row[1].value_or(""), &file.size)) continue;
    file.name = *row[0];
    files.push_back(std::move(file));
  }
  return files;
}

absl::StatusOr<Position> EndOfLog(Connection& connection, const ServerInfo& server) {
  if (!server.log_bin) return LogBinOff(connection);
  if (server.flavor == Flavor::kMySql && server.gtid) {
    // Stops commits for a moment, so that place and set agree. Takes BACKUP_ADMIN and MySQL 8.0.14.
    const absl::StatusOr<ResultSet> status = connection.Query(
        "SELECT LOCAL->>'$.binary_log_file' AS f, LOCAL->>'$.binary_log_position' AS p, "
        "LOCAL->>'$.gtid_executed' AS g FROM performance_schema.log_status");
    if (status.ok()) return PositionFromRow(connection, *status, "f", "p", "g");
    if (!absl::IsPermissionDenied(status.status()) && !absl::IsInternal(status.status())) return status.status();
  }
  ASSIGN_OR_RETURN(const ResultSet status, ShowLogStatus(connection, server.flavor));
  ASSIGN_OR_RETURN(Position end, PositionFromRow(connection, status, "File", "Position", "Executed_Gtid_Set"));
  if (server.flavor == Flavor::kMySql) return end;
  ASSIGN_OR_RETURN(const ResultSet gtid,
                   connection.Query(absl::StrCat("SELECT BINLOG_GTID_POS(", connection.Quote(end.file), ", ",
                                                 end.offset, ") AS gtid")));
  end.gtid_set = gtid.First("gtid").value_or("");
  return end;
}

absl::StatusOr<Position> GlanceAtEndOfLog(Connection& connection, Flavor flavor) {
  ASSIGN_OR_RETURN(const ResultSet status, ShowLogStatus(connection, flavor));
  ASSIGN_OR_RETURN(Position end, PositionFromRow(connection, status, "File", "Position", "Executed_Gtid_Set"));
  if (flavor == Flavor::kMySql) return end;
  ASSIGN_OR_RETURN(const ResultSet gtid, connection.Query("SELECT @@GLOBAL.gtid_binlog_pos AS gtid"));
  end.gtid_set = gtid.First("gtid").value_or("");
  return end;
}

absl::StatusOr<Position> EndOfLogPlace(Connection& connection, Flavor flavor) {
  ASSIGN_OR_RETURN(const ResultSet status, ShowLogStatus(connection, flavor));
  return PositionFromRow(connection, status, "File", "Position", "");
}

}  // namespace binlogd
