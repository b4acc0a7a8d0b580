#include "archive/log_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/archive/log_files.h"
#include "tests/binlog/golden_log.h"
#include "tests/harness/log_writer.h"

namespace binlogd::testing {
namespace {

absl::Status Summarize(const std::string& path, LogSummary* summary) {
  return SummarizeLog(
      path, {}, [](const LogFileReader&) {}, summary);
}

TEST(LogSummaryTest, CountsWhatStandsInAFile) {
  LogWriter log;
  log.Ddl("CREATE TABLE t (id INT)");
  log.Rotate();
  log.set_time(1700000100);
  log.Transaction({{1, "one"}, {2, "two"}});
  const uint64_t second = log.offset();
  log.set_time(1700000050);
  log.Transaction({{3, std::string(500, 'x')}});
  LogFolder folder;
  LogSummary summary;
  ASSERT_TRUE(Summarize(folder.Write("binlog.000002.gz", Gzip(log.FileBytes("binlog.000002"))), &summary).ok());
  EXPECT_EQ(summary.name, "binlog.000002");
  EXPECT_EQ(summary.size, log.offset());
  EXPECT_EQ(summary.server_version, "8.0.40");
  EXPECT_EQ(summary.checksum, ChecksumAlgorithm::kCrc32);
  EXPECT_EQ(summary.event_count, 13U);
  EXPECT_EQ(summary.events[static_cast<size_t>(EventType::kWriteRows)], 3U);
  EXPECT_EQ(summary.transactions, 2U);
  ASSERT_EQ(summary.rows.size(), 1U);
  EXPECT_EQ(summary.rows.begin()->first, std::make_pair(std::string("shop"), std::string("t")));
  EXPECT_EQ(summary.rows.begin()->second.inserts, 3U);
  const std::string uuid = LogWriter::kServerUuid;
  EXPECT_EQ(summary.stated_gtids.ToString(), uuid + ":1");
  EXPECT_EQ(summary.gtids.ToString(), uuid + ":2-3");
  EXPECT_EQ(summary.first_gtid, uuid + ":2");
  EXPECT_EQ(summary.last_gtid, uuid + ":3");
  EXPECT_EQ(summary.first_time, 1700000000U);
  EXPECT_EQ(summary.last_time, 1700000100U);
  EXPECT_EQ(summary.biggest.begin, second);
  EXPECT_EQ(summary.biggest.bytes, log.offset() - second);
  EXPECT_EQ(summary.biggest.gtid, uuid + ":3");
}

TEST(LogSummaryTest, CountsUpdatesAndDeletesOfBothDialects) {
  LogFolder folder;
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    LogSummary summary;
    const std::string path = folder.Write("log", ReadGoldenFile(ReadGoldenLog(flavor).name + ".binlog"));
    ASSERT_TRUE(Summarize(path, &summary).ok());
    EXPECT_EQ(summary.flavor, flavor);
    const LogSummary::Rows& rows = summary.rows[{"shop", "pairs"}];
    EXPECT_EQ(rows.inserts, flavor == Flavor::kMySql ? 6U : 7U);
    EXPECT_EQ(rows.updates, flavor == Flavor::kMySql ? 4U : 5U);
    EXPECT_EQ(rows.deletes, flavor == Flavor::kMySql ? 3U : 4U);
    EXPECT_EQ(summary.gtids.flavor(), flavor);
  }
}

TEST(LogSummaryTest, TellsWhatCameBeforeAnError) {
  LogWriter log;
  log.Transaction({{1, "one"}});
  const std::string bytes = log.FileBytes("binlog.000001");
  LogFolder folder;
  LogSummary summary;
  const absl::Status status = Summarize(folder.Write("x", bytes.substr(0, bytes.size() - 1)), &summary);
  EXPECT_EQ(ErrorReason(status), "LOG_CUT_SHORT");
  EXPECT_EQ(summary.event_count, 5U);
  EXPECT_EQ(summary.rows.size(), 1U);
}

}  // namespace
}  // namespace binlogd::testing
