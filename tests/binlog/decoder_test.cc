#include "binlog/decoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "base/error.h"
#include "binlog/stream_tracker.h"
#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"
#include "tests/binlog/zstd.h"

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

TEST_F(DecoderTest, ARowsQueryThatIsNotUtf8KeepsItsBytes) {
  Feed(MakeFormat());
  Feed(MakeGtid(5));
  Feed(MakeQuery("BEGIN"));
  Feed(MakeEvent(EventType::kRowsQuery, "\x0ainsert '\xe9'"));
  Feed(MakeTableMap());
  const DecodedEvent* event = Feed(MakeWriteRows(42));
  EXPECT_EQ(event->query, "insert '\xef\xbf\xbd'");
  EXPECT_THAT(event->extra, Contains(Pair("query_base64", absl::Base64Escape("insert '\xe9'"))));
}

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

// MySQL 5.1 before 5.1.4: the fixed parts of table maps and rows events have 6 bytes, of which the table id takes 4.
TEST_F(DecoderTest, OldServersHaveTableIdsOf4Bytes) {
  std::string lengths = FromHex("380d0008001200040404041200005f00041a06060606060602");  // 5.1.2, types 1 to 26.
  lengths.push_back('\0');
  std::string version = "5.1.2-alpha-log";
  version.resize(50, '\0');
  Feed(MakeEvent(EventType::kFormatDescription,
                 absl::StrCat(Little(4, 2), version, Little(0, 4), Little(19, 1), lengths)));
  const auto without_two = [](std::string event) {
    event.erase(kEventHeaderSize + 4, 2);
    event.replace(9, 4, Little(event.size(), 4));
    return event;
  };
  EXPECT_EQ(Feed(without_two(MakeTableMap(0xfffffffe))), nullptr);
  const DecodedEvent* event = Feed(without_two(MakeWriteRows(42, 1, 0xfffffffe)));
  ASSERT_NE(event, nullptr);
  RowCursor cursor(*event->rows, *event->table_map);
  ASSERT_TRUE(cursor.Next());
  EXPECT_EQ(cursor.values()[0].int_value, 42);
  // Rows events of the versions before that are passed on by name.
  EXPECT_THAT(Feed(MakeEvent(EventType::kPreGaWriteRows, "rows"))->extra,
              Contains(Pair("event", "Write_rows_event_old")));
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

TEST_F(DecoderTest, KnownEventsThatAreNotDecodedArePassedOnByName) {
  const DecodedEvent* event = Feed(MakeEvent(EventType::kViewChange, "abc"));
  EXPECT_EQ(event->kind, EventKind::kOther);
  EXPECT_THAT(event->extra, Contains(Pair("event", "View_change")));
  EXPECT_THAT(event->extra, Contains(Pair("bytes", "22")));
  event = Feed(MakeEvent(EventType::kIntvar, FromHex("020700000000000000")));
  EXPECT_THAT(event->extra, Contains(Pair("event", "Intvar")));
  EXPECT_THAT(event->extra, Contains(Pair("variable", "INSERT_ID")));
  EXPECT_THAT(event->extra, Contains(Pair("value", "7")));
}

TEST_F(DecoderTest, UnknownEventsPassOnlyWhenTheyMayBeSkipped) {
  const DecodedEvent* event = Feed(MakeEvent(static_cast<EventType>(99), "abc", kIgnorableFlag));
  EXPECT_EQ(event->kind, EventKind::kOther);
  EXPECT_THAT(event->extra, Contains(Pair("event", "type 99")));
  for (const int type : {0, 43, 99, 172, 255}) {
    const absl::Status status = FeedBad(MakeEvent(static_cast<EventType>(type), "abc"));
    EXPECT_EQ(ErrorReason(status), "UNKNOWN_EVENT");
    EXPECT_NE(status.message().find(absl::StrCat("type ", type)), absl::string_view::npos) << status;
  }
}

TEST_F(DecoderTest, HeartbeatsAndArtificialEventsGiveNone) {
  EXPECT_EQ(Feed(MakeEvent(EventType::kHeartbeat, "binlog.000001")), nullptr);
  EXPECT_EQ(Feed(MakeEvent(EventType::kHeartbeatV2, "x")), nullptr);
  EXPECT_EQ(Feed(MakeEvent(EventType::kRotate, absl::StrCat(Little(4, 8), "binlog.000002"), kArtificialFlag)), nullptr);
}

class PayloadTest : public DecoderTest {
 protected:
  static std::string Payload(const std::string& events) {
    return MakeEvent(EventType::kTransactionPayload, MakePayloadBody(Zstd(events), 0, events.size()));
  }
  const DecodedEvent* Next() {
    const DecodedEvent* event = nullptr;
    const absl::Status status = decoder_.Next(&event);
    EXPECT_TRUE(status.ok()) << status;
    return event;
  }
};

TEST_F(PayloadTest, ACompressedTransactionIsAnOrdinaryOne) {
  const std::string payload = Payload(MakeQuery("BEGIN") + MakeEvent(EventType::kRowsQuery, "\x06insert into t") +
                                      MakeTableMap() + MakeWriteRows(41, 0) + MakeWriteRows(42) + MakeXid());
  const std::string gtid = "3e11fa47-71ca-11e1-9e33-c80aa9429562:5";
  for (int i = 0; i < 2; ++i) {
    Feed(MakeGtid(5));
    const DecodedEvent* event = Feed(payload);
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->kind, EventKind::kBegin);
    EXPECT_EQ(event->gtid, gtid);
    EXPECT_EQ(event->log_bytes, payload.size());
    event = Next();
    ASSERT_NE(event, nullptr);
    EXPECT_EQ(event->kind, EventKind::kWrite);
    EXPECT_EQ(event->query, "insert into t");
    event = Next();
    EXPECT_EQ(event->query, "");
    RowCursor cursor(*event->rows, *event->table_map);
    ASSERT_TRUE(cursor.Next());
    EXPECT_EQ(cursor.values()[0].int_value, 42);
    event = Next();
    EXPECT_EQ(event->kind, EventKind::kCommit);
    EXPECT_EQ(event->gtid, gtid);
    EXPECT_EQ(event->log_bytes, payload.size());
    EXPECT_EQ(Next(), nullptr);
    EXPECT_EQ(Next(), nullptr);
    event = Feed(MakeEvent(EventType::kStop, ""));
    EXPECT_EQ(event->gtid, "");
    EXPECT_EQ(event->log_bytes, kEventHeaderSize);
    EXPECT_EQ(Next(), nullptr);
  }
}

