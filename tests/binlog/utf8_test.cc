#include "binlog/utf8.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

TEST(Utf8Test, TellsWellFormedText) {
  for (const char* text :
       {"", "plain", "é", "€uro", "😀", "0123456789abcdefé", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
}

TEST(Utf8Test, RefusesOverlongFormsSurrogatesAndCutCharacters) {
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xc3", "\xe2\x82", "\xf0\x9f\x98", "ok\xff", "\xc3(", "\xff"}) {
    EXPECT_FALSE(IsUtf8(text)) << absl::string_view(text).size();
  }
}

TEST(Utf8Test, AppendsCodePoints) {
  std::string out;
  for (const uint32_t point : {0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff}) AppendUtf8(point, &out);
  EXPECT_EQ(out, "A\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

TEST(Utf8Test, ReplacesEachBadByte) {
  EXPECT_EQ(ReplaceInvalidUtf8("a\xff\xc3z é"), "a\xef\xbf\xbd\xef\xbf\xbdz é");
  EXPECT_EQ(ReplaceInvalidUtf8("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(Utf8Test, FindsTheAsciiPrefix) {
  EXPECT_EQ(AsciiPrefix(""), 0u);
  EXPECT_EQ(AsciiPrefix("0123456789"), 10u);
  EXPECT_EQ(AsciiPrefix("0123456789\xc3\xa9 0123456789"), 10u);
  EXPECT_EQ(AsciiPrefix("\xc3\xa9"), 0u);
}

}  // namespace
}  // namespace binlogd
