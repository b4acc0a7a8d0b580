#include "archive/log_selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/archive/log_files.h"
#include "tests/harness/log_writer.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint32_t kDay = 1700000000;

// Two files: transactions 1 and 2 at kDay + 10 and + 20, then 3 (DDL) and 4 at + 30 and + 25.
class LogSelectionTest : public ::testing::Test {
 protected:
  LogSelectionTest() {
    log_.PreviousGtids();
    log_.set_time(kDay + 10);
    log_.Transaction({{1, "one"}});
    log_.set_time(kDay + 20);
    log_.Transaction({{2, "two"}});
    log_.Rotate();
    log_.set_time(kDay + 30);
    log_.Ddl("CREATE TABLE u (a INT)");
    log_.set_time(kDay + 25);
    log_.Transaction({{4, "four"}});
  }

  // The selected events as "N:Type", N the number of the file.
  std::vector<std::string> Select(const LogSelection& selection) {
    std::vector<std::string> selected;
    LogSelector selector(selection);
    const std::vector<std::string> files = log_.files();
    for (size_t i = 0; i < files.size() && !selector.done(); ++i) {
      selector.BeginFile(i == 0, i + 1 == files.size());
      absl::StatusOr<TrackedLog> log = TrackedLog::Open(folder_.Write(files[i], log_.FileBytes(files[i])), {});
      status_ = log.ok() ? SelectFile(i + 1, &*log, &selector, &selected) : log.status();
      if (!status_.ok()) break;
    }
    unmet_ = selector.unmet_stop();
    return selected;
  }

  static LogSelection From(uint64_t start, uint64_t stop) {
    LogSelection selection;
    selection.start_position = start;
    selection.stop_position = stop;
    return selection;
  }
  static std::optional<GtidSet> Set(const std::string& numbers) {
    return *GtidSet::Parse(Flavor::kMySql, std::string(LogWriter::kServerUuid) + ":" + numbers);
  }
  uint64_t Begin(size_t event) const { return InFile(event).begin; }

  LogWriter log_;
  absl::Status status_;
  std::string unmet_;

 private:
  const LoggedEvent& InFile(size_t index) const {
    size_t at = 0;
    for (const LoggedEvent& event : log_.events()) {
      if (event.in_file() && at++ == index) return event;
    }
    std::abort();
  }

  static absl::Status SelectFile(size_t number, TrackedLog* log, LogSelector* selector,
                                 std::vector<std::string>* selected) {
    LogFileEvent event;
    while (!selector->done()) {
      const absl::StatusOr<bool> more = log->Next(&event);
      if (!more.ok()) return more.status();
      if (!*more) return selector->EndFile(log->file().offset());
      const auto place = selector->Place(event);
      if (!place.ok()) return place.status();
      if (*place == LogSelector::Verdict::kStop) break;
      if (absl::Status tracked = log->Track(event); !tracked.ok()) return tracked;
      const auto transaction = selector->Transaction(event, *log);
      if (!transaction.ok()) return transaction.status();
      if (*place == LogSelector::Verdict::kTake && *transaction == LogSelector::Verdict::kTake) {
        selected->push_back(std::to_string(number) + ":" + std::string(EventTypeName(event.header.type)));
      }
    }
    return absl::OkStatus();
  }

  LogFolder folder_;
};

TEST_F(LogSelectionTest, NothingGivenTakesAll) {
  EXPECT_THAT(Select({}), ElementsAre("1:Format_desc", "1:Previous_gtids", "1:Gtid", "1:Query", "1:Table_map",
                                      "1:Write_rows", "1:Xid", "1:Gtid", "1:Query", "1:Table_map", "1:Write_rows",
                                      "1:Xid", "1:Rotate", "2:Format_desc", "2:Previous_gtids", "2:Gtid", "2:Query",
                                      "2:Gtid", "2:Query", "2:Table_map", "2:Write_rows", "2:Xid"));
}