TEST_F(PayloadTest, WhatIsNotAskedForIsLeftOut) {
  Feed(MakeGtid(5));
  EXPECT_EQ(Feed(Payload(MakeQuery("BEGIN") + MakeTableMap() + MakeWriteRows(1) + MakeXid()))->kind, EventKind::kBegin);
  const DecodedEvent* event = Feed(MakeEvent(EventType::kStop, ""));
  EXPECT_EQ(event->kind, EventKind::kStop);
  EXPECT_EQ(event->gtid, "");
  EXPECT_EQ(ErrorReason(FeedBad(MakeWriteRows(1))), "TABLE_MAP_MISSING") << "its table maps have ended too";
}

TEST_F(PayloadTest, TheGtidIsTheTransactionsToTheEnd) {
  Feed(MakeGtid(5));
  Feed(Payload(MakeQuery("BEGIN") + MakeXid() + MakeQuery("INSERT INTO t VALUES(1)")));
  EXPECT_EQ(Next()->kind, EventKind::kCommit);
  EXPECT_EQ(Next()->gtid, "3e11fa47-71ca-11e1-9e33-c80aa9429562:5");
}

TEST_F(PayloadTest, ErrorsNameTheInnerEvent) {
  EXPECT_EQ(Feed(Payload(MakeQuery("BEGIN") + MakeWriteRows(1) + MakeXid()))->kind, EventKind::kBegin);
  const DecodedEvent* event = nullptr;
  const absl::Status status = decoder_.Next(&event);
  EXPECT_EQ(ErrorReason(status), "TABLE_MAP_MISSING");
  EXPECT_NE(status.message().find("its event 2: a Write_rows_v1 event"), absl::string_view::npos) << status;
  EXPECT_EQ(Next(), nullptr);
  EXPECT_EQ(Feed(MakeGtid(5))->kind, EventKind::kGtid) << "it can be fed on";
  EXPECT_EQ(FeedBad(MakeEvent(EventType::kTransactionPayload, "x")).code(), absl::StatusCode::kDataLoss);
}

