#include "mysql/preflight.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

using absl::StatusCode;

constexpr unsigned kParseError = 1064;

absl::Status Fatal(absl::string_view reason, absl::string_view message) {
  const StatusCode code =
      reason == "MISSING_PRIVILEGE" ? StatusCode::kPermissionDenied : StatusCode::kFailedPrecondition;
  return Permanent(MakeError(code, reason, message));
}

class Checker {
 public:
  Checker(Connection& connection, const ServerInfo& server, const PreflightRequirements& requirements)
      : connection_(connection),
        server_(server),
        requirements_(requirements),
        endpoint_(connection.endpoint().ToString()) {}

  absl::StatusOr<std::vector<PreflightFinding>> Run() {
    CheckFlavor();
    CheckLog();
    if (requirements_.decodes_rows) CheckRows();
    if (requirements_.gtid) CheckGtid();
    RETURN_IF_ERROR(CheckPrivileges());
    RETURN_IF_ERROR(CheckServerId());
    return std::move(findings_);
  }

 private:
  void Add(absl::string_view subject, absl::Status status, bool warning = false) {
    findings_.push_back({std::move(status), warning, std::string(subject)});
  }

  void CheckFlavor() {
    if (server_.flavor == requirements_.flavor) return Add("flavor", absl::OkStatus());
    Add("flavor",
        Fatal("WRONG_FLAVOR",
              absl::StrCat(endpoint_, " is a ", FlavorName(server_.flavor), " server (", server_.version,
                           "), the streamer is for ", FlavorName(requirements_.flavor), ". Set source.flavor to ",
                           server_.flavor == Flavor::kMySql ? "MYSQL" : "MARIADB", " or mend source.endpoints")));
  }

  void CheckLog() {
    Add("log_bin", server_.log_bin
                       ? absl::OkStatus()
                       : Fatal("LOG_BIN_OFF", absl::StrCat(endpoint_, " writes no binary log. Start it with log_bin")));
  }

  void CheckRows() {
    const bool rows = server_.binlog_format == "ROW";
    Add("binlog_format",
        rows ? absl::OkStatus()
             : Fatal("BINLOG_FORMAT_NOT_ROW",
                     absl::StrCat(endpoint_, " logs statements (binlog_format=", server_.binlog_format,
                                  "), and a target wants decoded rows. Set binlog_format=ROW on the source")));
    const bool names = server_.row_metadata == "FULL";
    Add("binlog_row_metadata",
        names ? absl::OkStatus()
              : MakeError(StatusCode::kFailedPrecondition, "BINLOG_ROW_METADATA_MINIMAL",
                          absl::StrCat("the log of ", endpoint_, " has no column names (binlog_row_metadata=",
                                       server_.row_metadata.empty() ? "not known to it" : server_.row_metadata,
                                       "); they are asked of its information_schema, which no longer tells them for "
                                       "rows from before a change. Set binlog_row_metadata=FULL on the source")),
        !names);
    const bool whole = server_.row_image == "FULL" || server_.row_image.empty();
    Add("binlog_row_image",
        whole ? absl::OkStatus()
              : MakeError(StatusCode::kFailedPrecondition, "BINLOG_ROW_IMAGE_NOT_FULL",
                          absl::StrCat("rows in the log of ", endpoint_,
                                       " lack columns that did not change (binlog_row_image=", server_.row_image,
                                       "). Set binlog_row_image=FULL on the source")),
        !whole);
  }

  void CheckGtid() {
    Add("gtid_mode", server_.gtid ? absl::OkStatus()
                                  : Fatal("GTID_MODE_OFF", absl::StrCat(endpoint_,
                                                                        " assigns no GTIDs. Set gtid_mode=ON on the "
                                                                        "source, or source.gtid to false")));
  }

  // A lost connection ends the checks; an interrupted one too.
  static bool Ends(const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsCancelled(status); }

