#include "binlog/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "binlog/stream_tracker.h"
#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"

namespace binlogd {
namespace {

using testing::Contains;
using testing::Pair;

class DecoderTest : public testing::Test {
 protected:
  // Feeds one event; null when it gives none. Fails the test on an error.
  const DecodedEvent* Feed(const std::string& bytes) {
    kept_ = bytes;
    const DecodedEvent* event = nullptr;
    const absl::Status status = decoder_.Feed(kept_, &event);
    EXPECT_TRUE(status.ok()) << status;
    return event;
  }
  absl::Status FeedBad(const std::string& bytes) {
    const DecodedEvent* event = nullptr;
    const absl::Status status = decoder_.Feed(bytes, &event);
    EXPECT_EQ(event, nullptr);
    return status;
  }

  EventDecoder decoder_{Flavor::kMySql, nullptr};
  std::string kept_;
};

TEST_F(DecoderTest, ATransactionInOrder) {
  EXPECT_EQ(Feed(MakeFormat())->kind, EventKind::kFormatDescription);
  const DecodedEvent* event = Feed(MakeGtid(5));
  EXPECT_EQ(event->kind, EventKind::kGtid);
  EXPECT_EQ(event->gtid, "3e11fa47-71ca-11e1-9e33-c80aa9429562:5");
  EXPECT_EQ(Feed(MakeQuery("BEGIN"))->kind, EventKind::kBegin);
  EXPECT_EQ(Feed(MakeEvent(EventType::kRowsQuery, "\x06insert into t")), nullptr);
  EXPECT_EQ(Feed(MakeTableMap()), nullptr);
  event = Feed(MakeWriteRows(42));
  EXPECT_EQ(event->kind, EventKind::kWrite);
  EXPECT_EQ(event->database, "shop");
  EXPECT_EQ(event->table, "t");
  EXPECT_EQ(event->query, "insert into t");
  EXPECT_EQ(event->gtid, "3e11fa47-71ca-11e1-9e33-c80aa9429562:5");
  RowCursor cursor(*event->rows, *event->table_map);
  ASSERT_TRUE(cursor.Next());
  EXPECT_EQ(cursor.values()[0].int_value, 42);
  EXPECT_FALSE(cursor.Next());
  event = Feed(MakeXid());
  EXPECT_EQ(event->kind, EventKind::kCommit);
  EXPECT_EQ(event->gtid, "3e11fa47-71ca-11e1-9e33-c80aa9429562:5");
  EXPECT_THAT(event->extra, Contains(Pair("xid", "5")));
  event = Feed(MakeEvent(EventType::kRotate, absl::StrCat(Little(4, 8), "binlog.000002")));
  EXPECT_EQ(event->kind, EventKind::kRotate);
  EXPECT_EQ(event->gtid, "");
  EXPECT_THAT(event->extra, Contains(Pair("next_file", "binlog.000002")));
}

TEST_F(DecoderTest, ExtraFieldsAreSorted) {
  const DecodedEvent* event = Feed(MakeQuery("DROP TABLE t"));
  EXPECT_TRUE(event->is_ddl);
  EXPECT_TRUE(std::is_sorted(event->extra.begin(), event->extra.end()));
  EXPECT_THAT(event->extra, Contains(Pair("thread_id", "7")));
  EXPECT_FALSE(Feed(MakeQuery("INSERT INTO t VALUES(1)"))->is_ddl);
}

TEST_F(DecoderTest, ATableMapIsInForceUntilItsStatementEnds) {
  Feed(MakeTableMap());
  EXPECT_NE(Feed(MakeWriteRows(1, 0)), nullptr);
  EXPECT_NE(Feed(MakeWriteRows(2, kStatementEndFlag)), nullptr);
  const absl::Status status = FeedBad(MakeWriteRows(3));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ErrorReason(status), "TABLE_MAP_MISSING");
  // It can be fed on.
  Feed(MakeTableMap());
  EXPECT_NE(Feed(MakeWriteRows(3)), nullptr);
}

TEST_F(DecoderTest, AnEventWithoutRowsOnlyEndsTheStatement) {
  const std::string body = absl::StrCat(Little(0xffffff, 6), Little(kStatementEndFlag, 2), Little(0, 1));
  EXPECT_EQ(Feed(MakeEvent(EventType::kWriteRowsV1, body)), nullptr);
}

TEST_F(DecoderTest, ManyTables) {
  for (uint64_t id = 1; id < 5000; ++id) {
    Feed(MakeTableMap(id));
    ASSERT_NE(Feed(MakeWriteRows(1, kStatementEndFlag, id)), nullptr);
  }
}

TEST_F(DecoderTest, UnknownEventsArePassedOnByName) {
  const DecodedEvent* event = Feed(MakeEvent(static_cast<EventType>(99), "abc"));
  EXPECT_EQ(event->kind, EventKind::kOther);
  EXPECT_THAT(event->extra, Contains(Pair("event", "type 99")));
  EXPECT_THAT(event->extra, Contains(Pair("bytes", "22")));
  EXPECT_THAT(Feed(MakeEvent(EventType::kIntvar, std::string(9, '\0')))->extra, Contains(Pair("event", "Intvar")));
}

TEST_F(DecoderTest, HeartbeatsAndArtificialEventsGiveNone) {
  EXPECT_EQ(Feed(MakeEvent(EventType::kHeartbeat, "binlog.000001")), nullptr);
  EXPECT_EQ(Feed(MakeEvent(EventType::kHeartbeatV2, "x")), nullptr);
  EXPECT_EQ(Feed(MakeEvent(EventType::kRotate, absl::StrCat(Little(4, 8), "binlog.000002"), kArtificialFlag)), nullptr);
}

TEST_F(DecoderTest, CompressedTransactionsAreAnExplicitError) {
  const absl::Status status = FeedBad(MakeEvent(EventType::kTransactionPayload, "x"));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ErrorReason(status), "TRANSACTION_COMPRESSED");
}

