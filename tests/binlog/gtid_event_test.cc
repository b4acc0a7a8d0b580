#include "binlog/gtid_event.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"

namespace binlogd {
namespace {

absl::StatusOr<GtidEvent> Parse(EventType type, const std::string& body) {
  EventHeader header;
  header.type = type;
  header.server_id = 11;
  return ParseGtidEvent(header, body);
}

// Captured from MySQL 9.7.
TEST(GtidEventTest, ReadsMySql) {
  const std::string body = FromHex(
      "0117ba520fe6f511f18fa602fc00000001010000000000000002000000000000000001000000000000005ac6dae9e96006b05062010015");
  const auto event = Parse(EventType::kGtid, body);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->gtid.ToString(), "17ba520f-e6f5-11f1-8fa6-02fc00000001:1");
  EXPECT_EQ(Parse(EventType::kAnonymousGtid, body)->gtid.number, 0u);
  for (size_t size = 0; size < 25; ++size) EXPECT_FALSE(Parse(EventType::kGtid, body.substr(0, size)).ok());
}

TEST(GtidEventTest, RefusesNumbersThatAreNone) {
  const std::string head = std::string(17, '\0');
  EXPECT_FALSE(Parse(EventType::kGtid, head + Little(0, 8)).ok());
  EXPECT_FALSE(Parse(EventType::kGtid, head + Little(uint64_t{1} << 63, 8)).ok());
}

// Captured from MySQL 9.7.
TEST(GtidEventTest, ReadsTagged) {
  const std::string body = FromHex(
      "027e000000022ee902a41e9903d50322c5033d02990204f10300000002040406147461676765645f6f6e6508080a0c0c7f9af7dae9e96006"
      "102d0512"
      "83120b");
  const auto event = Parse(EventType::kTaggedGtid, body);
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->gtid.ToString(), "17ba520f-e6f5-11f1-8fa6-02fc00000001:tagged_one:1");
  for (size_t size = 0; size < 43; ++size)
    EXPECT_FALSE(Parse(EventType::kTaggedGtid, body.substr(0, size)).ok()) << size;
}

TEST(GtidEventTest, ReadsTheGreatestNumber) {
  const auto event =
      Parse(EventType::kTaggedGtid,
            FromHex("02760000000222222222444466668888aaaaa902a902fd03fd0304fffcffffffffffffff0602620808"));
  ASSERT_TRUE(event.ok()) << event.status();
  EXPECT_EQ(event->gtid.ToString(), "11111111-2222-3333-4444-5555aaaaffff:b:9223372036854775806");
}

TEST(GtidEventTest, ReadsMariaDb) {
  const auto standalone = Parse(EventType::kMariaDbGtid, FromHex("01000000000000000500000029000000000000"));
  ASSERT_TRUE(standalone.ok()) << standalone.status();
  EXPECT_EQ(standalone->gtid.ToString(), "5-11-1");
  EXPECT_TRUE(standalone->standalone);
  const auto group = Parse(EventType::kMariaDbGtid, FromHex("0300000000000000000000000c000000000000"));
  EXPECT_FALSE(group->standalone);
  EXPECT_FALSE(Parse(EventType::kMariaDbGtid, FromHex("030000000000000000000000")).ok());
}

}  // namespace
}  // namespace binlogd
