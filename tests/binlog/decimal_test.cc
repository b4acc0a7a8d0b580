#include "binlog/decimal.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"

namespace binlogd {
namespace {

std::string Decimal(int precision, int scale, absl::string_view digits) {
  const std::string bytes = FromHex(digits);
  ByteReader reader(bytes);
  std::string out = "x";
  if (!ReadDecimal(precision, scale, &reader, &out)) {
    EXPECT_EQ(reader.remaining(), bytes.size());
    return "failed, out " + out;
  }
  EXPECT_TRUE(reader.empty());
  return out.substr(1);
}

// The first three are the servers' own example: 1234567890.1234 as DECIMAL(14,4).
TEST(DecimalTest, ReadsBothSigns) {
  EXPECT_EQ(Decimal(14, 4, "810dfb38d204d2"), "1234567890.1234");
  EXPECT_EQ(Decimal(14, 4, "7ef204c72dfb2d"), "-1234567890.1234");
  EXPECT_EQ(Decimal(14, 4, "80000000000000"), "0.0000");
}

TEST(DecimalTest, KeepsAllDigitsOfTheScale) {
  EXPECT_EQ(Decimal(5, 5, "800001"), "0.00001");
  EXPECT_EQ(Decimal(9, 2, "8000000132"), "1.50");
  EXPECT_EQ(Decimal(1, 0, "89"), "9");
  EXPECT_EQ(Decimal(1, 0, "76"), "-9");
}

TEST(DecimalTest, RefusesWhatIsNoDecimal) {
  EXPECT_EQ(Decimal(14, 4, "810dfb38d204"), "failed, out x");  // Cut short.
  EXPECT_EQ(Decimal(14, 4, ""), "failed, out x");
  EXPECT_EQ(Decimal(1, 0, "8a"), "failed, out x");        // One digit of 10.
  EXPECT_EQ(Decimal(9, 0, "bb9aca00"), "failed, out x");  // 10^9 in nine digits.
  EXPECT_EQ(Decimal(0, 0, "80"), "failed, out x");
  EXPECT_EQ(Decimal(4, 5, "80000000"), "failed, out x");
  EXPECT_EQ(Decimal(255, 0, std::string(400, '8')), "failed, out x");
}

}  // namespace
}  // namespace binlogd
