#include "binlog/charset.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

std::string Convert(Charset charset, absl::string_view text) {
  std::string out = "x";
  return AppendAsUtf8(charset, text, &out) ? out.substr(1) : "failed, out " + out;
}

TEST(CharsetTest, KnowsCollationsOfBothServers) {
  EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, 0), Charset::kNotTold);
  EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, 63), Charset::kBinary);
  for (const uint32_t utf8 :
       {33, 45, 46, 76, 83, 192, 224, 255, 309, 323, 576, 608, 1057, 1070, 1216, 1248, 2048, 2304}) {
    EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, utf8), Charset::kUtf8) << utf8;
  }
  for (const uint32_t ascii : {11, 65, 1035, 1089}) {
    EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, ascii), Charset::kAscii) << ascii;
  }
  for (const uint32_t latin1 : {5, 8, 15, 31, 47, 48, 49, 94, 1032, 1071}) {
    EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, latin1), Charset::kLatin1) << latin1;
  }
  for (const uint32_t ucs2 : {35, 90, 128, 159, 640, 1059, 1152, 2560}) {
    EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, ucs2), Charset::kUcs2) << ucs2;
  }
  for (const uint32_t utf16 : {54, 55, 101, 124, 672, 1078, 2816}) {
    EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, utf16), Charset::kUtf16) << utf16;
  }
  for (const uint32_t utf16le : {56, 62, 1080, 1086})
    EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, utf16le), Charset::kUtf16Le) << utf16le;
  for (const uint32_t utf32 : {60, 61, 160, 183, 736, 1084, 1184, 3072}) {
    EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, utf32), Charset::kUtf32) << utf32;
  }
  EXPECT_EQ(CharsetOfCollation(Flavor::kMySql, 28), Charset::kGbk);
  EXPECT_EQ(CharsetOfCollation(Flavor::kMySql, 248), Charset::kGb18030);
  EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, 1025), Charset::kBig5);
  for (const uint32_t other : {17, 100, 324, 4000, 100000}) {
    EXPECT_EQ(CharsetOfCollation(Flavor::kMySql, other), Charset::kOther) << other;
  }
}

TEST(CharsetTest, TakesNumbersOfOwnCollationsOfMySqlForUnknown) {
  EXPECT_EQ(CharsetOfCollation(Flavor::kMySql, 1057), Charset::kOther);
  EXPECT_EQ(CharsetOfCollation(Flavor::kMariaDb, 1057), Charset::kUtf8);
}

TEST(CharsetTest, ConvertsToUtf8) {
  EXPECT_EQ(Convert(Charset::kLatin1, "a\xe9\x80\x81z"), "aé€\xc2\x81z");
  EXPECT_EQ(Convert(Charset::kUtf16, absl::string_view("\x04\x36\xd8\x3d\xde\x00", 6)), "ж😀");
  EXPECT_EQ(Convert(Charset::kUtf16Le, absl::string_view("\x36\x04\x3d\xd8\x00\xde", 6)), "ж😀");
  EXPECT_EQ(Convert(Charset::kUtf32, absl::string_view("\0\x01\xf6\0\0\0\0a", 8)), "😀a");
  EXPECT_EQ(Convert(Charset::kUtf8, "é"), "é");
  EXPECT_EQ(Convert(Charset::kAscii, "e~"), "e~");
  EXPECT_EQ(Convert(Charset::kLatin1, ""), "");
  EXPECT_EQ(Convert(Charset::kCp1251, "\xcf\xf0\xe8 a"), "При a");
  EXPECT_EQ(Convert(Charset::kSwe7, "\x5b@a"), "ÄÉa");
  EXPECT_EQ(Convert(Charset::kBig5, "\xa4\xa4z"), "中z");
  EXPECT_EQ(Convert(Charset::kGb2312, "\xd6\xd0\xa1\xa4"), "中・");
  EXPECT_EQ(Convert(Charset::kGbk, "\x81\x40\xa1\xa4"), "丂·");
  EXPECT_EQ(Convert(Charset::kGb18030, "\x94\x39\xda\x33\x81\x30\x81\x30\xd6\xd0"), "💩\xc2\x80中");
  EXPECT_EQ(Convert(Charset::kSjis, "\xb1\x93\xfa\x81\x5f"), "ｱ日\\");
  EXPECT_EQ(Convert(Charset::kCp932, "\xfa\x40\x81\x60"), "ⅰ～");
  EXPECT_EQ(Convert(Charset::kUjis, "\x8e\xb1\xc6\xfc\x8f\xb0\xa1"), "ｱ日丂");
  EXPECT_EQ(Convert(Charset::kEucjpms, "\xad\xa1"), "①");
  EXPECT_EQ(Convert(Charset::kEuckr, "\xb0\xa1\x81\x41"), "가갂");
}

TEST(CharsetTest, RefusesMalformedTextAndLeavesTheOutput) {
  EXPECT_EQ(Convert(Charset::kAscii, "aé"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf16, "abc"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf16, absl::string_view("\0a\xd8\x3d", 4)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf16, absl::string_view("\xde\x00", 2)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf16, absl::string_view("\xd8\x3d\0a", 4)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf32, absl::string_view("\0\x11\0\0", 4)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf32, absl::string_view("\0\0\xd8\0", 4)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUcs2, absl::string_view("\xd8\x3d\xde\x00", 4)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kCp1250, "a\x81"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kTis620, "a\xdb"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kSwe7, "\x80"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUjis, "\xad\xa1"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUjis, "\x8f\xa1"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kEucjpms, "\x8f\xf3"), "failed, out x");
  for (const Charset multi_byte : {Charset::kBig5, Charset::kGb2312, Charset::kGbk, Charset::kGb18030, Charset::kSjis,
                                   Charset::kCp932, Charset::kUjis, Charset::kEucjpms, Charset::kEuckr}) {
    EXPECT_EQ(Convert(multi_byte, "a\xc4"),
              multi_byte == Charset::kSjis || multi_byte == Charset::kCp932 ? "aﾄ" : "failed, out x");
    EXPECT_EQ(Convert(multi_byte, "a\xe1"), "failed, out x");
    EXPECT_EQ(Convert(multi_byte, "\xff\xff"), "failed, out x");
  }
  EXPECT_EQ(Convert(Charset::kGb18030, "\x81\x30\x81"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kGb18030, "\xe3\x32\x9a\x36"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kOther, "a"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kBinary, "a"), "failed, out x");
}

}  // namespace
}  // namespace binlogd