TEST_F(PayloadTest, WhatCannotStandInIt) {
  for (const std::string& inner : {Payload(MakeXid()), MakeFormat(), MakeGtid(1),
                                   MakeEvent(EventType::kRotate, absl::StrCat(Little(4, 8), "binlog.000002"))}) {
    const absl::Status status = FeedBad(Payload(inner));
    EXPECT_EQ(ErrorReason(status), "EVENT_MALFORMED");
    EXPECT_NE(status.message().find("cannot stand in"), absl::string_view::npos) << status;
  }
}

TEST_F(DecoderTest, LoadDataAsAStatement) {
  EXPECT_THAT(Feed(MakeEvent(EventType::kBeginLoadQuery, Little(9, 4) + "a,b\n"))->extra,
              Contains(Pair("file_id", "9")));
  const std::string statement = "LOAD DATA INFILE 'x' INTO TABLE t";
  const std::string body =
      absl::StrCat(Little(7, 4), Little(0, 4), Little(4, 1), Little(0, 2), Little(0, 2), Little(9, 4), Little(10, 4),
                   Little(20, 4), Little(2, 1), "shop", Little(0, 1), statement);
  const DecodedEvent* event = Feed(MakeEvent(EventType::kExecuteLoadQuery, body));
  EXPECT_EQ(event->kind, EventKind::kQuery);
  EXPECT_FALSE(event->is_ddl);
  EXPECT_EQ(event->query, statement);
  EXPECT_EQ(event->database, "shop");
  EXPECT_THAT(event->extra, Contains(Pair("file_id", "9")));
  EXPECT_THAT(event->extra, Contains(Pair("file_name_begin", "10")));
  EXPECT_THAT(event->extra, Contains(Pair("file_name_end", "20")));
  EXPECT_THAT(event->extra, Contains(Pair("on_duplicate", "REPLACE")));
  for (size_t size = 0; size < 26 + 5; ++size) {
    EXPECT_EQ(ErrorReason(FeedBad(MakeEvent(EventType::kExecuteLoadQuery, body.substr(0, size)))), "EVENT_MALFORMED");
  }
  EXPECT_EQ(ErrorReason(FeedBad(MakeEvent(EventType::kExecuteLoadQuery, body.substr(0, 26 + 5 + 19)))),
            "EVENT_MALFORMED")
      << "the file's name ends behind the statement";
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
  for (const GoldenLog& log : ReadGoldenLogs()) {
    StreamTracker tracker(log.flavor);
    EventDecoder whole(log.flavor, nullptr);
    for (const std::string& bytes : log.events) {
      EventDecoder begun(log.flavor, tracker.format());
      const DecodedEvent* a = nullptr;
      const DecodedEvent* b = nullptr;
      const auto context = tracker.context();
      for (const std::string& event : *context) ASSERT_TRUE(begun.Feed(event, &b).ok());
      ASSERT_TRUE(begun.Feed(bytes, &b).ok());
      ASSERT_TRUE(whole.Feed(bytes, &a).ok());
      while (a != nullptr && b != nullptr) {
        EXPECT_EQ(a->kind, b->kind);
        EXPECT_EQ(a->gtid, b->gtid);
        EXPECT_EQ(a->query, b->query);
        EXPECT_EQ(a->table, b->table);
        EXPECT_EQ(a->extra, b->extra);
        ASSERT_TRUE(begun.Next(&b).ok());
        ASSERT_TRUE(whole.Next(&a).ok());
      }
      ASSERT_EQ(a, nullptr);
      ASSERT_EQ(b, nullptr);
      bool ends = false;
      ASSERT_TRUE(tracker.Take(*ParseEventHeader(bytes), bytes, &ends).ok());
    }
  }
}

}  // namespace
}  // namespace binlogd
