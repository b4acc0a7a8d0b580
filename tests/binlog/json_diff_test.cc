#include "binlog/json_diff.h"

#include <gtest/gtest.h>

#include "binlog/json_path.h"
#include "tests/binlog/events.h"

namespace binlogd {
namespace {

enum Operation { kReplace, kInsert, kRemove };

const std::string kOne = FromHex("050100");   // 1
const std::string kTrue = FromHex("0401");    // true
const std::string kText = FromHex("0c0178");  // "x"

std::string Difference(Operation operation, absl::string_view path, absl::string_view value = "") {
  std::string bytes = absl::StrCat(Little(operation, 1), LengthEncoded(path.size()), path);
  if (operation != kRemove) absl::StrAppend(&bytes, LengthEncoded(value.size()), value);
  return bytes;
}

// {"a": 1, "bb": [1, 2, 3]}, as the server writes it.
const std::string kDocument = FromHex("0002002200120001001300020005010002150061626203000d00050100050200050300");
// {"a": 1}
const std::string kSmall = FromHex("0001000c000b00010005010061");
// [1, 2]
const std::string kArray = FromHex("0202000a00050100050200");

std::string Patch(const std::string& document, const std::string& differences) {
  std::string out;
  const absl::Status status = AppendPatchedJson(document, differences, &out);
  return status.ok() ? out : std::string(status.message());
}
std::string Shown(const std::string& differences) {
  std::string out;
  const absl::Status status = AppendJsonDifferences(differences, &out);
  return status.ok() ? out : std::string(status.message());
}
constexpr char kDoesNotFit[] = "JSON: a difference does not fit the document: operation ";

TEST(JsonDiffTest, MembersOfObjects) {
  EXPECT_EQ(Patch(kSmall, ""), R"({"a": 1})");
  EXPECT_EQ(Patch(kSmall, Difference(kReplace, "$.a", kText)), R"({"a": "x"})");
  EXPECT_EQ(Patch(kSmall, Difference(kRemove, "$.a")), "{}");
  EXPECT_EQ(Patch(kSmall, Difference(kInsert, "$.b", kTrue)), R"({"a": 1, "b": true})");
  // Keys are ordered by length, then by bytes.
  EXPECT_EQ(Patch(kSmall, Difference(kInsert, "$.aa", kTrue) + Difference(kInsert, "$.Z", kOne) +
                              Difference(kInsert, "$.\"\"", kOne) + Difference(kInsert, "$.\"\xc3\xa9\"", kText)),
            R"({"": 1, "Z": 1, "a": 1, "aa": true, ")"
            "\xc3\xa9"
            R"(": "x"})");
  EXPECT_EQ(Patch(kSmall, Difference(kInsert, "$.a", kTrue)), absl::StrCat(kDoesNotFit, 1));
  EXPECT_EQ(Patch(kSmall, Difference(kReplace, "$.b", kTrue)), absl::StrCat(kDoesNotFit, 0));
  EXPECT_EQ(Patch(kSmall, Difference(kRemove, "$.b")), absl::StrCat(kDoesNotFit, 2));
}

TEST(JsonDiffTest, CellsOfArrays) {
  EXPECT_EQ(Patch(kArray, Difference(kReplace, "$[1]", kText)), R"([1, "x"])");
  EXPECT_EQ(Patch(kArray, Difference(kInsert, "$[0]", kText)), R"(["x", 1, 2])");
  EXPECT_EQ(Patch(kArray, Difference(kInsert, "$[1]", kText)), R"([1, "x", 2])");
  EXPECT_EQ(Patch(kArray, Difference(kInsert, "$[2]", kText)), R"([1, 2, "x"])");
  EXPECT_EQ(Patch(kArray, Difference(kInsert, "$[99]", kText)), R"([1, 2, "x"])");
  EXPECT_EQ(Patch(kArray, Difference(kRemove, "$[0]")), "[2]");
  EXPECT_EQ(Patch(kArray, Difference(kRemove, "$[2]")), absl::StrCat(kDoesNotFit, 2));
  EXPECT_EQ(Patch(kArray, Difference(kReplace, "$[2]", kOne)), absl::StrCat(kDoesNotFit, 0));
}

TEST(JsonDiffTest, ArrayCellsCountedFromTheLast) {
  EXPECT_EQ(Patch(kArray, Difference(kReplace, "$[last]", kText)), R"([1, "x"])");
  EXPECT_EQ(Patch(kArray, Difference(kReplace, "$[last-0]", kText)), R"([1, "x"])");
  EXPECT_EQ(Patch(kArray, Difference(kReplace, "$[last-1]", kText)), R"(["x", 2])");
  EXPECT_EQ(Patch(kArray, Difference(kRemove, "$[last]") + Difference(kRemove, "$[last]")), "[]");
  EXPECT_EQ(Patch(kArray, Difference(kInsert, "$[last]", kText)), R"([1, "x", 2])");
  EXPECT_EQ(Patch(kArray, Difference(kInsert, "$[last-1]", kText)), R"(["x", 1, 2])");
  EXPECT_EQ(Patch(kArray, Difference(kInsert, "$[last-2]", kText)), R"(["x", 1, 2])");
  EXPECT_EQ(Patch(kDocument, Difference(kReplace, "$.bb[last-2]", kText)), R"({"a": 1, "bb": ["x", 2, 3]})");
  EXPECT_EQ(Patch(kArray, Difference(kReplace, "$[last-2]", kOne)), absl::StrCat(kDoesNotFit, 0));
  for (const absl::string_view path : {"$[last-]", "$[last-x]", "$[last", "$[last-1", "$[lasts]", "$[last--1]"}) {
    EXPECT_EQ(Patch(kArray, Difference(kReplace, path, kOne)), absl::StrCat(kDoesNotFit, 0)) << path;
  }
}

