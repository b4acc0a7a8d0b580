#include "config/yaml_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"

namespace binlogd {
namespace {

using ::testing::HasSubstr;

std::string Repeated(const std::string& text, size_t bytes) {
  std::string all;
  while (all.size() + text.size() <= bytes) all += text;
  return all;
}

void ExpectRefused(const std::string& text, const std::string& message) {
  const auto documents = ParseYaml(text, "x");
  ASSERT_FALSE(documents.ok()) << text.substr(0, 40);
  EXPECT_EQ(documents.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(documents.status()), "YAML_SYNTAX");
  EXPECT_THAT(std::string(documents.status().message()), HasSubstr(message));
}

TEST(YamlTreeTest, KeepsOrderKindsAndLines) {
  const auto documents = ParseYaml("b: 1\na:\n  - 'x'\n  - {}\nc:\n", "x");
  ASSERT_TRUE(documents.ok()) << documents.status();
  ASSERT_EQ(documents->size(), 1u);
  const YamlNode& root = documents->front();
  ASSERT_EQ(root.kind, YamlNode::Kind::kMapping);
  ASSERT_EQ(root.entries.size(), 3u);
  EXPECT_EQ(root.entries[0].key, "b");
  EXPECT_FALSE(root.entries[0].value.quoted);
  EXPECT_EQ(root.entries[1].line, 2);
  ASSERT_EQ(root.entries[1].value.items.size(), 2u);
  EXPECT_TRUE(root.entries[1].value.items[0].quoted);
  EXPECT_EQ(root.entries[1].value.items[0].line, 3);
  EXPECT_EQ(root.entries[1].value.items[1].kind, YamlNode::Kind::kMapping);
  EXPECT_EQ(root.entries[2].value.kind, YamlNode::Kind::kNull);
}

TEST(YamlTreeTest, RefusesAliasesAndTags) {
  ExpectRefused("a: &x 1\nb: *x\n", "x:2: aliases");
  ExpectRefused("a: &x {b: 1}\nc: {<<: *x}\n", "x:2: aliases");
  ExpectRefused("a: &x [*x]\n", "aliases");
  ExpectRefused("a: !!binary aGk=\n", "tags");
  ExpectRefused("a: !thing {}\n", "tags");
}

TEST(YamlTreeTest, RefusesWhatIsNotText) {
  ExpectRefused(std::string("name: a\nb: \0\n", 12), "x:2: holds a control character");
  ExpectRefused("name: a\x04\nb: 1\n", "x:1: holds a control character");
  ExpectRefused("name: \xff\n", "not UTF-8");
  ExpectRefused("name: \xc3", "not UTF-8");
  ExpectRefused(std::string("\xfe\xff\0n\0a", 6), "not UTF-8");
  ExpectRefused(
      "\x7f"
      "ELF\x02\x01\x01",
      "control character");
}

TEST(YamlTreeTest, AcceptsAByteOrderMark) { EXPECT_TRUE(ParseYaml("\xef\xbb\xbfname: a\n", "x").ok()); }

TEST(YamlTreeTest, JoinsTheSurrogatesOfJson) {
  const auto text = [](const std::string& json) {
    const auto documents = ParseYaml(json, "x");
    return documents.ok() ? documents->front().entries[0].value.scalar : documents.status().ToString();
  };
  EXPECT_EQ(text(R"({"a": "\ud83d\ude00"})"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(text(R"({"a": "x\uD800\uDC00\uDBFF\uDFFFy"})"), "x\xf0\x90\x80\x80\xf4\x8f\xbf\xbfy");
  EXPECT_EQ(text(R"({"a": "\\ud83d \u00e9"})"), "\\ud83d \xc3\xa9");
  EXPECT_EQ(text("a: '\\ud83d\\ude00'\n"), "\\ud83d\\ude00") << "no JSON";
  for (const char* half :
       {R"("\ud83d")", R"("\ude00\ud83d")", R"("\ud83dx\ude00")", R"("\ud83d\u0041")", R"("\ud83d\\ude00")"}) {
    ExpectRefused(absl::StrCat("{\n\"a\": ", half, "}"), "is half a character");
    ExpectRefused(absl::StrCat("{\n\"a\": ", half, "}"), "x:2: ");
  }
}

TEST(YamlTreeTest, RefusesKeysThatAreNoWords) {
  ExpectRefused("? [a]\n: b\n", "name is missing or is not a word");
  ExpectRefused("{: b}", "name is missing or is not a word");
  ExpectRefused("~: b", "name is missing or is not a word");
}

TEST(YamlTreeTest, LimitsSizeAndDepth) {
  ExpectRefused(std::string(2 << 20, 'a'), "larger than 1048576 bytes");
  EXPECT_TRUE(ParseYaml(std::string(kMaxYamlDepth, '[') + std::string(kMaxYamlDepth, ']'), "x").ok());
  ExpectRefused(std::string(kMaxYamlDepth + 1, '['), "nested more than 32 deep");
  ExpectRefused(absl::StrCat("[", Repeated("a,", 400'000), "]"), "holds more than 100000 values");
}

// Texts of a megabyte that are known to make parsers recurse, loop or take quadratic time.
TEST(YamlTreeTest, HostileTextsEndSoon) {
  for (const std::string& unit : {std::string("["),
                                  std::string("{"),
                                  std::string("- "),
                                  std::string("? "),
                                  std::string("a: "),
                                  std::string("{a: "),
                                  std::string("["),
                                  std::string("]"),
                                  std::string("}"),
                                  std::string("'"),
                                  std::string("\""),
                                  std::string("&a "),
                                  std::string("!a "),
                                  std::string("! "),
                                  std::string("|\n"),
                                  std::string("---\n"),
                                  std::string("...\n"),
                                  std::string("%Y\n"),
                                  std::string("%TAG ! x\n"),
                                  std::string(":\n"),
                                  std::string(": "),
                                  std::string(","),
                                  std::string("\t"),
                                  std::string("#"),
                                  std::string("a\n"),
                                  std::string("- - "),
                                  std::string("[?"),
                                  std::string("&a [*a,"),
                                  std::string("\\"),
                                  std::string("\r"),
                                  std::string("a"),
                                  std::string("*a "),
                                  std::string("--- a\n"),
                                  std::string("[]\n"),
                                  std::string("\"\\u0041\" "),
                                  std::string("-\n")}) {
    const absl::Time start = absl::Now();
    const auto documents = ParseYaml(Repeated(unit, kMaxYamlBytes), "x");
    EXPECT_TRUE(documents.ok() || absl::IsInvalidArgument(documents.status())) << unit;
    EXPECT_LT(absl::Now() - start, absl::Seconds(20)) << unit;
  }
}

TEST(YamlTreeTest, RandomTextsEndInATreeOrAnError) {
  std::mt19937 random(20240229);
  const std::string alphabet = "[]{}:,-?&*!|>'\"%@`#~ab10. \n\n\t\\";
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    const size_t length = random() % 60;
    for (size_t j = 0; j < length; ++j) text += alphabet[random() % alphabet.size()];
    const auto documents = ParseYaml(text, "x");
    EXPECT_TRUE(documents.ok() || absl::IsInvalidArgument(documents.status())) << text;
  }
}

}  // namespace
}  // namespace binlogd
