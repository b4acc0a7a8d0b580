#include "archive/log_verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/archive/log_files.h"
#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"
#include "tests/harness/log_writer.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;

class LogVerifierTest : public ::testing::Test {
 protected:
  // Verifies files of these bytes, which follow each other; returns the findings.
  std::vector<LogFinding> Verify(const std::vector<std::string>& files) {
    LogVerifier verifier({});
    std::vector<LogFinding> findings;
    for (size_t i = 0; i < files.size(); ++i) {
      const std::string path = folder_.Write(absl::StrCat("binlog.00000", i + 1), files[i]);
      findings.push_back(verifier.Verify(path, [](const LogFileReader&) {}));
    }
    return findings;
  }
  void ExpectBad(const LogWriter& log, const std::string& reason, const std::string& message) {
    const LogFinding finding = Verify({log.FileBytes("binlog.000001")})[0];
    EXPECT_EQ(ErrorReason(finding.problem), reason) << finding.problem;
    EXPECT_THAT(std::string(finding.problem.message()), HasSubstr(message));
  }
  static LogWriter Begun() {
    LogWriter log;
    log.PreviousGtids();
    log.Transaction({{1, "one"}});
    return log;
  }

  LogFolder folder_;
};

TEST_F(LogVerifierTest, GoldenLogsAreGood) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    const std::string bytes = ReadGoldenFile(ReadGoldenLog(flavor).name + ".binlog");
    const LogFinding finding = Verify({bytes})[0];
    EXPECT_TRUE(finding.problem.ok()) << finding.problem;
    EXPECT_EQ(finding.events, ReadGoldenLog(flavor).events.size());
    EXPECT_EQ(finding.size, bytes.size());
    EXPECT_NE(finding.gtid_set, "");
  }
}

TEST_F(LogVerifierTest, FilesThatFollowEachOtherAreGood) {
  LogWriter log = Begun();
  log.Rotate();
  log.Transaction({{2, "two"}, {3, "three"}});
  log.Rotate();
  log.Ddl("DROP TABLE t");
  const auto findings =
      Verify({log.FileBytes("binlog.000001"), log.FileBytes("binlog.000002"), log.FileBytes("binlog.000003")});
  for (const LogFinding& finding : findings) {
    EXPECT_TRUE(finding.problem.ok()) << finding.problem;
    EXPECT_EQ(finding.transactions, 1U);
  }
  EXPECT_EQ(findings[2].gtid_set, log.gtid_set());
}

TEST_F(LogVerifierTest, AMissingFileIsFound) {
  LogWriter log = Begun();
  log.Rotate();
  log.Transaction({{2, "two"}});
  log.Rotate();
  log.Transaction({{3, "three"}});
  LogVerifier verifier({});
  const std::string third = log.FileBytes("binlog.000003");
  const auto verify = [&](const std::string& name, const std::string& bytes) {
    return verifier.Verify(folder_.Write(name, bytes), [](const LogFileReader&) {}).problem;
  };
  EXPECT_TRUE(verify("binlog.000001", log.FileBytes("binlog.000001")).ok());
  EXPECT_THAT(std::string(verify("binlog.000003", third).message()), HasSubstr("follows binlog.000001"));
  // Renamed, so that the numbers are right.
  EXPECT_TRUE(verify("binlog.000001", log.FileBytes("binlog.000001")).message().find("follows") != std::string::npos);
  LogVerifier other({});
  EXPECT_TRUE(other.Verify(folder_.path() + "/binlog.000001", [](const LogFileReader&) {}).problem.ok());
  const absl::Status gap = other.Verify(folder_.Write("binlog.000002", third), [](const LogFileReader&) {}).problem;
  EXPECT_EQ(ErrorReason(gap), "LOG_GAP");
  EXPECT_THAT(std::string(gap.message()), HasSubstr("Previous_gtids: the file says that"));
}

// A file of MariaDB that states the GTIDs before it, and has one transaction.
std::string MariaDbFile(absl::string_view gtid_list, uint64_t number, uint16_t flags = 0) {
  std::string format = MakeFormat("10.11.6-MariaDB");
  format[17] = static_cast<char>(flags);
  return absl::StrCat(kFileMagic, format, MakeEvent(EventType::kMariaDbGtidList, FromHex(gtid_list)),
                      MakeMariaDbGtid(0, number, true), MakeQuery("DROP TABLE t"));
}

constexpr char kNothingBefore[] = "00000000";
constexpr char kBothDomains[] =
    "02000000000000000100000003000000000000000500000001000000"
    "0100000000000000";
constexpr char kDomainZero[] =
    "0100000000000000"
    "01000000"
    "0400000000000000";
constexpr char kDomainZeroBehind[] =
    "0100000000000000"
    "01000000"
    "0300000000000000";

