#include "binlog/json_binary.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"

namespace binlogd {
namespace {

std::string Document(const std::string& bytes) {
  std::string out;
  const absl::Status status = AppendJsonDocument(bytes, &out);
  return status.ok() ? out : std::string(status.message());
}
std::string Hex(absl::string_view digits) { return Document(FromHex(digits)); }

TEST(JsonBinaryTest, Scalars) {
  EXPECT_EQ(Document(""), "null");
  EXPECT_EQ(Hex("0400"), "null");
  EXPECT_EQ(Hex("0401"), "true");
  EXPECT_EQ(Hex("0402"), "false");
  EXPECT_EQ(Hex("050080"), "-32768");
  EXPECT_EQ(Hex("06ffff"), "65535");
  EXPECT_EQ(Hex("0700000080"), "-2147483648");
  EXPECT_EQ(Hex("08ffffffff"), "4294967295");
  EXPECT_EQ(Hex("090000000000000080"), "-9223372036854775808");
  EXPECT_EQ(Hex("0affffffffffffffff"), "18446744073709551615");
  EXPECT_EQ(Hex("0b000000000000f03f"), "1.0");
  EXPECT_EQ(Hex("0c03612262"), "\"a\\\"b\"");
}

TEST(JsonBinaryTest, Containers) {
  EXPECT_EQ(Hex("0200000400"), "[]");
  EXPECT_EQ(Hex("0000000400"), "{}");
  // {"a": 1}: one element of 12 bytes; key at 11 of 1 byte; an inline integer.
  EXPECT_EQ(Hex("0001000c000b00010005010061"), "{\"a\": 1}");
  // The large form of the same: 4-byte numbers.
  EXPECT_EQ(Hex("010100000014000000130000000100050100000061"), "{\"a\": 1}");
}

TEST(JsonBinaryTest, RefusesMalformedDocuments) {
  EXPECT_EQ(Hex("0d"), "JSON: unknown type 13");
  EXPECT_EQ(Hex("0403"), "JSON: unknown literal");
  EXPECT_EQ(Hex("05ff"), "JSON: a number is cut short");
  EXPECT_EQ(Hex("0b000000000000f07f"), "JSON: a number is not finite");
  EXPECT_EQ(Hex("0c05616263"), "JSON: a string is cut short");
  EXPECT_EQ(Hex("0c80808080808001"), "JSON: a string is cut short");
  EXPECT_EQ(Hex("0c01ff"), "JSON: a string is not UTF-8");
  EXPECT_EQ(Hex("02ffff0400"), "JSON: an object or array is cut short");
  EXPECT_EQ(Hex("0001000c00ff00010005010061"), "JSON: a key stands outside its object");
  EXPECT_EQ(Hex("0001000c000b0001000cff0061"), "JSON: a value stands outside its object or array");
  EXPECT_EQ(Hex("0ff60102"), "JSON: malformed opaque value of type 246");
}

// An array whose only element is an array, and so on.
std::string Nested(int depth) {
  std::string inner = FromHex("00000400");
  for (int i = 1; i < depth; ++i) {
    inner = absl::StrCat(Little(1, 4), Little(inner.size() + 13, 4), Little(3, 1), Little(13, 4), inner);
    if (i == 1) inner[8] = 2;
  }
  return absl::StrCat(Little(depth == 1 ? 2 : 3, 1), inner);
}

TEST(JsonBinaryTest, BoundsTheDepth) {
  EXPECT_EQ(Document(Nested(3)), "[[[]]]");
  EXPECT_EQ(Document(Nested(100)).size(), 200u);
  EXPECT_EQ(Document(Nested(101)), "JSON: nested more than 100 deep");
  EXPECT_EQ(Document(Nested(10000)), "JSON: nested more than 100 deep");
}

// Each array's ten elements are all the same next array: 10^40 values in a few hundred bytes.
TEST(JsonBinaryTest, RefusesADocumentWhosePartsOverlap) {
  std::string bytes;
  constexpr int kLevels = 40;
  constexpr int kHead = 4 + 10 * 3;
  for (int level = 0; level < kLevels; ++level) {
    absl::StrAppend(&bytes, Little(10, 2), Little((kLevels - level) * kHead + 4, 2));
    for (int i = 0; i < 10; ++i) absl::StrAppend(&bytes, Little(2, 1), Little(kHead, 2));
  }
  absl::StrAppend(&bytes, FromHex("00000400"));
  EXPECT_EQ(Document(absl::StrCat(Little(2, 1), bytes)), "JSON: parts of the document overlap");
}

}  // namespace
}  // namespace binlogd
