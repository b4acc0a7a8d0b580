#include "client/text.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

TEST(TextTest, Bytes) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1024), "1.0 KiB");
  EXPECT_EQ(BytesText(1288490189), "1.2 GiB");
  EXPECT_EQ(BytesText((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(BytesText(~uint64_t{0}), "16.0 EiB");
}

TEST(TextTest, Counts) {
  EXPECT_EQ(CountText(0), "0");
  EXPECT_EQ(CountText(99999), "99999");
  EXPECT_EQ(CountText(123456), "123K");
  EXPECT_EQ(CountText(1234567), "1.23M");
  EXPECT_EQ(CountText(999999999), "1.00G");
  EXPECT_EQ(CountText(~uint64_t{0}), "18.45E");
}

TEST(TextTest, Durations) {
  EXPECT_EQ(DurationText(absl::Seconds(-3)), "0s");
  EXPECT_EQ(DurationText(absl::Milliseconds(10)), "0s");
  EXPECT_EQ(DurationText(absl::Milliseconds(1234)), "1.2s");
  EXPECT_EQ(DurationText(absl::Seconds(45)), "45s");
  EXPECT_EQ(DurationText(absl::Seconds(192)), "3m12s");
  EXPECT_EQ(DurationText(absl::Minutes(125)), "2h5m");
  EXPECT_EQ(DurationText(absl::Hours(76)), "3d4h");
}

TEST(TextTest, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(EscapeText("plain ü 😀 →"), "plain ü 😀 →");
  EXPECT_EQ(EscapeText("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(EscapeText("\x1b[31m\x7f"), "\\x1b[31m\\x7f");
  EXPECT_EQ(EscapeText("\xc2\x9b"
                       "31m"),
            "\\xc2\\x9b31m");
  EXPECT_EQ(EscapeText("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(EscapeText("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(EscapeText(absl::string_view("\0", 1)), "\\x00");
}

TEST(TextTest, ShortensByCharacters) {
  EXPECT_EQ(TextWidth("üü→"), 3u);
  EXPECT_EQ(ShortenText("abcdef", 6), "abcdef");
  EXPECT_EQ(ShortenText("abcdefg", 6), "abcde…");
  EXPECT_EQ(ShortenText("üüüüü", 3), "üü…");
  EXPECT_EQ(ShortenText("abc", 1), "…");
}

TEST(TextTest, PaintsOnlyWhenOn) {
  EXPECT_EQ(Paint("x", Colour::kRed, false), "x");
  EXPECT_EQ(Paint("x", Colour::kNone, true), "x");
  EXPECT_EQ(Paint("x", Colour::kRed, true), "\x1b[31mx\x1b[0m");
}

}  // namespace
}  // namespace binlogd
