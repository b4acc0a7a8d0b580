// JSON: binary documents in MySQL, text in MariaDB.
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tests/differential/column_type.h"
#include "tests/differential/json_patch.h"
#include "tests/differential/json_tokens.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;

const std::vector<std::string>& Strings() {
  static const std::vector<std::string> kStrings = {
      "",  "a",    "é漢😀",     "\"quoted\"",  "back\\slash", "line\nfeed", "\x01\x1f\x7f",
      "/", "null", "\t\b\f\r", "\xe2\x80\xa8"};
  return kStrings;
}

std::string RandomString(Random& random) {
  if (random.Chance(60)) return TextLiteral(random.Pick(Strings()));
  const std::vector<int> sizes = {126, 127, 128, 255, 256, 16383, 16384};
  if (random.Chance(20)) return absl::StrCat("REPEAT('x', ", random.Pick(sizes), ")");
  return TextLiteral(absl::StrCat("text ", random.Bits()));
}

std::string RandomDouble(Random& random) {
  static const std::vector<std::string> kEdges = {"0.0e0",
                                                  "-0.0e0",
                                                  "1e0",
                                                  "1e15",
                                                  "1e16",
                                                  "1e17",
                                                  "1e-5",
                                                  "1.5e300",
                                                  "-1.5e-9",
                                                  "1e22",
                                                  "123456789012345678e0",
                                                  "4.9e-324",
                                                  "1e100",
                                                  "0.1e0",
                                                  "3.4028234663852886e38",
                                                  "1.7976931348623157e308"};
  if (random.Chance(40)) return random.Pick(kEdges);
  return absl::StrFormat("%.17e", static_cast<double>(static_cast<int64_t>(random.Bits())) /
                                      static_cast<double>(random.Between(1, 1000000)));
}

std::string RandomInteger(Random& random) {
  static const std::vector<std::string> kEdges = {"0",
                                                  "-1",
                                                  "32767",
                                                  "32768",
                                                  "-32768",
                                                  "-32769",
                                                  "65535",
                                                  "65536",
                                                  "2147483647",
                                                  "2147483648",
                                                  "-2147483648",
                                                  "4294967295",
                                                  "4294967296",
                                                  "-2147483649",
                                                  "9223372036854775807",
                                                  "18446744073709551615",
                                                  "-9223372036854775808"};
  return random.Chance(60) ? random.Pick(kEdges) : absl::StrCat(random.Between(-100000, 100000));
}

// A scalar as an expression that JSON_OBJECT() takes with its own type.
std::string Scalar(Random& random) {
  switch (random.Below(13)) {
    case 0:
    case 1: return RandomInteger(random);
    case 2:
    case 3: return RandomDouble(random);
    case 4:
    case 5: return RandomString(random);
    case 6: return random.Chance(50) ? "CAST('true' AS JSON)" : "CAST('false' AS JSON)";
    case 7: return random.Chance(50) ? "CAST('null' AS JSON)" : "NULL";
    case 8:
      return random.Chance(50)
                 ? "CAST('-12345678901234567890.123456789' AS DECIMAL(40,15))"
                 : absl::StrCat("CAST('", random.Between(-99, 99), ".50' AS DECIMAL(10,", random.Below(4), "))");
    case 9: return random.Chance(50) ? "CAST('2024-02-29' AS DATE)" : "CAST('0000-00-00' AS DATE)";
    case 10: return random.Chance(50) ? "CAST('-838:59:59' AS TIME)" : "CAST('11:22:33.000450' AS TIME(6))";
    case 11:
      return random.Chance(50) ? "CAST('9999-12-31 23:59:59.999999' AS DATETIME(6))" : "TIMESTAMP'2024-01-01 00:00:00'";
    default:
      return random.Chance(50) ? absl::StrCat("CAST(", HexLiteral(random.Bytes(random.Below(40))), " AS BINARY)")
                               : "CAST('2024' AS YEAR)";
  }
}

std::string RandomKey(Random& random) {
  static const std::vector<std::string> kKeys = {"a", "b",   "c", "",   "ключ", "with \"quotes\"",
                                                 "$", "a.b", "é", "aa", "ab"};
  if (random.Chance(3)) return absl::StrCat("REPEAT('k', ", random.Between(200, 300), ")");
  return TextLiteral(random.Chance(60) ? random.Pick(kKeys) : absl::StrCat("key", random.Below(1000)));
}