TEST_F(LogVerifierTest, ADomainOfMariaDbMayBeDeleted) {
  const auto findings = Verify({MariaDbFile(kBothDomains, 4), MariaDbFile(kDomainZero, 5)});
  EXPECT_EQ(findings[0].gtid_set, "0-1-4,5-1-1");
  for (const LogFinding& finding : findings) EXPECT_TRUE(finding.problem.ok()) << finding.problem;
  EXPECT_EQ(ErrorReason(Verify({MariaDbFile(kBothDomains, 4), MariaDbFile(kDomainZeroBehind, 5)})[1].problem),
            "LOG_GAP");
  EXPECT_EQ(ErrorReason(Verify({MariaDbFile(kBothDomains, 4), MariaDbFile(kNothingBefore, 5)})[1].problem), "LOG_GAP");
}

TEST_F(LogVerifierTest, RelayLogsAreOnlyRead) {
  const auto findings =
      Verify({MariaDbFile(kNothingBefore, 1, kRelayLogFlag), MariaDbFile(kDomainZero, 1, kRelayLogFlag)});
  for (const LogFinding& finding : findings) EXPECT_TRUE(finding.problem.ok()) << finding.problem;
}

TEST_F(LogVerifierTest, OtherFoldersAreOtherLogs) {
  LogWriter log = Begun();
  LogVerifier verifier({});
  LogFolder other;
  EXPECT_TRUE(
      verifier.Verify(folder_.Write("binlog.000001", log.FileBytes("binlog.000001")), [](const LogFileReader&) {})
          .problem.ok());
  EXPECT_TRUE(verifier.Verify(other.Write("binlog.000001", log.FileBytes("binlog.000001")), [](const LogFileReader&) {})
                  .problem.ok());
}

TEST_F(LogVerifierTest, GoesOnAfterABadFile) {
  LogWriter log = Begun();
  log.Rotate();
  log.Transaction({{2, "two"}});
  std::string first = log.FileBytes("binlog.000001");
  first[200] = static_cast<char>(first[200] ^ 1);
  const auto findings = Verify({first, log.FileBytes("binlog.000002")});
  EXPECT_EQ(ErrorReason(findings[0].problem), "CHECKSUM_MISMATCH");
  EXPECT_TRUE(findings[1].problem.ok()) << findings[1].problem;
}

TEST_F(LogVerifierTest, ATornTailIsTold) {
  LogWriter log = Begun();
  log.Gtid();
  log.Query("BEGIN");
  log.TableMap();
  ExpectBad(log, "LOG_CUT_SHORT",
            absl::StrCat("the file ends inside the transaction ", LogWriter::kServerUuid, ":2 that begins at "));
}

TEST_F(LogVerifierTest, LostAndRepeatedBytesAreFound) {
  LogWriter log;
  log.PreviousGtids();
  log.Transaction({{1, "one"}});
  const uint64_t begin = log.events().back().begin;
  log.Transaction({{2, "two"}});
  const std::string bytes = log.FileBytes("binlog.000001");
  const LogFinding finding = Verify({bytes.substr(0, begin) + bytes.substr(begin + log.events()[7].bytes.size())})[0];
  EXPECT_EQ(ErrorReason(finding.problem), "LOG_GAP") << finding.problem;
  LogWriter open;
  open.set_no_end_positions(true);
  open.Transaction({{1, "one"}});
  EXPECT_TRUE(Verify({open.FileBytes("binlog.000001")})[0].problem.ok());
}

TEST_F(LogVerifierTest, WhatNoServerWritesIsFound) {
  LogWriter nested = Begun();
  nested.Gtid();
  nested.Gtid();
  ExpectBad(nested, "EVENT_MALFORMED", "Gtid: the transaction that begins at");
  LogWriter loose = Begun();
  loose.Xid();
  ExpectBad(loose, "EVENT_MALFORMED", "Xid: it stands outside of a transaction");
  LogWriter rows = Begun();
  rows.TableMap();
  ExpectBad(rows, "EVENT_MALFORMED", "Table_map: it stands outside of a transaction");
  LogWriter late = Begun();
  late.PreviousGtids();
  ExpectBad(late, "EVENT_MALFORMED", "Previous_gtids: it stands behind transactions");
  LogWriter closed = Begun();
  closed.Add(EventType::kStop, "");
  closed.Ddl("DROP TABLE t");
  ExpectBad(closed, "EVENT_MALFORMED", "Gtid: it follows a Stop event");
  LogWriter lost = Begun();
  lost.Gtid();
  lost.Query("BEGIN");
  lost.WriteRows(1, "one", true);
  ExpectBad(lost, "TABLE_MAP_MISSING", "Write_rows");
}

TEST_F(LogVerifierTest, ATransactionThatComesTwiceIsFound) {
  LogWriter log;
  log.Add(EventType::kPreviousGtids,
          GtidSet::Parse(Flavor::kMySql, absl::StrCat(LogWriter::kServerUuid, ":1-5"))->Encode());
  log.Ddl("DROP TABLE t");
  ExpectBad(log, "LOG_GAP", ":1 stands in the log twice");
}

}  // namespace
}  // namespace binlogd::testing
