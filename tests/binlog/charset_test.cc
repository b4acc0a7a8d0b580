#include "binlog/charset.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

std::string Convert(Charset charset, absl::string_view text) {
  std::string out = "x";
  return AppendAsUtf8(charset, text, &out) ? out.substr(1) : "failed, out " + out;
}

TEST(CharsetTest, KnowsCollationsOfBothServers) {
  EXPECT_EQ(CharsetOfCollation(0), Charset::kNotTold);
  EXPECT_EQ(CharsetOfCollation(63), Charset::kBinary);
  for (const uint32_t utf8 :
       {11, 33, 45, 46, 65, 76, 83, 192, 224, 255, 309, 323, 576, 608, 1057, 1070, 1216, 1248, 2048, 2304}) {
    EXPECT_EQ(CharsetOfCollation(utf8), Charset::kUtf8) << utf8;
  }
  for (const uint32_t latin1 : {5, 8, 15, 31, 47, 48, 49, 94, 1032, 1071}) {
    EXPECT_EQ(CharsetOfCollation(latin1), Charset::kLatin1) << latin1;
  }
  for (const uint32_t utf16 : {35, 54, 55, 90, 101, 128, 159, 640, 672, 1059, 1078, 1152, 2560, 2816}) {
    EXPECT_EQ(CharsetOfCollation(utf16), Charset::kUtf16) << utf16;
  }
  for (const uint32_t utf16le : {56, 62, 1080, 1086})
    EXPECT_EQ(CharsetOfCollation(utf16le), Charset::kUtf16Le) << utf16le;
  for (const uint32_t utf32 : {60, 61, 160, 183, 736, 1084, 1184, 3072}) {
    EXPECT_EQ(CharsetOfCollation(utf32), Charset::kUtf32) << utf32;
  }
  for (const uint32_t other : {1, 2, 28, 51, 248, 249, 250, 1025, 100000}) {
    EXPECT_EQ(CharsetOfCollation(other), Charset::kOther) << other;
  }
}

TEST(CharsetTest, ConvertsToUtf8) {
  EXPECT_EQ(Convert(Charset::kLatin1, "a\xe9\x80\x81z"), "aé€\xc2\x81z");
  EXPECT_EQ(Convert(Charset::kUtf16, absl::string_view("\x04\x36\xd8\x3d\xde\x00", 6)), "ж😀");
  EXPECT_EQ(Convert(Charset::kUtf16Le, absl::string_view("\x36\x04\x3d\xd8\x00\xde", 6)), "ж😀");
  EXPECT_EQ(Convert(Charset::kUtf32, absl::string_view("\0\x01\xf6\0\0\0\0a", 8)), "😀a");
  EXPECT_EQ(Convert(Charset::kUtf8, "é"), "é");
  EXPECT_EQ(Convert(Charset::kLatin1, ""), "");
}

TEST(CharsetTest, RefusesMalformedTextAndLeavesTheOutput) {
  EXPECT_EQ(Convert(Charset::kUtf16, "abc"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf16, absl::string_view("\0a\xd8\x3d", 4)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf16, absl::string_view("\xde\x00", 2)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf16, absl::string_view("\xd8\x3d\0a", 4)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf32, absl::string_view("\0\x11\0\0", 4)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kUtf32, absl::string_view("\0\0\xd8\0", 4)), "failed, out x");
  EXPECT_EQ(Convert(Charset::kOther, "a"), "failed, out x");
  EXPECT_EQ(Convert(Charset::kBinary, "a"), "failed, out x");
}

}  // namespace
}  // namespace binlogd
