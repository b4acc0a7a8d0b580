#include "mysql/server_error.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace binlogd {
namespace {

using absl::StatusCode;

struct Case {
  ServerCall call;
  unsigned number;
  const char* text;
  StatusCode code;
  const char* reason;
  bool permanent;
};

TEST(ServerErrorTest, MapsNumbersAndTexts) {
  constexpr ServerCall kConnect = ServerCall::kConnect;
  constexpr ServerCall kStatement = ServerCall::kStatement;
  constexpr ServerCall kDump = ServerCall::kDump;
  const Case cases[] = {
      {kConnect, 1045, "Access denied for user 'repl'@'h' (using password: YES)", StatusCode::kUnauthenticated,
       "ACCESS_DENIED", true},
      {kDump, 1045, "Access denied for user 'repl'@'h' (using password: YES)", StatusCode::kPermissionDenied,
       "MISSING_PRIVILEGE", true},
      {kDump, 1227, "Access denied; you need (at least one of) the REPLICATION SLAVE privilege(s) for this operation",
       StatusCode::kPermissionDenied, "MISSING_PRIVILEGE", true},
      {kStatement, 1142, "SELECT command denied", StatusCode::kPermissionDenied, "MISSING_PRIVILEGE", true},
      {kConnect, 1130, "Host 'x' is not allowed to connect to this MySQL server", StatusCode::kUnauthenticated,
       "ACCESS_DENIED", true},
      {kConnect, 2002, "Can't connect to server on 'db1' (111)", StatusCode::kUnavailable, "SOURCE_UNREACHABLE", false},
      {kConnect, 2005, "Unknown server host 'db1' (-2)", StatusCode::kUnavailable, "SOURCE_UNREACHABLE", false},
      {kConnect, 1040, "Too many connections", StatusCode::kUnavailable, "SOURCE_UNAVAILABLE", false},
      {kStatement, 2013, "Lost connection to server during query", StatusCode::kUnavailable, "CONNECTION_LOST", false},
      {kStatement, 2006, "Server has gone away", StatusCode::kUnavailable, "CONNECTION_LOST", false},
      {kStatement, 1053, "Server shutdown in progress", StatusCode::kUnavailable, "SOURCE_UNAVAILABLE", false},
      {kStatement, 1927, "Connection was killed", StatusCode::kUnavailable, "SOURCE_UNAVAILABLE", false},
      {kStatement, 1064, "You have an error in your SQL syntax", StatusCode::kInternal, "SERVER_ERROR", false},
      {kConnect, 2026, "TLS/SSL error: certificate verify failed", StatusCode::kFailedPrecondition,
       "TLS_CERTIFICATE_REJECTED", true},
      {kConnect, 2026, "TLS/SSL error: Connection reset by peer", StatusCode::kUnavailable, "CONNECTION_LOST", false},
      {kConnect, 3159, "Connections using insecure transport are prohibited", StatusCode::kFailedPrecondition,
       "TLS_REQUIRED_BY_SOURCE", true},
      {kDump, 1236, "Could not find first log file name in binary log index file", StatusCode::kOutOfRange,
       "POSITION_PURGED", true},
      {kDump, 1236,
       "Cannot replicate because the source purged required binary logs. Replicate the missing transactions from "
       "elsewhere, or "
       "provision a new replica from backup.",
       StatusCode::kOutOfRange, "POSITION_PURGED", true},
      {kDump, 1236,
       "Could not find GTID state requested by slave in any binlog files. Probably the slave state is too old and "
       "required "
       "binlog files have been purged.",
       StatusCode::kOutOfRange, "POSITION_PURGED", true},
      {kDump, 1236, "Client requested source to start replication from position > file size", StatusCode::kOutOfRange,
       "POSITION_INVALID", true},
      {kDump, 1236, "Client requested master to start replication from impossible position", StatusCode::kOutOfRange,
       "POSITION_INVALID", true},
      {kDump, 1236,
       "Error: connecting slave requested to start from GTID 0-1-100, which is not in the master's binlog. Since the "
       "master's "
       "binlog contains GTIDs with higher sequence numbers, it probably means that the slave has diverged due to "
       "executing "
       "extra erroneous transactions",
       StatusCode::kOutOfRange, "POSITION_INVALID", true},
      {kDump, 1236,
       "Replica has more GTIDs than the source has, using the source's SERVER_UUID. This may indicate that the end of "
       "the "
       "binary log was truncated or that the last binary log file was lost",
       StatusCode::kOutOfRange, "POSITION_INVALID", true},
      {kDump, 1236,
       "A replica with the same server_uuid/server_id as this replica has connected to the source; the first event ...",
       StatusCode::kFailedPrecondition, "SERVER_ID_CLASH", true},
      {kDump, 4052, "A slave with the same server_uuid/server_id as this slave has connected to the master",
       StatusCode::kFailedPrecondition, "SERVER_ID_CLASH", true},
      {kDump, 1236,
       "log event entry exceeded max_allowed_packet; Increase max_allowed_packet on source; the first event '' at 4",
       StatusCode::kDataLoss, "SOURCE_LOG_CORRUPT", true},
      {kDump, 1236, "bogus data in log event; the first event 'binlog.000001' at 5", StatusCode::kDataLoss,
       "SOURCE_LOG_CORRUPT", true},
      {kDump, 1236, "Binary log is not open", StatusCode::kFailedPrecondition, "LOG_BIN_OFF", true},
      {kDump, 1236, "something that no version says", StatusCode::kUnavailable, "DUMP_REFUSED", false},
  };
  for (const Case& c : cases) {
    const absl::Status status = ServerError(c.call, c.number, c.text, "connect to db1:3306");
    EXPECT_EQ(status.code(), c.code) << c.number << " " << c.text;
    EXPECT_EQ(ErrorReason(status), c.reason) << c.text;
    EXPECT_EQ(IsPermanent(status), c.permanent) << c.text;
    EXPECT_NE(status.message().find("db1:3306"), absl::string_view::npos);
    EXPECT_NE(status.message().find(c.text), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace binlogd