TEST(JsonDiffTest, OnlyWhatChangesIsTakenApart) {
  EXPECT_EQ(Patch(kDocument, Difference(kRemove, "$.a")), R"({"bb": [1, 2, 3]})");
  EXPECT_EQ(Patch(kDocument, Difference(kReplace, "$.bb[1]", kText)), R"({"a": 1, "bb": [1, "x", 3]})");
}

TEST(JsonDiffTest, InsideWhatHasChanged) {
  const std::string object = kSmall;
  EXPECT_EQ(Patch(kArray, Difference(kReplace, "$[0]", object) + Difference(kInsert, "$[0].b", kTrue) +
                              Difference(kReplace, "$[0].a", kArray) + Difference(kRemove, "$[0].a[0]")),
            R"([{"a": [2], "b": true}, 2])");
}

TEST(JsonDiffTest, WhatDoesNotFit) {
  for (const absl::string_view path : {"$", "", "a", "$.a.b", "$.a[0]", "$[0]", "$.*", "$[*]", "$**.a", "$.b[last]",
                                       "$[", "$[]", "$[1", "$.", "$.\"a", "$.\"\\u12\"", "$ .a", "$.bb[1 to 2]"}) {
    for (const Operation operation : {kReplace, kInsert, kRemove}) {
      EXPECT_EQ(Patch(kSmall, Difference(operation, path, kOne)), absl::StrCat(kDoesNotFit, operation)) << path;
    }
  }
  EXPECT_EQ(Patch(kOne, Difference(kReplace, "$.a", kOne)), absl::StrCat(kDoesNotFit, 0));
  EXPECT_EQ(Patch("", ""), "JSON: differences of an empty document");
}

TEST(JsonDiffTest, MalformedDifferences) {
  const std::string whole = Difference(kReplace, "$.a", kText);
  for (size_t size = 1; size < whole.size(); ++size) {
    EXPECT_EQ(Patch(kSmall, whole.substr(0, size)), "JSON: a difference is cut short") << size;
    EXPECT_EQ(Shown(whole.substr(0, size)), "JSON: a difference is cut short") << size;
  }
  EXPECT_EQ(Patch(kSmall, FromHex("03")), "JSON: a difference is cut short");
  EXPECT_EQ(Patch(kSmall, FromHex("030124")), "JSON: unknown operation 3");
  EXPECT_EQ(Patch(kSmall, Difference(kReplace, "$.a", FromHex("0d"))), "JSON: unknown type 13");
}

TEST(JsonDiffTest, ShownAsTheyAre) {
  EXPECT_EQ(Shown(""), "[]");
  EXPECT_EQ(Shown(Difference(kReplace, "$.a", kText) + Difference(kInsert, "$[0].\"b c\"", kSmall) +
                  Difference(kRemove, "$[1]")),
            R"([{"op": "replace", "path": "$.a", "value": "x"}, )"
            R"({"op": "insert", "path": "$[0].\"b c\"", "value": {"a": 1}}, {"op": "remove", "path": "$[1]"}])");
}

TEST(JsonDiffTest, DeepAndOverlapping) {
  // Small arrays in one another, each an array of one element that stands behind its 7 bytes of layout.
  const auto nested = [](int depth) {
    std::string bytes = FromHex("0401");
    uint8_t type = 0x04;
    std::string body = FromHex("01");
    for (int i = 0; i < depth; ++i) {
      const bool is_inline = type == 0x04;
      std::string outer = absl::StrCat(Little(1, 2), Little(is_inline ? 7 : 7 + body.size(), 2), Little(type, 1),
                                       is_inline ? Little(1, 2) : Little(7, 2), is_inline ? "" : body);
      body = outer;
      type = 0x02;
    }
    return absl::StrCat(Little(type, 1), body);
  };
  std::string path = "$";
  for (int i = 0; i < 99; ++i) path += "[0]";
  EXPECT_EQ(Patch(nested(100), Difference(kReplace, path + "[0]", kOne)),
            std::string(100, '[') + "1" + std::string(100, ']'));
  EXPECT_EQ(Patch(nested(100), Difference(kReplace, path + "[0]", kArray)), "JSON: nested more than 100 deep");
  EXPECT_EQ(Patch(nested(100), Difference(kReplace, path + "[0][0]", kOne)), absl::StrCat(kDoesNotFit, 0));
}

TEST(JsonPathTest, Names) {
  std::vector<JsonPathLeg> legs;
  ASSERT_TRUE(ParseJsonPath(R"($.a."b.c[0]"[18446744073709551615]."\u00e9\ud83d\ude00\n\"\\"._$1)", &legs));
  ASSERT_EQ(legs.size(), 5u);
  EXPECT_EQ(legs[0].member, "a");
  EXPECT_EQ(legs[1].member, "b.c[0]");
  EXPECT_TRUE(legs[2].is_index);
  EXPECT_EQ(legs[2].index, ~uint64_t{0});
  EXPECT_EQ(legs[3].member, "\xc3\xa9\xf0\x9f\x98\x80\n\"\\");
  EXPECT_EQ(legs[4].member, "_$1");
  for (const absl::string_view bad :
       {R"($."\ud83d")", R"($."\ude00\ud83d")", R"($."\x")", "$[-1]", "$[18446744073709551616]"}) {
    EXPECT_FALSE(ParseJsonPath(bad, &legs)) << bad;
  }
}

}  // namespace
}  // namespace binlogd
