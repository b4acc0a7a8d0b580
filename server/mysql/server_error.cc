#include "mysql/server_error.h"

#include <initializer_list>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

using absl::StatusCode;

bool ContainsAny(absl::string_view text, std::initializer_list<absl::string_view> words) {
  for (absl::string_view word : words) {
    if (absl::StrContains(text, word)) return true;
  }
  return false;
}

absl::Status PermanentError(StatusCode code, absl::string_view reason, absl::string_view what,
                            absl::string_view way_out) {
  return Permanent(MakeError(code, reason, absl::StrCat(what, ". ", way_out)));
}

absl::Status AccessDenied(absl::string_view what) {
  return PermanentError(StatusCode::kUnauthenticated, "ACCESS_DENIED", what,
                        "Check source.user and source.password, and that the account may connect from this host");
}

absl::Status MissingPrivilege(absl::string_view what) {
  return PermanentError(
      StatusCode::kPermissionDenied, "MISSING_PRIVILEGE", what,
      "Grant the streamer's account REPLICATION SLAVE and REPLICATION CLIENT (MariaDB: BINLOG MONITOR) ON *.*");
}

absl::Status ServerIdClash(absl::string_view what) {
  return PermanentError(StatusCode::kFailedPrecondition, "SERVER_ID_CLASH", what,
                        "Give the streamer a source.server_id that no other replica of the topology has");
}

// The client library puts TLS, files and lost connections under one number; its text tells them apart.
absl::Status TlsError(absl::string_view text, absl::string_view what) {
  if (ContainsAny(text, {"certificate", "self-signed", "self signed", "hostname", "host name", "verif", "validation",
                         "fingerprint", "crl"})) {
    return PermanentError(StatusCode::kFailedPrecondition, "TLS_CERTIFICATE_REJECTED", what,
                          "Check source.tls.ca_file, and that the server's certificate is valid for the host in "
                          "source.endpoints (VERIFY_IDENTITY)");
  }
  if (ContainsAny(text, {"does not support", "not support it", "ssl is required"})) {
    return PermanentError(StatusCode::kFailedPrecondition, "TLS_NOT_OFFERED", what,
                          "Enable TLS on the server, or set source.tls.mode to PREFERRED or DISABLED");
  }
  if (ContainsAny(text, {"protocol version", "unsupported protocol", "no shared cipher", "no ciphers",
                         "handshake failure", "no protocols available", "alert", "bad signature", "key too small",
                         "ee key", "key values mismatch"})) {
    return PermanentError(
        StatusCode::kFailedPrecondition, "TLS_HANDSHAKE_FAILED", what,
        "Check source.tls and the TLS versions, ciphers and client certificates that the server accepts");
  }
  return MakeError(StatusCode::kUnavailable, "CONNECTION_LOST", what);
}

// ER_MASTER_FATAL_ERROR_READING_BINLOG stands for all that can go wrong with a dump; only the text says what.
absl::Status DumpError(absl::string_view text, absl::string_view what) {
  if (ContainsAny(text, {"same server_uuid", "same server_id", "same server id"})) {
    return ServerIdClash(what);
  }
  if (ContainsAny(text, {"has more gtids", "diverged", "is not in the master's binlog", "is not in the binlog",
                         "not in the source's binlog"})) {
    return PermanentError(
        StatusCode::kOutOfRange, "POSITION_INVALID", what,
        "The source never had the transactions that the streamer has: it is another server, or it was "
        "reset or rebuilt. Start a new epoch with source.start");
  }
  if (ContainsAny(text, {"purged", "could not find first log file", "could not find gtid state", "too old",
                         "could not open log file", "requested slave gtid state not found"})) {
    return PermanentError(
        StatusCode::kOutOfRange, "POSITION_PURGED", what,
        "The log between the streamer's position and the oldest file of the source is gone. Restore it "
        "on the source, or start again with source.start, and keep logs longer "
        "(binlog_expire_logs_seconds)");
  }
  if (ContainsAny(text, {"> file size", "impossible position", "position past", "start replication from position"})) {
    return PermanentError(StatusCode::kOutOfRange, "POSITION_INVALID", what,
                          "The source's file ends before the streamer's position: it lost the end of its log, or it is "
                          "another server. Start a new epoch with source.start");
  }
  if (ContainsAny(text, {"binary log is not open", "binlog is not open"})) {
    return PermanentError(StatusCode::kFailedPrecondition, "LOG_BIN_OFF", what, "Start the source with log_bin");
  }
  if (ContainsAny(text, {"gtid_mode"})) {
    return PermanentError(StatusCode::kFailedPrecondition, "GTID_MODE_OFF", what,
                          "Set gtid_mode=ON on the source, or source.gtid to false");
  }
  if (ContainsAny(text, {"server_id was not set", "server id was not set", "misconfigured"})) {
    return PermanentError(StatusCode::kFailedPrecondition, "SOURCE_MISCONFIGURED", what, "Set server_id on the source");
  }
  if (ContainsAny(text, {"bogus data", "truncated in the middle", "exceeded max_allowed_packet", "crc check",
                         "i/o error", "corrupt", "error reading log", "did not pass", "read error"})) {
    return PermanentError(StatusCode::kDataLoss, "SOURCE_LOG_CORRUPT", what,
                          "Check the source's file with mysqlbinlog --verify-binlog-checksum or mariadb-binlog");
  }
  return MakeError(StatusCode::kUnavailable, "DUMP_REFUSED", what);
}

}  // namespace

