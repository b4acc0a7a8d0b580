#include "binlog/temporal.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"

namespace binlogd {
namespace {

template <typename Read>
std::string Text(Read read, absl::string_view digits) {
  const std::string bytes = FromHex(digits);
  ByteReader reader(bytes);
  std::string out = "x";
  if (!read(&reader, &out)) {
    EXPECT_EQ(out, "x");
    return "failed";
  }
  EXPECT_TRUE(reader.empty());
  return out.substr(1);
}

std::string Date(absl::string_view digits) { return Text(ReadDate, digits); }
std::string Time(int fraction, absl::string_view digits) {
  return Text([&](ByteReader* reader, std::string* out) { return ReadTime(fraction, reader, out); }, digits);
}
std::string Datetime(int fraction, absl::string_view digits) {
  return Text([&](ByteReader* reader, std::string* out) { return ReadDatetime(fraction, reader, out); }, digits);
}
std::string Timestamp(int fraction, absl::string_view digits) {
  return Text([&](ByteReader* reader, std::string* out) { return ReadTimestamp(fraction, reader, out); }, digits);
}

TEST(TemporalTest, Dates) {
  EXPECT_EQ(Date("000000"), "0000-00-00");
  EXPECT_EQ(Date("9f1f4e"), "9999-12-31");
  EXPECT_EQ(Date("5dd00f"), "2024-02-29");
  EXPECT_EQ(Date("00d00f"), "2024-00-00");
  EXPECT_EQ(Date("a0d10f"), "failed");  // Month 13.
  EXPECT_EQ(Date("5dd0"), "failed");
}

TEST(TemporalTest, TimesOfBothSigns) {
  EXPECT_EQ(Time(0, "800000"), "00:00:00");
  EXPECT_EQ(Time(0, "b46efb"), "838:59:59");
  EXPECT_EQ(Time(0, "4b9105"), "-838:59:59");
  EXPECT_EQ(Time(1, "7ffffff6"), "-00:00:00.1");
  EXPECT_EQ(Time(2, "7ffffff6"), "-00:00:00.10");
  EXPECT_EQ(Time(6, "7fffffffffff"), "-00:00:00.000001");
  EXPECT_EQ(Time(6, "800001000001"), "00:00:01.000001");
  EXPECT_EQ(Time(0, "80003c"), "failed");    // 60 seconds.
  EXPECT_EQ(Time(1, "800000ff"), "failed");  // 2.55 seconds of fraction.
  EXPECT_EQ(Time(7, "80000000000000"), "failed");
  EXPECT_EQ(Time(0, "8000"), "failed");
}

TEST(TemporalTest, Datetimes) {
  EXPECT_EQ(Datetime(0, "8000000000"), "0000-00-00 00:00:00");
  EXPECT_EQ(Datetime(0, "fef3ff7efb"), "9999-12-31 23:59:59");
  EXPECT_EQ(Datetime(6, "fef3ff7efb0f423f"), "9999-12-31 23:59:59.999999");
  EXPECT_EQ(Datetime(6, "fef3ff7efb0f4240"), "failed");  // A million microseconds.
  EXPECT_EQ(Datetime(0, "7ef3ff7efb"), "failed");        // No sign.
  EXPECT_EQ(Datetime(0, "8000018000"), "failed");        // 24 o'clock.
}

TEST(TemporalTest, TimestampsAreUtc) {
  EXPECT_EQ(Timestamp(0, "00000000"), "0000-00-00 00:00:00");
  EXPECT_EQ(Timestamp(3, "000000000000"), "0000-00-00 00:00:00.000");
  EXPECT_EQ(Timestamp(1, "0000000028"), "1970-01-01 00:00:00.4");  // MariaDB stores it.
  EXPECT_EQ(Timestamp(0, "00000001"), "1970-01-01 00:00:01");
  EXPECT_EQ(Timestamp(1, "0000000032"), "1970-01-01 00:00:00.5");  // MariaDB's.
  EXPECT_EQ(Timestamp(3, "7fffffff2706"), "2038-01-19 03:14:07.999");
  EXPECT_EQ(Timestamp(0, "ffffffff"), "2106-02-07 06:28:15");
  EXPECT_EQ(Timestamp(0, "65e11c7f"), "2024-03-01 00:08:31");
  EXPECT_EQ(Timestamp(0, "38bc5d7f"), "2000-02-29 23:59:59");
}

TEST(TemporalTest, OldForms) {
  EXPECT_EQ(Text(ReadOldTime, "a7f57f"), "838:59:59");
  EXPECT_EQ(Text(ReadOldTime, "590a80"), "-838:59:59");
  EXPECT_EQ(Text(ReadOldTime, "3d0000"), "failed");  // 61 seconds.
  EXPECT_EQ(Text(ReadOldDatetime, "0000000000000000"), "0000-00-00 00:00:00");
  EXPECT_EQ(Text(ReadOldDatetime, "7787d105f15a0000"), "9999-12-31 23:59:59");
  EXPECT_EQ(Text(ReadOldDatetime, "ffffffffffffffff"), "failed");
  EXPECT_EQ(Text(ReadOldTimestamp, "ffffff7f"), "2038-01-19 03:14:07");
}

TEST(TemporalTest, MariaDbFormsWithAFraction) {
  const auto time = [](ByteReader* reader, std::string* out) { return ReadMariaDbTime(1, reader, out); };
  const auto time6 = [](ByteReader* reader, std::string* out) { return ReadMariaDbTime(6, reader, out); };
  EXPECT_EQ(Text(time, "00000001"), "-838:59:59.9");
  EXPECT_EQ(Text(time, "01cce05f"), "-00:00:00.1");
  EXPECT_EQ(Text(time6, "057e7bbcf7ff"), "838:59:59.999999");
  EXPECT_EQ(Text(time6, "02bf3dde7c00"), "00:00:00.000000");
  EXPECT_EQ(Text(time6, "02bf3dde7c"), "failed");
  EXPECT_EQ(Text(time, "ffffffff"), "failed");
  EXPECT_EQ(Text(time, "00000000"), "failed");  // -839:00:00.
  const auto datetime = [](ByteReader* reader, std::string* out) { return ReadMariaDbDatetime(3, reader, out); };
  EXPECT_EQ(Text(datetime, "0146e4ebd7ffff"), "9999-12-31 23:59:59.999");
  EXPECT_EQ(Text(datetime, "004229d434d0ec"), "2024-00-00 01:02:03.500");
  EXPECT_EQ(Text(datetime, "00000000000000"), "0000-00-00 00:00:00.000");
  EXPECT_EQ(Text(datetime, "ffffffffffffff"), "failed");
  const auto timestamp = [](ByteReader* reader, std::string* out) { return ReadMariaDbTimestamp(4, reader, out); };
  EXPECT_EQ(Text(timestamp, "65e079f01ed2"), "2024-02-29 12:34:56.7890");
  EXPECT_EQ(Text(timestamp, "000000000000"), "0000-00-00 00:00:00.0000");
  EXPECT_EQ(Text(timestamp, "000000012710"), "failed");  // 10000 units of 10^-4.
}

TEST(TemporalTest, PackedForms) {
  std::string out;
  EXPECT_TRUE(AppendPackedDate(uint64_t{((2024 * 13 + 2) << 5) | 29} << 41, &out));
  EXPECT_EQ(out, "2024-02-29");
  EXPECT_FALSE(AppendPackedDate(~uint64_t{0}, &out));
  EXPECT_FALSE(AppendPackedTime(~uint64_t{0} >> 1, &out));
  EXPECT_FALSE(AppendPackedTime(uint64_t{1} << 63, &out));
  EXPECT_FALSE(AppendPackedDatetime(~uint64_t{0}, &out));
  EXPECT_EQ(out, "2024-02-29");
}

}  // namespace
}  // namespace binlogd
