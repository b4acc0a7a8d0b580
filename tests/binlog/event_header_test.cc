#include "binlog/event_header.h"

#include <gtest/gtest.h>

#include "binlog/checksum.h"
#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"

namespace binlogd {
namespace {

TEST(EventHeaderTest, ReadsEveryField) {
  const auto header =
      ParseEventHeader(FromHex("01020304"
                               "0f"
                               "0a000000"
                               "7b000000"
                               "7f000000"
                               "0100"));
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_EQ(header->timestamp, 0x04030201u);
  EXPECT_EQ(header->type, EventType::kFormatDescription);
  EXPECT_EQ(header->server_id, 10u);
  EXPECT_EQ(header->size, 123u);
  EXPECT_EQ(header->end_position, 127u);
  EXPECT_EQ(header->flags, kBinlogInUseFlag);
}

TEST(EventHeaderTest, RefusesShortBytesAndShortSizes) {
  const std::string event = MakeXid();
  for (size_t size = 0; size < kEventHeaderSize; ++size) {
    EXPECT_EQ(ParseEventHeader(event.substr(0, size)).status().code(), absl::StatusCode::kDataLoss);
  }
  std::string small = event;
  small[9] = 18;
  EXPECT_EQ(ParseEventHeader(small).status().code(), absl::StatusCode::kDataLoss);
}

TEST(EventHeaderTest, NamesTypes) {
  EXPECT_EQ(EventTypeName(EventType::kWriteRows), "Write_rows");
  EXPECT_EQ(EventTypeName(EventType::kMariaDbGtid), "Gtid");
  EXPECT_EQ(EventTypeName(static_cast<EventType>(99)), "Unknown");
}

TEST(ChecksumTest, HoldsForEveryCapturedEventAndForNoChangedOne) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    for (std::string event : ReadGoldenLog(flavor).events) {
      EXPECT_TRUE(ChecksumMatches(event));
      event[event.size() / 2] = static_cast<char>(event[event.size() / 2] ^ 0x10);
      EXPECT_FALSE(ChecksumMatches(event));
    }
  }
}

TEST(ChecksumTest, CountsTheInUseFlagAsClear) {
  std::string format = ReadGoldenLog(Flavor::kMySql).events[0];
  format[17] = static_cast<char>(format[17] ^ kBinlogInUseFlag);
  EXPECT_TRUE(ChecksumMatches(format));
  format[17] = static_cast<char>(format[17] ^ 0x02);
  EXPECT_FALSE(ChecksumMatches(format));
}

TEST(ChecksumTest, IsFalseForBytesThatAreNoEvent) {
  EXPECT_FALSE(ChecksumMatches(""));
  EXPECT_FALSE(ChecksumMatches(std::string(22, '\0')));
}

}  // namespace
}  // namespace binlogd
