#include "binlog/mariadb_types.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"

namespace binlogd {
namespace {

std::string Text(FixedBinaryType type, absl::string_view digits) {
  std::string out = "x";
  return AppendFixedBinary(type, FromHex(digits), &out) ? out.substr(1) : "failed, out " + out;
}

TEST(MariaDbTypesTest, PrintsAsTheServerDoes) {
  EXPECT_EQ(Text(FixedBinaryType::kUuid, "112233445566178899aabbccddeeff00"), "11223344-5566-1788-99aa-bbccddeeff00");
  EXPECT_EQ(Text(FixedBinaryType::kInet4, "c0000201"), "192.0.2.1");
  EXPECT_EQ(Text(FixedBinaryType::kInet6, "20010db8000000000000ff0000428329"), "2001:db8::ff00:42:8329");
  EXPECT_EQ(Text(FixedBinaryType::kInet6, "00000000000000000000ffffc0000201"), "::ffff:192.0.2.1");
  EXPECT_EQ(Text(FixedBinaryType::kInet6, "000000000000000000000000c0000201"), "::192.0.2.1");
  EXPECT_EQ(Text(FixedBinaryType::kInet6, "00000000000000000000000000000001"), "::1");
  EXPECT_EQ(Text(FixedBinaryType::kInet6, "00010000000200000000000300040005"), "1:0:2::3:4:5");
}

TEST(MariaDbTypesTest, AddsTheZerosThatTheLogLeavesOut) {
  EXPECT_EQ(Text(FixedBinaryType::kUuid, ""), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(Text(FixedBinaryType::kInet4, "01"), "1.0.0.0");
  EXPECT_EQ(Text(FixedBinaryType::kInet6, ""), "::");
  EXPECT_EQ(Text(FixedBinaryType::kInet6, "0001"), "1::");
}

TEST(MariaDbTypesTest, RefusesWhatIsTooLong) {
  EXPECT_EQ(Text(FixedBinaryType::kInet4, "0102030405"), "failed, out x");
  EXPECT_EQ(Text(FixedBinaryType::kUuid, "0102030405060708090a0b0c0d0e0f1011"), "failed, out x");
  EXPECT_EQ(Text(FixedBinaryType::kNotTold, ""), "failed, out x");
}

}  // namespace
}  // namespace binlogd
