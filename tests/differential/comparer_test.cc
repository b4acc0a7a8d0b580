// That the differential tests can fail.
#include "tests/differential/comparer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/differential/dump_text.h"
#include "tests/differential/json_patch.h"
#include "tests/differential/json_tokens.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;
using ::testing::ElementsAre;
using ::testing::Pair;

// A type by its definition; the makers are asked until one makes it.
std::shared_ptr<const ColumnType> FindType(const std::string& definition) {
  ServerTraits traits;
  traits.charsets = {{"latin1", 1}};
  Random random(1);
  for (int i = 0; i < 10000; ++i) {
    for (const ColumnTypeMaker maker : AllColumnTypes(traits)) {
      std::shared_ptr<const ColumnType> type = maker(traits, random);
      if (type->Definition() == definition) return type;
    }
  }
  ADD_FAILURE() << "no type is made as " << definition;
  return nullptr;
}

// A value as decoded and as the server tells it.
struct Case {
  std::string definition;
  Kind kind;
  std::string decoded;
  std::string server;
};

std::vector<Case> Cases() {
  return {{"INT", Kind::kInt, "-5", "-5"},
          {"BIGINT UNSIGNED", Kind::kUint, "18446744073709551615", "18446744073709551615"},
          {"BIT(64)", Kind::kUint, "9", "9"},
          {"FLOAT", Kind::kFloat, BitsText(0.1f), "0.10000000149011612"},
          {"DOUBLE", Kind::kDouble, BitsText(-1.5), "-1.5"},
          {"DECIMAL(65,30)", Kind::kDecimal, "1.000000000000000000000000000001", "1.000000000000000000000000000001"},
          {"YEAR", Kind::kInt, "1999", "1999"},
          {"DATE", Kind::kTemporal, "2024-00-31", "2024-00-31"},
          {"TIME(6)", Kind::kTemporal, "-00:00:00.000001", "-00:00:00.000001"},
          {"TEXT CHARACTER SET latin1", Kind::kText, "é", "C3A9 E9"},
          {"VARBINARY(20)", Kind::kBinary, std::string("a\0", 2), "6100"},
          {"GEOMETRY", Kind::kBinary, "wkb", "776B62"},
          {"JSON", Kind::kJson, "{\"a\": 1.5}", "{\"a\": 1.5}"}};
}

GeneratedTable TableOf(const Case& c) {
  GeneratedTable table;
  table.name = "t";
  table.versions.push_back(TableVersion{{TableColumn{1, "c", FindType(c.definition), true}}});
  return table;
}

TEST(ComparerTest, RightValuesAreCountedAndPass) {
  for (const Case& c : Cases()) {
    Findings findings;
    EXPECT_EQ(CompareRow(TableOf(c), {{c.kind, RowMetadata::kFull, false, c.decoded}}, {"1", c.server}, &findings), 1u);
    EXPECT_TRUE(findings.empty()) << findings.Report();
  }
}

TEST(ComparerTest, ASingleFlippedBitIsFound) {
  for (const Case& c : Cases()) {
    const GeneratedTable table = TableOf(c);
    for (size_t bit = 0; bit < 8 * c.decoded.size(); ++bit) {
      std::string flipped = c.decoded;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      Findings findings;
      CompareRow(table, {{c.kind, RowMetadata::kFull, false, flipped}}, {"1", c.server}, &findings);
      EXPECT_EQ(findings.count(), 1u) << c.definition << " bit " << bit;
    }
  }
}

TEST(ComparerTest, NullIsAValueOfItsOwn) {
  for (const Case& c : Cases()) {
    const GeneratedTable table = TableOf(c);
    Findings findings;
    CompareRow(table, {{Kind::kNull, RowMetadata::kFull, false, ""}}, {"1", std::nullopt}, &findings);
    EXPECT_TRUE(findings.empty()) << findings.Report();
    CompareRow(table, {{Kind::kNull, RowMetadata::kFull, false, ""}}, {"1", c.server}, &findings);
    CompareRow(table, {{c.kind, RowMetadata::kFull, false, c.decoded}}, {"1", std::nullopt}, &findings);
    EXPECT_EQ(findings.count(), 2u) << c.definition;
  }
}

TEST(ComparerTest, WhatTheLogDidNotTellIsNotCounted) {
  const Case c = Cases()[0];
  Findings findings;
  EXPECT_EQ(CompareRow(TableOf(c), {DecodedValue()}, {"1", c.server}, &findings), 0u);
  EXPECT_TRUE(findings.empty());
}

