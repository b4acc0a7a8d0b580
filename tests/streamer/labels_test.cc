#include "streamer/labels.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

TEST(LabelsTest, AreCheckedByCountSizeAndCharacters) {
  const std::string longest(63, 'x');
  for (const Labels& good : {Labels{}, Labels{{"team", "data"}}, Labels{{"example.com/team", ""}},
                             Labels{{"a", "b"}, {"A_1-2.3", "9.4_b-C"}}, Labels{{longest, longest}}}) {
    EXPECT_TRUE(CheckLabels(good).ok());
  }
  const struct {
    Labels labels;
    const char* field;
  } bad[] = {
      {{{"", "x"}}, "labels"},
      {{{"-a", "x"}}, "labels"},
      {{{"a-", "x"}}, "labels"},
      {{{"a b", "x"}}, "labels"},
      {{{"a=b", "x"}}, "labels"},
      {{{longest + "x", "x"}}, "labels"},
      {{{"ä", "x"}}, "labels"},
      {{{"a", "x y"}}, "labels.a"},
      {{{"a", "x/y"}}, "labels.a"},
      {{{"a", ".x"}}, "labels.a"},
      {{{"a", longest + "x"}}, "labels.a"},
      {{{"a", "x\n"}}, "labels.a"},
  };
  for (const auto& c : bad) {
    const absl::Status refused = CheckLabels(c.labels);
    EXPECT_EQ(ErrorReason(refused), "INVALID_LABEL") << c.labels.begin()->first << "=" << c.labels.begin()->second;
    EXPECT_EQ(ErrorField(refused), c.field);
  }
  Labels many;
  for (int i = 0; i < 64; ++i) many[absl::StrCat("k", i)] = "";
  EXPECT_TRUE(CheckLabels(many).ok());
  many["one-more"] = "";
  EXPECT_EQ(ErrorReason(CheckLabels(many)), "INVALID_LABEL");
}

TEST(LabelSelectorTest, Matches) {
  const Labels labels = {{"team", "data"}, {"env", "prod"}, {"empty", ""}, {"in", "x"}};
  const struct {
    const char* selector;
    bool matches;
  } cases[] = {
      {"", true},
      {"  ", true},
      {"team", true},
      {"absent", false},
      {"!absent", true},
      {"! team", false},
      {"team=data", true},
      {"team==data", true},
      {" team = data ", true},
      {"team=dat", false},
      {"team=Data", false},
      {"absent=x", false},
      {"team!=data", false},
      {"team!=web", true},
      {"absent!=x", true},
      {"empty=", true},
      {"team=", false},
      {"team in (data)", true},
      {"team in(web,data)", true},
      {"team in ( web , data )", true},
      {"team in (web)", false},
      {"absent in (web)", false},
      {"team notin (web,data)", false},
      {"team notin (web)", true},
      {"absent notin (web)", true},
      {"empty in (,x)", true},
      {"in in (x)", true},
      {"in", true},
      {"in=x,team=data,env!=test", true},
      {"team=data,env=test", false},
      {"team=data,team=web", false},
  };
  for (const auto& c : cases) {
    const auto selector = LabelSelector::Parse(c.selector, "selector");
    ASSERT_TRUE(selector.ok()) << c.selector << ": " << selector.status();
    EXPECT_EQ(selector->Matches(labels), c.matches) << c.selector;
  }
}

TEST(LabelSelectorTest, RefusesWhatItCannotRead) {
  for (const std::string& text :
       {std::string("="),         std::string("=x"),       std::string(","),       std::string("a,"),
        std::string(",a"),        std::string("a,,b"),     std::string("a=b c"),   std::string("a b"),
        std::string("a in"),      std::string("a in b"),   std::string("a in (b"), std::string("a in b)"),
        std::string("a in (b))"), std::string("a=x/y"),    std::string("a=b=c"),   std::string("a<b"),
        std::string("!"),         std::string("!a=b"),     std::string("!!a"),     std::string("a!b"),
        std::string("-a"),        std::string("a=\n\x01"), std::string("ä=b"),     std::string("a in ()x"),
        std::string(5000, 'a'),   std::string("a\0b", 3)}) {
    const absl::Status refused = LabelSelector::Parse(text, "filter.selector").status();
    EXPECT_EQ(ErrorReason(refused), "BAD_SELECTOR") << text;
    EXPECT_EQ(ErrorField(refused), "filter.selector");
    EXPECT_LT(refused.message().size(), 500u);
  }
}

}  // namespace
}  // namespace binlogd
