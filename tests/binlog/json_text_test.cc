#include "binlog/json_text.h"

#include <gtest/gtest.h>

#include <limits>

namespace binlogd {
namespace {

std::string Quoted(absl::string_view text) {
  std::string out = "x";
  return AppendJsonString(text, &out) ? out.substr(1) : "failed, out " + out;
}

TEST(JsonTextTest, EscapesWhatMustBe) {
  EXPECT_EQ(Quoted(""), R"("")");
  EXPECT_EQ(Quoted("plain text of more than eight bytes"), R"("plain text of more than eight bytes")");
  EXPECT_EQ(Quoted("a\"b\\c/\b\f\n\r\t"), R"("a\"b\\c/\b\f\n\r\t")");
  EXPECT_EQ(Quoted(absl::string_view("\0\x1f\x7f", 3)), "\"\\u0000\\u001f\x7f\"");
  EXPECT_EQ(Quoted("é€😀"), "\"é€😀\"");
}

TEST(JsonTextTest, EscapesAtEveryPlaceOfAWord) {
  for (const char special : {'"', '\\', '\n', '\x01', '\x1f'}) {
    for (size_t i = 0; i < 20; ++i) {
      std::string text(20, 'a');
      text[i] = special;
      std::string plain;
      ASSERT_TRUE(AppendJsonString(text, &plain));
      EXPECT_GT(plain.size(), text.size() + 2) << i;
      EXPECT_EQ(plain[1 + i], '\\') << i;
    }
  }
}

TEST(JsonTextTest, EveryByteAloneIsEscapedOrRefused) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const std::string quoted = Quoted(absl::string_view(&c, 1));
    if (byte >= 0x80) {
      EXPECT_EQ(quoted, "failed, out x");
    } else if (byte >= 0x20 && byte != '"' && byte != '\\') {
      EXPECT_EQ(quoted, std::string("\"") + c + "\"");
    } else {
      EXPECT_EQ(quoted.substr(0, 2), "\"\\");
    }
  }
}

TEST(JsonTextTest, WritesShortestNumbers) {
  const auto text = [](auto value) {
    std::string out;
    AppendJsonNumber(value, &out);
    return out;
  };
  EXPECT_EQ(text(0.1), "0.1");
  EXPECT_EQ(text(0.1f), "0.1");
  EXPECT_EQ(text(-0.0), "-0.0");
  EXPECT_EQ(text(-0.0f), "-0.0");
  EXPECT_EQ(text(0.0), "0");
  EXPECT_EQ(text(5e-324), "5e-324");
  EXPECT_EQ(text(std::numeric_limits<double>::max()), "1.7976931348623157e+308");
  EXPECT_EQ(text(std::numeric_limits<float>::max()), "3.4028235e+38");
  EXPECT_EQ(text(16777216.0f), "16777216");
}

}  // namespace
}  // namespace binlogd
