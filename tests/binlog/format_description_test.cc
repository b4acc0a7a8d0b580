#include "binlog/format_description.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"

namespace binlogd {
namespace {

TEST(FormatDescriptionTest, ReadsMySql) {
  const auto format = ParseFormatDescription(ReadGoldenLog(Flavor::kMySql).events[0]);
  ASSERT_TRUE(format.ok()) << format.status();
  EXPECT_EQ(format->server_version, "9.7.4-2");
  EXPECT_EQ(format->checksum, ChecksumAlgorithm::kCrc32);
  EXPECT_EQ(format->checksum_size(), 4u);
  EXPECT_EQ(format->server_id, 22u);
  EXPECT_GT(format->created, 1700000000u);
  EXPECT_EQ(format->PostHeaderLength(EventType::kWriteRows, 0), 10);
  EXPECT_EQ(format->PostHeaderLength(EventType::kTableMap, 0), 8);
  EXPECT_EQ(format->PostHeaderLength(EventType::kMariaDbGtid, 77), 77);
  EXPECT_EQ(format->PostHeaderLength(EventType::kUnknown, 77), 77);
}

TEST(FormatDescriptionTest, ReadsMariaDb) {
  const auto format = ParseFormatDescription(ReadGoldenLog(Flavor::kMariaDb).events[0]);
  ASSERT_TRUE(format.ok()) << format.status();
  EXPECT_EQ(format->checksum, ChecksumAlgorithm::kCrc32);
  EXPECT_EQ(format->PostHeaderLength(EventType::kMariaDbGtid, 0), 19);
}

TEST(FormatDescriptionTest, OldServersHaveNoChecksum) {
  const auto format = ParseFormatDescription(MakeFormat("5.5.62-log"));
  ASSERT_TRUE(format.ok()) << format.status();
  EXPECT_EQ(format->checksum_size(), 0u);
  EXPECT_EQ(format->post_header_lengths.size(), 45u);
  EXPECT_EQ(ParseFormatDescription(MakeFormat("5.6.1"))->post_header_lengths.size(), 40u);
  EXPECT_EQ(ParseFormatDescription(MakeFormat("5.3.1-MariaDB"))->post_header_lengths.size(), 40u);
  EXPECT_EQ(ParseFormatDescription(MakeFormat("10.11.2-MariaDB"))->post_header_lengths.size(), 40u);
}

TEST(FormatDescriptionTest, RefusesWhatItCannotKnow) {
  std::string event = MakeFormat();
  event[19] = 3;
  EXPECT_EQ(ParseFormatDescription(event).status().code(), absl::StatusCode::kDataLoss);
  event = MakeFormat();
  event[event.size() - 5] = 2;
  EXPECT_EQ(ParseFormatDescription(event).status().code(), absl::StatusCode::kDataLoss);
  event[event.size() - 5] = 1;
  EXPECT_TRUE(ParseFormatDescription(event).ok());
  EXPECT_EQ(ParseFormatDescription(MakeXid()).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ParseFormatDescription(MakeFormat().substr(0, 78)).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace binlogd