TEST_F(LogSelectionTest, PositionsAreOfTheFirstAndTheLastFile) {
  EXPECT_THAT(Select(From(Begin(11), Begin(16))),
              ElementsAre("1:Xid", "1:Rotate", "2:Format_desc", "2:Previous_gtids", "2:Gtid"));
  EXPECT_TRUE(status_.ok());
  EXPECT_THAT(Select(From(log_.FileBytes("binlog.000001").size(), 4)), IsEmpty());
  EXPECT_TRUE(status_.ok()) << status_;
  EXPECT_EQ(Select(From(4, 1 << 20)).size(), 22U);
}

TEST_F(LogSelectionTest, PositionsInsideAnEventAreRefused) {
  Select(From(Begin(11) + 1, 0));
  EXPECT_EQ(ErrorReason(status_), "POSITION_INVALID");
  EXPECT_THAT(std::string(status_.message()),
              HasSubstr("begins at " + std::to_string(Begin(11)) + " and ends at " + std::to_string(Begin(12))));
  EXPECT_EQ(Select(From(0, Begin(15) + 1)).size(), 15U);
  EXPECT_EQ(ErrorReason(status_), "POSITION_INVALID");
  Select(From(100000, 0));
  EXPECT_EQ(ErrorReason(status_), "POSITION_INVALID");
}

TEST_F(LogSelectionTest, TimesTakeWholeTransactions) {
  LogSelection selection;
  selection.start_time = absl::FromUnixSeconds(kDay + 11);
  selection.stop_time = absl::FromUnixSeconds(kDay + 30);
  EXPECT_THAT(Select(selection), ElementsAre("1:Gtid", "1:Query", "1:Table_map", "1:Write_rows", "1:Xid", "1:Rotate",
                                             "2:Format_desc", "2:Previous_gtids"));
  selection.start_time = absl::FromUnixSeconds(kDay + 30);
  selection.stop_time.reset();
  // What begins after the first is taken, though its time is less.
  EXPECT_THAT(Select(selection),
              ElementsAre("2:Gtid", "2:Query", "2:Gtid", "2:Query", "2:Table_map", "2:Write_rows", "2:Xid"));
  selection.start_time = absl::FromUnixSeconds(kDay + 31);
  EXPECT_THAT(Select(selection), IsEmpty());
}

TEST_F(LogSelectionTest, StartGtidsAreWhatIsThereAlready) {
  LogSelection selection;
  selection.start_gtids = Set("1:3");
  EXPECT_THAT(Select(selection),
              ElementsAre("1:Gtid", "1:Query", "1:Table_map", "1:Write_rows", "1:Xid", "1:Rotate", "2:Format_desc",
                          "2:Previous_gtids", "2:Gtid", "2:Query", "2:Table_map", "2:Write_rows", "2:Xid"));
}

TEST_F(LogSelectionTest, StopGtidsEndWhereTheLogHasThem) {
  LogSelection selection;
  selection.start_gtids = Set("1-2");
  selection.stop_gtids = Set("1-3");
  EXPECT_THAT(Select(selection), ElementsAre("2:Gtid", "2:Query"));
  EXPECT_EQ(unmet_, "");
  selection.start_gtids = Set("1");
  selection.stop_gtids = Set("1-9");
  EXPECT_EQ(Select(selection).size(), 15U);
  EXPECT_THAT(unmet_, HasSubstr(":1-9"));
}

TEST_F(LogSelectionTest, IncludedAndExcludedTransactions) {
  LogSelection selection;
  selection.include_gtids = Set("3-4");
  selection.exclude_gtids = Set("4");
  EXPECT_THAT(Select(selection), ElementsAre("2:Gtid", "2:Query"));
  selection.include_gtids.reset();
  selection.exclude_gtids = Set("1-3");
  EXPECT_THAT(Select(selection),
              ElementsAre("1:Format_desc", "1:Previous_gtids", "1:Rotate", "2:Format_desc", "2:Previous_gtids",
                          "2:Gtid", "2:Query", "2:Table_map", "2:Write_rows", "2:Xid"));
}

TEST_F(LogSelectionTest, ASetOfTheOtherDialectIsRefused) {
  LogSelection selection;
  selection.start_gtids = *GtidSet::Parse(Flavor::kMariaDb, "0-1-5");
  Select(selection);
  EXPECT_EQ(ErrorReason(status_), "GTID_SET_INVALID");
}

}  // namespace
}  // namespace binlogd::testing