absl::Status ServerError(ServerCall call, unsigned number, absl::string_view text, absl::string_view doing) {
  const std::string what = absl::StrCat(doing, ": ", text.empty() ? "no reason given" : text, " (error ", number, ")");
  const std::string lower = absl::AsciiStrToLower(text);
  switch (number) {
    case 1045:  // ER_ACCESS_DENIED_ERROR
    case 1698:  // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    case 1130:  // ER_HOST_NOT_PRIVILEGED
    case 1820:  // ER_MUST_CHANGE_PASSWORD
    case 1862:  // ER_MUST_CHANGE_PASSWORD_LOGIN
    case 3118:  // ER_ACCOUNT_HAS_BEEN_LOCKED
    case 4151:  // MariaDB's ER_ACCOUNT_HAS_BEEN_LOCKED
      // A registration without the privilege is refused with the number of a wrong password.
      return call == ServerCall::kConnect || number != 1045 ? AccessDenied(what) : MissingPrivilege(what);
    case 1044:  // ER_DBACCESS_DENIED_ERROR
    case 1142:  // ER_TABLEACCESS_DENIED_ERROR
    case 1227:  // ER_SPECIFIC_ACCESS_DENIED_ERROR
      return MissingPrivilege(what);
    case 1251:  // ER_NOT_SUPPORTED_AUTH_MODE
    case 2059:  // CR_AUTH_PLUGIN_CANNOT_LOAD
    case 5010:  // CR_PLUGIN_NOT_ALLOWED
      return PermanentError(StatusCode::kUnauthenticated, "AUTH_PLUGIN_UNSUPPORTED", what,
                            "Use an account with caching_sha2_password, ed25519 or mysql_native_password");
    case 3159:  // ER_SECURE_TRANSPORT_REQUIRED
      return PermanentError(StatusCode::kFailedPrecondition, "TLS_REQUIRED_BY_SOURCE", what,
                            "Set source.tls.mode to REQUIRED or stricter");
    case 1236:  // ER_MASTER_FATAL_ERROR_READING_BINLOG
    case 1373:  // ER_UNKNOWN_TARGET_BINLOG
      return DumpError(lower, what);
    case 4052:  // MariaDB's ER_SLAVE_SAME_ID
      return ServerIdClash(what);
    case 2002:  // CR_CONNECTION_ERROR
    case 2003:  // CR_CONN_HOST_ERROR
    case 2005:  // CR_UNKNOWN_HOST
      return MakeError(StatusCode::kUnavailable, "SOURCE_UNREACHABLE", what);
    case 2026:  // CR_SSL_CONNECTION_ERROR
      return TlsError(lower, what);
    default: break;
  }
  if ((number >= 2000 && number < 3000) || (number >= 5000 && number < 6000)) {
    return MakeError(StatusCode::kUnavailable, "CONNECTION_LOST", what);
  }
  switch (number) {
    case 1040:  // ER_CON_COUNT_ERROR
    case 1053:  // ER_SERVER_SHUTDOWN
    case 1077:  // ER_NORMAL_SHUTDOWN
    case 1129:  // ER_HOST_IS_BLOCKED
    case 1152:  // ER_ABORTING_CONNECTION
    case 1158:  // ER_NET_READ_ERROR
    case 1159:  // ER_NET_READ_INTERRUPTED
    case 1160:  // ER_NET_ERROR_ON_WRITE
    case 1161:  // ER_NET_WRITE_INTERRUPTED
    case 1184:  // ER_NEW_ABORTING_CONNECTION
    case 1203:  // ER_TOO_MANY_USER_CONNECTIONS
    case 1226:  // ER_USER_LIMIT_REACHED
    case 1317:  // ER_QUERY_INTERRUPTED
    case 1927:  // ER_CONNECTION_KILLED
    case 3032:  // ER_SERVER_OFFLINE_MODE
    case 3169:  // ER_SESSION_WAS_KILLED
    case 4031:  // ER_CLIENT_INTERACTION_TIMEOUT
      return MakeError(StatusCode::kUnavailable, "SOURCE_UNAVAILABLE", what);
    default:
      return MakeError(call == ServerCall::kStatement ? StatusCode::kInternal : StatusCode::kUnavailable,
                       "SERVER_ERROR", what);
  }
}

}  // namespace binlogd
