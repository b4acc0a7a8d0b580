#include "binlog/stream_tracker.h"

#include <gtest/gtest.h>

#include "binlog/rows.h"
#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"

namespace binlogd {
namespace {

constexpr char kSource[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

// Feeds events and collects one letter for each: '.' inside a transaction, '|' at a boundary after it, '!' an error.
class StreamTrackerTest : public testing::Test {
 protected:
  std::string Feed(const std::vector<std::string>& events) {
    std::string marks;
    for (const std::string& event : events) {
      bool ends = false;
      const auto header = ParseEventHeader(event);
      const absl::Status status = tracker_->Take(*header, event, &ends);
      marks.push_back(!status.ok() ? '!' : ends ? '|' : '.');
      if (status.ok()) {
        EXPECT_EQ(ends, tracker_->at_boundary());
      }
    }
    return marks;
  }

  void UseMariaDb() { tracker_ = std::make_unique<StreamTracker>(Flavor::kMariaDb); }

  std::unique_ptr<StreamTracker> tracker_ = std::make_unique<StreamTracker>(Flavor::kMySql);
};

TEST_F(StreamTrackerTest, MySqlTransactionWithGtid) {
  EXPECT_EQ(Feed({MakeFormat(), MakeGtid(1), MakeQuery("BEGIN"), MakeTableMap(), MakeWriteRows(1), MakeXid()}),
            "|....|");
  EXPECT_EQ(tracker_->gtid_set_text(), absl::StrCat(kSource, ":1"));
  EXPECT_EQ(Feed({MakeGtid(2), MakeQuery("BEGIN"), MakeTableMap(), MakeWriteRows(1), MakeQuery("COMMIT")}), "....|");
  EXPECT_EQ(Feed({MakeGtid(3), MakeQuery("BEGIN"), MakeQuery("INSERT INTO t VALUES(1)"), MakeQuery("ROLLBACK TO s"),
                  MakeQuery("ROLLBACK")}),
            "....|");
  EXPECT_EQ(tracker_->gtid_set_text(), absl::StrCat(kSource, ":1-3"));
}

TEST_F(StreamTrackerTest, TheGtidCountsOnlyAtTheEnd) {
  Feed({MakeGtid(1), MakeQuery("BEGIN"), MakeTableMap(), MakeWriteRows(1)});
  EXPECT_EQ(tracker_->gtid_set_text(), "");
  Feed({MakeXid()});
  EXPECT_EQ(tracker_->gtid_set_text(), absl::StrCat(kSource, ":1"));
}

TEST_F(StreamTrackerTest, WhatBelongsToAStatementIsNoBoundary) {
  const std::string intvar = MakeEvent(EventType::kIntvar, FromHex("020700000000000000"));
  const std::string block = MakeEvent(EventType::kBeginLoadQuery, Little(9, 4) + "a,b\n");
  const std::string load =
      MakeEvent(EventType::kExecuteLoadQuery, absl::StrCat(std::string(26, '\0'), Little(0, 1), "LOAD DATA"));
  const std::string insert = MakeQuery("INSERT INTO t VALUES(1)");
  EXPECT_EQ(Feed({MakeFormat(), intvar, insert, block, load, intvar, insert}), "|.|.|.|");
  EXPECT_EQ(Feed({block, MakeEvent(EventType::kDeleteFile, Little(9, 4))}), ".|");
  EXPECT_EQ(Feed({MakeGtid(1), block, load, MakeGtid(2), MakeQuery("BEGIN"), intvar, insert, block, load, MakeXid()}),
            "..|......|");
  EXPECT_EQ(tracker_->gtid_set_text(), absl::StrCat(kSource, ":1-2"));
}

TEST_F(StreamTrackerTest, APayloadIsAWholeTransaction) {
  const std::string payload = MakeEvent(EventType::kTransactionPayload, "of any content");
  EXPECT_EQ(Feed({MakeFormat(), MakeGtid(1), payload, MakeGtid(2), payload}), "|.|.|");
  EXPECT_EQ(tracker_->gtid_set_text(), absl::StrCat(kSource, ":1-2"));
}

TEST_F(StreamTrackerTest, StatementsThatCommitByThemselves) {
  EXPECT_EQ(Feed({MakeGtid(1), MakeQuery("CREATE TABLE t (a int)"), MakeGtid(2),
                  MakeEvent(EventType::kIntvar, std::string(9, '\0')), MakeQuery("DROP TABLE t"), MakeGtid(3),
                  MakeQuery("XA COMMIT X'61',X'',1")}),
            ".|..|.|");
  EXPECT_EQ(tracker_->gtid_set_text(), absl::StrCat(kSource, ":1-3"));
}

TEST_F(StreamTrackerTest, CreateTableAsSelect) {
  EXPECT_EQ(Feed({MakeGtid(1), MakeQuery("CREATE TABLE `t` (\n `a` int\n) START TRANSACTION"), MakeTableMap(),
                  MakeWriteRows(1), MakeXid()}),
            "....|");
}

TEST_F(StreamTrackerTest, XaTransactions) {
  EXPECT_EQ(Feed({MakeGtid(1), MakeQuery("XA START X'61',X'',1"), MakeTableMap(), MakeWriteRows(1),
                  MakeQuery("XA END X'61',X'',1"), MakeEvent(EventType::kXaPrepare, std::string(13, '\0')), MakeGtid(2),
                  MakeQuery("XA COMMIT X'61',X'',1")}),
            ".....|.|");
}

TEST_F(StreamTrackerTest, AnonymousTransactionsHaveNoGtid) {
  const std::string anonymous = MakeEvent(EventType::kAnonymousGtid, std::string(25, '\0'));
  EXPECT_EQ(Feed({anonymous, MakeQuery("BEGIN"), MakeTableMap(), MakeWriteRows(1), MakeXid(), anonymous,
                  MakeQuery("DROP TABLE t")}),
            "....|.|");
  EXPECT_EQ(tracker_->gtid_set_text(), "");
}

TEST_F(StreamTrackerTest, LogsWithoutGtidEvents) {
  EXPECT_EQ(Feed({MakeFormat("5.5.62"), MakeQuery("BEGIN"), MakeTableMap(), MakeWriteRows(1), MakeXid(),
                  MakeQuery("DROP TABLE t")}),
            "|...||");
}

TEST_F(StreamTrackerTest, CompressedTransactionIsAWholeOne) {
  EXPECT_EQ(Feed({MakeGtid(1), MakeEvent(EventType::kTransactionPayload, "anything")}), ".|");
  EXPECT_EQ(tracker_->gtid_set_text(), absl::StrCat(kSource, ":1"));
}

TEST_F(StreamTrackerTest, FilesEndBetweenTransactions) {
  const std::string rotate = MakeEvent(EventType::kRotate, absl::StrCat(Little(4, 8), "binlog.000002"));
  EXPECT_EQ(Feed({rotate, MakeFormat(), MakeEvent(EventType::kStop, "")}), "|||");
  // A crash cut the transaction off; it never was committed.
  EXPECT_EQ(Feed({MakeGtid(1), MakeQuery("BEGIN"), MakeTableMap(), MakeFormat()}), "...|");
  EXPECT_EQ(tracker_->gtid_set_text(), "");
  EXPECT_TRUE(tracker_->context()->empty());
}

TEST_F(StreamTrackerTest, PreviousGtidsAreComplete) {
  const std::string set = GtidSet::Parse(Flavor::kMySql, absl::StrCat(kSource, ":1-5"))->Encode();
  EXPECT_EQ(Feed({MakeFormat(), MakeEvent(EventType::kPreviousGtids, set), MakeGtid(6), MakeQuery("DROP TABLE t")}),
            "||.|");
  EXPECT_EQ(tracker_->gtid_set_text(), absl::StrCat(kSource, ":1-6"));
}

TEST_F(StreamTrackerTest, MariaDbGroupsAndStandaloneStatements) {
  UseMariaDb();
  EXPECT_EQ(Feed({MakeFormat("10.11.2-MariaDB"), MakeMariaDbGtid(0, 1, true), MakeQuery("CREATE TABLE t (a int)"),
                  MakeMariaDbGtid(0, 2, false), MakeEvent(EventType::kMariaDbAnnotateRows, "insert"), MakeTableMap(),
                  MakeWriteRows(1), MakeXid(), MakeMariaDbGtid(1, 9, false), MakeQuery("INSERT"), MakeQuery("COMMIT")}),
            "|.|....|..|");
  EXPECT_EQ(tracker_->gtid_set_text(), "0-1-2,1-1-9");
}

TEST_F(StreamTrackerTest, MariaDbStandaloneWithUserVariable) {
  UseMariaDb();
  EXPECT_EQ(Feed({MakeMariaDbGtid(0, 1, true), MakeEvent(EventType::kUserVar, "x"), MakeQuery("DROP TABLE t")}), "..|");
}

TEST_F(StreamTrackerTest, ContextIsWhatADecoderMustSeeFirst) {
  const std::string rows_query = MakeEvent(EventType::kRowsQuery, "\x06insert");
  const std::vector<std::string> open = {MakeGtid(1), MakeQuery("BEGIN"), rows_query, MakeTableMap(7), MakeTableMap(8)};
  Feed(open);
  EXPECT_EQ(*tracker_->context(), open);
  // The first row event has told the statement's text.
  Feed({MakeWriteRows(1, 0)});
  EXPECT_EQ(*tracker_->context(), (std::vector<std::string>{open[0], open[1], open[3], open[4]}));
  Feed({MakeWriteRows(1, kStatementEndFlag)});
  EXPECT_EQ(*tracker_->context(), (std::vector<std::string>{open[0], open[1]}));
  Feed({MakeTableMap(9)});
  EXPECT_EQ(*tracker_->context(), (std::vector<std::string>{open[0], open[1], MakeTableMap(9)}));
  Feed({MakeXid()});
  EXPECT_TRUE(tracker_->context()->empty());
}

TEST_F(StreamTrackerTest, ResetInsideATransaction) {
  const GtidSet set = *GtidSet::Parse(Flavor::kMySql, absl::StrCat(kSource, ":1-4"));
  tracker_->Reset(set, false);
  EXPECT_FALSE(tracker_->at_boundary());
  EXPECT_FALSE(tracker_->context_complete());
  EXPECT_EQ(Feed({MakeQuery("INSERT INTO t VALUES(1)")}), ".");
  EXPECT_FALSE(tracker_->context_complete());
  EXPECT_EQ(Feed({MakeXid()}), "|");
  EXPECT_TRUE(tracker_->context_complete());
  EXPECT_EQ(tracker_->gtid_set_text(), absl::StrCat(kSource, ":1-4"));
  tracker_->Reset(GtidSet(), true);
  EXPECT_TRUE(tracker_->at_boundary());
  EXPECT_EQ(tracker_->gtid_set_text(), "");
}

TEST_F(StreamTrackerTest, RefusesEventsThatLieAboutTheirSize) {
  std::string event = MakeXid();
  event[9] = 100;
  EXPECT_EQ(Feed({event}), "!");
  EXPECT_EQ(Feed({MakeEvent(EventType::kGtid, "x"), MakeEvent(EventType::kQuery, ""),
                  MakeEvent(EventType::kWriteRows, "abc")}),
            "!!!");
}

TEST(StreamTrackerGoldenTest, EveryGtidOfACapturedLogIsComplete) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    const GoldenLog log = ReadGoldenLog(flavor);
    StreamTracker tracker(flavor);
    GtidSet seen(flavor);
    for (const std::string& event : log.events) {
      const EventHeader header = *ParseEventHeader(event);
      if (header.type == EventType::kGtid || header.type == EventType::kTaggedGtid ||
          header.type == EventType::kMariaDbGtid) {
        EXPECT_TRUE(tracker.at_boundary());
        EXPECT_EQ(tracker.gtid_set_text(), seen.ToString());
        seen.Add(ParseGtidEvent(header, absl::string_view(event).substr(kEventHeaderSize))->gtid);
      }
      bool ends = false;
      ASSERT_TRUE(tracker.Take(header, event, &ends).ok());
    }
    EXPECT_TRUE(tracker.at_boundary());
    EXPECT_EQ(tracker.gtid_set_text(), seen.ToString());
    EXPECT_EQ(tracker.gtid_set(), seen);
  }
}

}  // namespace
}  // namespace binlogd
