// What a source says about itself and its log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "binlog/flavor.h"
#include "binlog/position.h"
#include "mysql/connection.h"

namespace binlogd {

struct ServerInfo {
  Flavor flavor = Flavor::kMySql;
  std::string version;
  std::string uuid;  // MySQL's server_uuid; empty for MariaDB.
  uint32_t server_id = 0;
  bool log_bin = false;
  std::string binlog_format;  // ROW, STATEMENT or MIXED.
  std::string row_metadata;   // FULL, NO_LOG or MINIMAL.
  std::string row_image;
  bool gtid = false;       // GTIDs are assigned: gtid_mode=ON (MySQL), always (MariaDB).
  std::string tls_cipher;  // Of this connection; empty when it is not encrypted.

  // 8 hexadecimal digits that tell this server from others: from the UUID, or the server id (MariaDB).
  std::string identity() const;
};

absl::StatusOr<ServerInfo> DescribeServer(Connection& connection);

struct LogFile {
  std::string name;
  uint64_t size = 0;
};

// The files that the source still has, oldest first. PERMISSION_DENIED (MISSING_PRIVILEGE) names the privilege that it
// takes.
absl::StatusOr<std::vector<LogFile>> ListLogFiles(Connection& connection);

// The end of the log now, with the GTID set of what ended before it. On MySQL an account without BACKUP_ADMIN may get a
// set that lacks transactions which were being committed at that moment. FAILED_PRECONDITION (LOG_BIN_OFF, permanent)
// when there is no log.
absl::StatusOr<Position> EndOfLog(Connection& connection, const ServerInfo& server);

// The same without stopping commits: the set may have transactions that ended after the place, or lack some before it.
absl::StatusOr<Position> GlanceAtEndOfLog(Connection& connection, Flavor flavor);

// The same without the GTID set, which is cheaper and never stops commits.
absl::StatusOr<Position> EndOfLogPlace(Connection& connection, Flavor flavor);

}  // namespace binlogd