  absl::Status CheckPrivileges() {
    const absl::StatusOr<ResultSet> grants = connection_.Query("SHOW GRANTS");
    if (!grants.ok()) {
      if (Ends(grants.status())) return grants.status();
      Add("privileges", grants.status(), /*warning=*/true);
      return absl::OkStatus();
    }
    bool may_dump = false;
    bool may_list = false;
    bool has_role = false;
    for (const ResultRow& row : grants->rows) {
      if (row.empty() || !row[0].has_value()) continue;
      ReadGrant(*row[0], &may_dump, &may_list, &has_role);
    }
    std::vector<absl::string_view> missing;
    if (!may_dump) missing.push_back("REPLICATION SLAVE");
    if (!may_list) missing.push_back(server_.flavor == Flavor::kMySql ? "REPLICATION CLIENT" : "BINLOG MONITOR");
    // What a role grants is not always listed; then the server has the last word.
    if (missing.empty() || has_role) {
      Add("privileges", absl::OkStatus());
    } else {
      Add("privileges", Fatal("MISSING_PRIVILEGE",
                              absl::StrCat("the account lacks ", absl::StrJoin(missing, " and "), " on ", endpoint_,
                                           ". Run GRANT ", absl::StrJoin(missing, ", "), " ON *.* TO the account")));
    }
    return absl::OkStatus();
  }

  // "GRANT a, b ON *.* TO `user`@`host`…" or "GRANT `role`@`%` TO …".
  static void ReadGrant(absl::string_view grant, bool* may_dump, bool* may_list, bool* has_role) {
    if (!absl::ConsumePrefix(&grant, "GRANT ")) return;
    const size_t on = grant.find(" ON ");
    if (on == absl::string_view::npos) {
      *has_role = true;
      return;
    }
    if (!absl::StartsWith(grant.substr(on), " ON *.* ")) return;
    for (absl::string_view privilege : absl::StrSplit(grant.substr(0, on), ", ")) {
      if (absl::StartsWith(privilege, "ALL PRIVILEGES")) *may_dump = *may_list = true;
      if (privilege == "REPLICATION SLAVE") *may_dump = true;
      if (privilege == "REPLICATION CLIENT" || privilege == "BINLOG MONITOR" || privilege == "SUPER") *may_list = true;
    }
  }

  absl::Status CheckServerId() {
    if (server_.server_id == requirements_.server_id) {
      Add("server_id",
          Fatal("SERVER_ID_CLASH",
                absl::StrCat("source.server_id ", requirements_.server_id, " is the server id of ", endpoint_,
                             " itself. Choose one that no server or replica of the topology has")));
      return absl::OkStatus();
    }
    absl::StatusOr<ResultSet> replicas = absl::UnknownError("");
    if (server_.flavor == Flavor::kMySql) replicas = connection_.Query("SHOW REPLICAS");  // From 8.0.22 on.
    if (server_.flavor == Flavor::kMariaDb || connection_.error_number() == kParseError) {
      replicas = connection_.Query("SHOW SLAVE HOSTS");
    }
    if (!replicas.ok()) {
      if (Ends(replicas.status())) return replicas.status();
      Add("server_id",
          MakeError(
              replicas.status().code(), ErrorReason(replicas.status()),
              absl::StrCat("whether another replica has the same server_id was not checked: the account may not list "
                           "replicas",
                           server_.flavor == Flavor::kMariaDb ? "; grant it REPLICATION MASTER ADMIN for that" : "")),
          /*warning=*/true);
      return absl::OkStatus();
    }
    Add("server_id", FindClash(*replicas));
    return absl::OkStatus();
  }

  // Columns: Server_id, Host, Port, …, under these names in every version.
  absl::Status FindClash(const ResultSet& replicas) const {
    for (const ResultRow& row : replicas.rows) {
      uint32_t id = 0;
      if (row.size() < 2 || !absl::SimpleAtoi(row[0].value_or(""), &id)) continue;
      const std::string host = row[1].value_or("");
      if (id != requirements_.server_id || host == requirements_.replica_name) continue;
      return MakeError(StatusCode::kFailedPrecondition, "SERVER_ID_CLASH",
                       absl::StrCat("a replica of ", endpoint_, " has source.server_id ", id,
                                    " already: ", host.empty() ? "it tells no name" : host,
                                    ". Choose one that no server or replica of the topology has"));
    }
    return absl::OkStatus();
  }

  Connection& connection_;
  const ServerInfo& server_;
  const PreflightRequirements& requirements_;
  const std::string endpoint_;
  std::vector<PreflightFinding> findings_;
};

}  // namespace

absl::StatusOr<std::vector<PreflightFinding>> CheckSource(Connection& connection, const ServerInfo& server,
                                                          const PreflightRequirements& requirements) {
  return Checker(connection, server, requirements).Run();
}

}  // namespace binlogd
