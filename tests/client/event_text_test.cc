#include "client/event_text.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

namespace binlogd {
namespace {

using ::testing::HasSubstr;

// The lines of an event in text format, at 12:03:44 UTC.
std::string TextOf(const std::string& event_text) {
  v1::Event event;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(event_text, &event)) << event_text;
  event.mutable_timestamp()->set_seconds(12 * 3600 + 3 * 60 + 44);
  return EventText(event, {false, absl::UTCTimeZone()});
}

TEST(EventTextTest, WriteHasALineForEachRow) {
  EXPECT_EQ(TextOf(R"(type: WRITE database: "shop" table: "orders"
                      rows { columns { name: "id" value { int_value: 7 } }
                             columns { name: "total" value { decimal_value: "10.00" } }
                             columns { name: "note" value { text_value: "a b\n" } }
                             columns { name: "gone" value { } } }
                      rows { columns { name: "id" value { uint_value: 8 } } })"),
            "12:03:44 shop.orders  WRITE   id=7 total=10.00 note=\"a b\\n\" gone=NULL\n"
            "12:03:44 shop.orders  WRITE   id=8\n");
}

TEST(EventTextTest, UpdateShowsTheFirstColumnAndWhatChanged) {
  EXPECT_EQ(TextOf(R"(type: UPDATE database: "shop" table: "orders"
                      old_rows { columns { name: "id" value { int_value: 7 } }
                                 columns { name: "same" value { int_value: 1 } }
                                 columns { name: "total" value { decimal_value: "10.00" } }
                                 columns { name: "paid" value { } } }
                      rows { columns { name: "id" value { int_value: 7 } }
                             columns { name: "same" value { int_value: 1 } }
                             columns { name: "total" value { decimal_value: "12.00" } }
                             columns { name: "paid" value { temporal_value: "2024-02-29" } } })"),
            "12:03:44 shop.orders  UPDATE  id=7 total=10.00→12.00 paid=NULL→2024-02-29\n");
}

TEST(EventTextTest, UpdateOfTheFirstColumn) {
  EXPECT_EQ(TextOf(R"(type: UPDATE database: "a" table: "t"
                      old_rows { columns { name: "id" value { int_value: 7 } } }
                      rows { columns { name: "id" value { int_value: 8 } } })"),
            "12:03:44 a.t  UPDATE  id=7→8\n");
}

TEST(EventTextTest, UpdateWithMinimalImages) {
  EXPECT_EQ(TextOf(R"(type: UPDATE database: "a" table: "t"
                      old_rows { columns { name: "id" value { int_value: 7 } } }
                      rows { columns { name: "total" value { float_value: 0.5 } } })"),
            "12:03:44 a.t  UPDATE  id=7 total=0.5\n");
}

TEST(EventTextTest, DeleteShowsTheBeforeImage) {
  EXPECT_EQ(TextOf(R"(type: DELETE database: "a" table: "t"
                      old_rows { columns { name: "@1" value { double_value: 1e100 } } })"),
            "12:03:44 a.t  DELETE  @1=1e+100\n");
}

TEST(EventTextTest, LongValuesAreCut) {
  EXPECT_EQ(TextOf("type: WRITE database: 'a' table: 't' rows { columns { name: 'b' value { binary_value: '" +
                   std::string(120, 'x') + "' } } columns { name: 'c' value { text_value: '" + std::string(5000, 'y') +
                   "' } } columns { name: 'd' value { json_value: '[1]' } } }"),
            "12:03:44 a.t  WRITE   b=0x78787878787878787878787878787878… (120 bytes) c=\"" + std::string(39, 'y') +
                "…\" d=[1]\n");
}

TEST(EventTextTest, StatementsBecomeOneLine) {
  EXPECT_EQ(TextOf("type: QUERY database: 'shop' query: 'CREATE TABLE\\n  t (\\n    id INT)'"),
            "12:03:44 shop  QUERY   CREATE TABLE t ( id INT)\n");
  EXPECT_THAT(TextOf("type: QUERY query: '" + std::string(100000, 'x') + "'"), HasSubstr("x…\n"));
}

TEST(EventTextTest, OtherEventsAreShort) {
  EXPECT_EQ(TextOf("type: GTID gtid: '0-1-5' extra { key: 'server_id' value: '1' }"), "12:03:44 GTID    0-1-5\n");
  EXPECT_EQ(TextOf("type: BEGIN"), "12:03:44 BEGIN \n");
  EXPECT_EQ(TextOf("type: COMMIT extra { key: 'xid' value: '31' }"), "12:03:44 COMMIT  xid=31\n");
  EXPECT_EQ(TextOf("type: ROTATE extra { key: 'next_file' value: 'binlog.000002' }"),
            "12:03:44 ROTATE  next_file=binlog.000002\n");
}

TEST(EventTextTest, NamesCannotDriveTheTerminal) {
  EXPECT_EQ(TextOf("type: WRITE database: '\\x1b[2J' table: 't' rows { columns { name: '\\x07' value { } } }"),
            "12:03:44 \\x1b[2J.t  WRITE   \\x07=NULL\n");
}

TEST(EventTextTest, LinesAreCutToTheWidth) {
  v1::Event event;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(type: UPDATE database: "shop" table: "orders"
         old_rows { columns { name: "id" value { int_value: 7 } } columns { name: "total" value { int_value: 1 } } }
         rows { columns { name: "id" value { int_value: 7 } } columns { name: "total" value { int_value: 2 } } })",
      &event));
  EXPECT_EQ(EventText(event, {false, absl::UTCTimeZone(), 40}), "00:00:00 shop.orders  UPDATE  id=7 tota…\n");
  EXPECT_EQ(EventText(event, {false, absl::UTCTimeZone(), 44}), "00:00:00 shop.orders  UPDATE  id=7 total=1→2\n");
  const std::string painted = EventText(event, {true, absl::UTCTimeZone(), 44});
  EXPECT_THAT(painted, HasSubstr("total=\x1b[31m1\x1b[0m→\x1b[32m2\x1b[0m\n"));
  EXPECT_THAT(EventText(event, {true, absl::UTCTimeZone(), 40}),
              HasSubstr("id=7 tota\x1b[31m\x1b[0m\x1b[32m\x1b[0m…\n"));
}

TEST(EventTextTest, GapSaysWhatIsMissing) {
  v1::TapResponse::Gap gap;
  gap.set_dropped_events(12);
  gap.mutable_from()->set_file("binlog.000001");
  gap.mutable_from()->set_position(4);
  gap.mutable_to()->set_file("binlog.000002");
  gap.mutable_to()->set_position(99);
  EXPECT_EQ(
      GapText(gap),
      "gap: 12 events of the log were missed between binlog.000001:4 and binlog.000002:99, because this tap reads too "
      "slowly");
}

}  // namespace
}  // namespace binlogd