std::string Document(Random& random, int depth);

std::string Container(Random& random, int depth) {
  const bool object = random.Chance(60);
  std::vector<std::string> members;
  const uint64_t size = random.Chance(5) ? 60 : random.Below(5);
  for (uint64_t i = 0; i < size; ++i) {
    const std::string value = Document(random, depth + 1);
    members.push_back(object ? absl::StrCat(RandomKey(random), ",", value) : value);
  }
  return absl::StrCat(object ? "JSON_OBJECT(" : "JSON_ARRAY(", absl::StrJoin(members, ","), ")");
}

std::string Document(Random& random, int depth) {
  constexpr int kDeepest = 4;
  return depth < kDeepest && random.Chance(depth == 0 ? 80 : 30) ? Container(random, depth) : Scalar(random);
}

std::string Nested(size_t depth, const std::string& innermost) {
  return absl::StrCat("CAST(CONCAT(REPEAT('[', ", depth, "), '", innermost, "', REPEAT(']', ", depth, ")) AS JSON)");
}

class MySqlJsonType : public ColumnType {
 public:
  std::string Definition() const override { return "JSON"; }
  std::string Literal(Random& random) const override {
    if (random.Chance(3)) return Nested(static_cast<size_t>(random.Between(1, 99)), "1");
    if (random.Chance(3))
      return absl::StrCat("JSON_ARRAY(REPEAT('y', 70000), ", Scalar(random), ", ", Scalar(random), ")");
    if (random.Chance(3)) return absl::StrCat("JSON_OBJECT('big', REPEAT('z', 66000), 'a', ", Document(random, 1), ")");
    // JSON_ARRAY takes any scalar; the document is what it holds.
    return absl::StrCat("JSON_EXTRACT(JSON_ARRAY(", Document(random, 0), "), '$[0]')");
  }
  // Mostly what MySQL can log as a difference.
  std::string Change(const std::string& column, Random& random) const override {
    static const std::vector<std::string> kPaths = {"'$.a'",  "'$.b'",   "'$.c'",   "'$[0]'",
                                                    "'$[1]'", "'$.a.b'", "'$.a[1]'"};
    const std::string& path = random.Pick(kPaths);
    switch (random.Below(6)) {
      case 0: return Literal(random);
      case 1: return absl::StrCat("JSON_REMOVE(", column, ", ", path, ")");
      case 2: return absl::StrCat("JSON_REPLACE(", column, ", ", path, ", ", Scalar(random), ")");
      case 3:
        return absl::StrCat("JSON_SET(", column, ", ", path, ", ", Scalar(random), ", ", random.Pick(kPaths), ", ",
                            Scalar(random), ")");
      default: return absl::StrCat("JSON_SET(", column, ", ", path, ", ", Document(random, 2), ")");
    }
  }
  std::string Select(const std::string& column) const override { return absl::StrCat("CAST(", column, " AS CHAR)"); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    if (decoded.is_patched) return SameJsonDocument(decoded.text, server);
    return decoded.kind == Kind::kJson && SameJsonTokens(decoded.text, server);
  }
  size_t RowBytes() const override { return 12; }
};

// MariaDB keeps the text as it was given.
class MariaDbJsonType : public ColumnType {
 public:
  std::string Definition() const override { return "JSON"; }
  std::string Literal(Random& random) const override {
    if (random.Chance(3)) return "JSON_ARRAY(REPEAT('y', 70000))";
    if (random.Chance(30)) return TextLiteral("{\"a\":  1, \"a\": [1e400, \"\\u00e9\", \"é\"] }");
    return absl::StrCat("JSON_OBJECT(", RandomKey(random), ", ", RandomInteger(random), ", 'b', JSON_ARRAY(",
                        RandomString(random), ", 1.50, TRUE))");
  }
  std::string Select(const std::string& column) const override { return absl::StrCat("HEX(", column, ")"); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    return decoded.kind == Kind::kText && UpperHex(decoded.text) == server;
  }
  size_t RowBytes() const override { return 12; }
};

std::unique_ptr<ColumnType> MakeJson(const ServerTraits& traits, Random&) {
  if (traits.mysql()) return std::make_unique<MySqlJsonType>();
  return std::make_unique<MariaDbJsonType>();
}

}  // namespace

std::vector<ColumnTypeMaker> JsonTypes(const ServerTraits&) { return {MakeJson}; }

}  // namespace binlogd::testing
