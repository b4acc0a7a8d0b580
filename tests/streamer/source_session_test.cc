#include "streamer/source_session.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

TEST(LogDistanceTest, CountsTheBytesOfTheFilesInBetween) {
  const std::vector<LogFile> files = {{"binlog.000007", 1000}, {"binlog.000008", 500}, {"binlog.000009", 300}};
  const auto distance = [&files](const std::string& from, uint64_t from_offset, const std::string& to,
                                 uint64_t to_offset) {
    return LogDistance(files, Position{from, from_offset, ""}, Position{to, to_offset, ""});
  };
  EXPECT_EQ(distance("binlog.000007", 100, "binlog.000007", 900), 800u);
  EXPECT_EQ(distance("binlog.000007", 900, "binlog.000009", 4), 100u + 500u + 4u);
  EXPECT_EQ(distance("binlog.000009", 4, "binlog.000009", 4000), 3996u) << "it has grown since";
  EXPECT_EQ(distance("binlog.000009", 50, "binlog.000009", 4), 0u);
  EXPECT_GT(distance("binlog.000001", 4, "binlog.000009", 4), uint64_t{1} << 60) << "purged";
  EXPECT_GT(distance("binlog.000007", 4, "binlog.000011", 4), uint64_t{1} << 60);
}

}  // namespace
}  // namespace binlogd