TEST(DecodedValueTest, JsonMustTellTheSameValue) {
  EXPECT_TRUE(JsonAgrees(nlohmann::json::parse("-0.0"), {Kind::kDouble, RowMetadata::kFull, false, BitsText(-0.0)}));
  EXPECT_FALSE(JsonAgrees(nlohmann::json::parse("-0"), {Kind::kDouble, RowMetadata::kFull, false, BitsText(-0.0)}));
  EXPECT_FALSE(JsonAgrees(nlohmann::json::parse("\"1\""), {Kind::kInt, RowMetadata::kFull, false, "1"}));
  EXPECT_FALSE(JsonAgrees(nlohmann::json::parse("0"), {Kind::kNull, RowMetadata::kFull, false, ""}));
  EXPECT_FALSE(JsonAgrees(nlohmann::json::parse("null"), {Kind::kText, RowMetadata::kFull, false, ""}));
  EXPECT_TRUE(
      JsonAgrees(nlohmann::json::parse("{\"base64\":\"/w==\"}"), {Kind::kBinary, RowMetadata::kFull, false, "\xff"}));
  EXPECT_FALSE(
      JsonAgrees(nlohmann::json::parse("{\"base64\":\"/g==\"}"), {Kind::kBinary, RowMetadata::kFull, false, "\xff"}));
}

TEST(JsonTokensTest, OnlyTheExponentMayBeSpelledDifferently) {
  EXPECT_TRUE(SameJsonTokens("[1e-5, 1e15, \"a\"]", "[0.00001, 1000000000000000.0, \"a\"]"));
  EXPECT_TRUE(SameJsonTokens("53903113015256336.0", "5.390311301525634e16"));
  EXPECT_FALSE(SameJsonTokens("5.390311301525634e16", "53903113015256336.0"));
  EXPECT_FALSE(SameJsonTokens("[1e-5]", "[0.00002]"));
  EXPECT_FALSE(SameJsonTokens("1.50", "1.5"));
  EXPECT_FALSE(SameJsonTokens("1", "1.0"));
  EXPECT_FALSE(SameJsonTokens("-0.0", "0.0"));
  EXPECT_FALSE(SameJsonTokens("\"1e0\"", "\"1.0\""));
  EXPECT_FALSE(SameJsonTokens("[1,2]", "[1, 2]"));
  EXPECT_FALSE(SameJsonTokens("[1]", "[1] "));
}

TEST(JsonPatchTest, AppliesWhatALineTells) {
  std::string document = R"({"a": 1, "b": [1, 2], "c\"d": {"e": null}})";
  EXPECT_TRUE(ApplyJsonDifferences(R"([{"op": "replace", "path": "$.b[1]", "value": {"x": 1.5}},
                                       {"op": "insert", "path": "$.b[0]", "value": "first"},
                                       {"op": "insert", "path": "$.b[9]", "value": "last"},
                                       {"op": "remove", "path": "$.a"},
                                       {"op": "replace", "path": "$.\"c\\\"d\".e", "value": true}])",
                                   &document));
  EXPECT_TRUE(SameJsonDocument(document, R"({"c\"d": {"e": true}, "b": ["first", 1, {"x": 1.5}, "last"]})"))
      << document;
}

TEST(JsonPatchTest, RefusesWhatDoesNotFit) {
  for (const char* differences :
       {R"([{"op": "replace", "path": "$.b", "value": 1}])", R"([{"op": "insert", "path": "$.a", "value": 1}])",
        R"([{"op": "remove", "path": "$.a[0]"}])", R"([{"op": "remove", "path": "$"}])",
        R"([{"op": "replace", "path": "$.a"}])", R"({"op": "remove", "path": "$.a"})", "["}) {
    std::string document = R"({"a": 1})";
    EXPECT_FALSE(ApplyJsonDifferences(differences, &document)) << differences;
    EXPECT_EQ(document, R"({"a": 1})");
  }
}

TEST(DumpTextTest, ReadsImages) {
  const std::vector<DumpedImage> images = ParseDump(
      "# at 4\n"
      "### UPDATE `db`.`a b`\n### WHERE\n###   @1=1\n###   @3='x=1'\n### SET\n###   @1=NULL\n"
      "### INSERT INTO `db`.`t`\n### SET\n###   @2=-1 (255)\n### SET\n###   @2=0\n");
  ASSERT_EQ(images.size(), 4u);
  EXPECT_EQ(images[0].statement, "UPDATE");
  EXPECT_EQ(images[0].table, "a b");
  EXPECT_TRUE(images[0].is_before);
  EXPECT_THAT(images[0].columns, ElementsAre(Pair(0u, "1"), Pair(2u, "'x=1'")));
  EXPECT_FALSE(images[1].is_before);
  EXPECT_THAT(images[1].columns, ElementsAre(Pair(0u, "NULL")));
  EXPECT_EQ(images[3].statement, "INSERT INTO");
  EXPECT_EQ(images[3].database, "db");
  EXPECT_THAT(images[3].columns, ElementsAre(Pair(1u, "0")));
}

}  // namespace
}  // namespace binlogd::testing
