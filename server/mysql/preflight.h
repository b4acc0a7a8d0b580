// Checks, before a streamer starts, for what would make its archive worthless.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "binlog/flavor.h"
#include "mysql/connection.h"
#include "mysql/server_info.h"

namespace binlogd {

struct PreflightRequirements {
  Flavor flavor = Flavor::kMySql;
  uint32_t server_id = 999;
  std::string replica_name;   // DumpOptions::replica_name, to tell our own trace from another's.
  bool decodes_rows = false;  // A target wants decoded events.
  bool gtid = false;          // The streamer follows by GTID.
};

// One thing that was checked. `status` is OK, or says what is wrong and what to do about it. A warning does not stop a
// streamer.
struct PreflightFinding {
  absl::Status status;
  bool warning = false;
  std::string subject;  // "flavor", "log_bin", "binlog_format", …
};

// Reasons: WRONG_FLAVOR, LOG_BIN_OFF, BINLOG_FORMAT_NOT_ROW, GTID_MODE_OFF, MISSING_PRIVILEGE, SERVER_ID_CLASH (all
// FAILED_PRECONDITION or PERMISSION_DENIED, permanent), BINLOG_ROW_METADATA_MINIMAL (warning: column names are not in
// the log), BINLOG_ROW_IMAGE_NOT_FULL (warning). A clash with a replica that is listed is reported as not permanent:
// the server may not have noticed yet that it is gone. When the account may not list replicas (MariaDB: REPLICATION
// MASTER ADMIN) that check is a warning. All findings, the good included; UNAVAILABLE when the connection is lost on
// the way.
absl::StatusOr<std::vector<PreflightFinding>> CheckSource(Connection& connection, const ServerInfo& server,
                                                          const PreflightRequirements& requirements);

}  // namespace binlogd