TEST_F(DecoderTest, StatementsAreUtf8) {
  const DecodedEvent* event = Feed(MakeQuery("INSERT INTO t VALUES('\xff')"));
  EXPECT_EQ(event->query, "INSERT INTO t VALUES('\xef\xbf\xbd')");
  EXPECT_THAT(event->extra, Contains(Pair("query_base64", absl::Base64Escape("INSERT INTO t VALUES('\xff')"))));
}

TEST_F(DecoderTest, IncidentAndXaPrepare) {
  const DecodedEvent* event = Feed(MakeEvent(EventType::kIncident, absl::StrCat(Little(1, 2), "\x04lost")));
  EXPECT_EQ(event->kind, EventKind::kIncident);
  EXPECT_THAT(event->extra, Contains(Pair("message", "lost")));
  const std::string xid = absl::StrCat(Little(5, 4), Little(1, 4), Little(1, 4), "ab");
  event = Feed(MakeEvent(EventType::kXaPrepare, absl::StrCat(Little(0, 1), xid)));
  EXPECT_EQ(event->kind, EventKind::kXaPrepare);
  EXPECT_THAT(event->extra, Contains(Pair("xid", "X'61',X'62',5")));
  EXPECT_EQ(Feed(MakeEvent(EventType::kXaPrepare, absl::StrCat(Little(1, 1), xid)))->kind, EventKind::kCommit);
}

// A decoder that begins anywhere with the tracker's context decodes as one that has seen everything.
TEST(DecoderGoldenTest, ContextIsEnoughToBeginAnywhere) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    const GoldenLog log = ReadGoldenLog(flavor);
    StreamTracker tracker(flavor);
    EventDecoder whole(flavor, nullptr);
    for (size_t i = 0; i < log.events.size(); ++i) {
      EventDecoder begun(flavor, tracker.format());
      const DecodedEvent* a = nullptr;
      const DecodedEvent* b = nullptr;
      const auto context = tracker.context();
      for (const std::string& event : *context) ASSERT_TRUE(begun.Feed(event, &b).ok());
      ASSERT_TRUE(begun.Feed(log.events[i], &b).ok());
      ASSERT_TRUE(whole.Feed(log.events[i], &a).ok());
      ASSERT_EQ(a == nullptr, b == nullptr);
      if (a != nullptr) {
        EXPECT_EQ(a->kind, b->kind);
        EXPECT_EQ(a->gtid, b->gtid);
        EXPECT_EQ(a->query, b->query);
        EXPECT_EQ(a->table, b->table);
        EXPECT_EQ(a->extra, b->extra);
      }
      bool ends = false;
      ASSERT_TRUE(tracker.Take(*ParseEventHeader(log.events[i]), log.events[i], &ends).ok());
    }
  }
}

}  // namespace
}  // namespace binlogd
