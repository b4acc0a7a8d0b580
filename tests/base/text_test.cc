#include <gtest/gtest.h>

#include <string>

#include "base/glob.h"
#include "base/logging.h"
#include "base/shown.h"

namespace binlogd {
namespace {

TEST(GlobTest, Matches) {
  const struct {
    const char* pattern;
    const char* text;
    bool matches;
  } cases[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "anything", true},
      {"?", "", false},
      {"?", "a", true},
      {"?", "ab", false},
      {"shop", "shop", true},
      {"shop", "Shop", false},
      {"shop", "shops", false},
      {"shop*", "shops", true},
      {"*op", "shop", true},
      {"s*p", "shop", true},
      {"s*p", "ship-shop", true},
      {"s*p", "shops", false},
      {"s?o?", "shop", true},
      {"**a**", "bab", true},
      {"a*b*c", "a-b-b-c", true},
      {"a*b*c", "a-c-b", false},
      {"shop.order*", "shop.orders_1", true},
      {"*.*", "shop.t", true},
      {"*.*", "shop", false},
      {"[a]", "a", false},
      {"\\*", "\\x", true},
  };
  for (const auto& c : cases) EXPECT_EQ(GlobMatches(c.pattern, c.text), c.matches) << c.pattern << " " << c.text;
}

TEST(GlobTest, PathologicalPatternsEnd) {
  const std::string text(10000, 'a');
  EXPECT_FALSE(GlobMatches("a*a*a*a*b", text));
  EXPECT_TRUE(GlobMatches("a*a*a*a*a", text));
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", text));
  EXPECT_TRUE(GlobMatches(pattern, text));
}

TEST(ShownTest, QuotesEscapesAndCuts) {
  EXPECT_EQ(Shown("orders"), "\"orders\"");
  EXPECT_EQ(Shown(""), "\"\"");
  EXPECT_EQ(Shown("a\nb\"c"), "\"a\\nb\\\"c\"");
  EXPECT_EQ(Shown("\x1b[2J").find('\x1b'), std::string::npos);
  EXPECT_EQ(Shown("\xff").find('\xff'), std::string::npos);
  EXPECT_EQ(Shown(std::string(64, 'x')), "\"" + std::string(64, 'x') + "\"");
  EXPECT_EQ(Shown(std::string(65, 'x')), "\"" + std::string(64, 'x') + "…\"");
  EXPECT_LT(Shown(std::string(10000, '\x01')).size(), 400u);
}

TEST(LogLevelTest, Words) {
  LogLevel level = LogLevel::kInfo;
  EXPECT_TRUE(ParseLogLevel("error", &level));
  EXPECT_EQ(level, LogLevel::kError);
  EXPECT_TRUE(ParseLogLevel("debug", &level));
  EXPECT_FALSE(ParseLogLevel("loud", &level));
  EXPECT_EQ(level, LogLevel::kDebug);
}

}  // namespace
}  // namespace binlogd
