// Every code of every character set, and every collation's number, against what the servers themselves say.
#include "binlog/charset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "binlog/utf8.h"
#include "tests/harness/mysql_server.h"

namespace binlogd::testing {
namespace {

const std::map<std::string, Charset>& CharsetsByName() {
  static const auto* const names = new std::map<std::string, Charset>{
      {"binary", Charset::kBinary},     {"utf8mb4", Charset::kUtf8},      {"utf8mb3", Charset::kUtf8},
      {"utf8", Charset::kUtf8},         {"ascii", Charset::kAscii},       {"ucs2", Charset::kUcs2},
      {"utf16", Charset::kUtf16},       {"utf16le", Charset::kUtf16Le},   {"utf32", Charset::kUtf32},
      {"latin1", Charset::kLatin1},     {"latin2", Charset::kLatin2},     {"latin5", Charset::kLatin5},
      {"latin7", Charset::kLatin7},     {"cp1250", Charset::kCp1250},     {"cp1251", Charset::kCp1251},
      {"cp1256", Charset::kCp1256},     {"cp1257", Charset::kCp1257},     {"cp850", Charset::kCp850},
      {"cp852", Charset::kCp852},       {"cp866", Charset::kCp866},       {"greek", Charset::kGreek},
      {"hebrew", Charset::kHebrew},     {"koi8r", Charset::kKoi8r},       {"koi8u", Charset::kKoi8u},
      {"dec8", Charset::kDec8},         {"hp8", Charset::kHp8},           {"swe7", Charset::kSwe7},
      {"macce", Charset::kMacce},       {"macroman", Charset::kMacroman}, {"keybcs2", Charset::kKeybcs2},
      {"armscii8", Charset::kArmscii8}, {"geostd8", Charset::kGeostd8},   {"tis620", Charset::kTis620},
      {"big5", Charset::kBig5},         {"gb2312", Charset::kGb2312},     {"gbk", Charset::kGbk},
      {"gb18030", Charset::kGb18030},   {"sjis", Charset::kSjis},         {"cp932", Charset::kCp932},
      {"ujis", Charset::kUjis},         {"eucjpms", Charset::kEucjpms},   {"euckr", Charset::kEuckr},
  };
  return *names;
}

std::string Name(const ::testing::TestParamInfo<ServerKind>& info) {
  std::string name = ServerName(info.param);
  for (char& c : name) c = c == '-' || c == '.' ? '_' : c;
  return name;
}

// Whether U+FFFD is a character like any other.
bool HasAllOfUnicode(Charset charset) {
  return charset == Charset::kUcs2 || charset == Charset::kUtf16 || charset == Charset::kUtf16Le ||
         charset == Charset::kUtf32 || charset == Charset::kGb18030;
}

class CharsetServerTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    const auto server = SharedServer(GetParam());
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *server;
  }

  // A code of whose characters the server has all in Unicode becomes those; no other is converted. A question mark that
  // is not in the code is the servers' word for none; in a few sets U+FFFD is.
  void Check(Charset charset, const std::string& code, const std::string& utf8) {
    const auto marks = [](const std::string& text) { return std::count(text.begin(), text.end(), '?'); };
    const bool is_text = !utf8.empty() && IsUtf8(utf8) && marks(utf8) <= marks(code) &&
                         (HasAllOfUnicode(charset) || !absl::StrContains(utf8, "\xef\xbf\xbd"));
    std::string converted;
    ASSERT_EQ(AppendAsUtf8(charset, code, &converted), is_text) << absl::BytesToHexString(code);
    ASSERT_EQ(converted, is_text ? utf8 : "") << absl::BytesToHexString(code);
    ++checked_;
  }

  // Asks for all codes that an expression over bytes a, b, … makes.
  void CheckAll(const std::string& name, Charset charset, const std::string& code, const std::string& from) {
    const ResultSet answer =
        server_->Run({absl::StrCat("SELECT HEX(b), HEX(CONVERT(CONVERT(b USING ", name,
                                   ") USING utf8mb4)) FROM (SELECT ", code, " AS b FROM ", from, ") AS codes")});
    for (const auto& row : answer.rows) {
      // MySQL answers with NULL when the bytes are malformed.
      ASSERT_TRUE(row[0].has_value());
      ASSERT_NO_FATAL_FAILURE(
          Check(charset, absl::HexStringToBytes(*row[0]), absl::HexStringToBytes(row[1].value_or(""))));
    }
  }

  MySqlServer* server_ = nullptr;
  size_t checked_ = 0;
};

TEST_P(CharsetServerTest, ConvertsEveryCodeAsTheServerDoes) {
  server_->Run({"CREATE DATABASE charset_test", "CREATE TABLE charset_test.bytes (v VARBINARY(1) PRIMARY KEY)"});
  std::string values;
  for (int i = 0; i < 256; ++i) absl::StrAppendFormat(&values, "%s(x'%02x')", i == 0 ? "" : ",", i);
  server_->Run({absl::StrCat("INSERT INTO charset_test.bytes VALUES ", values)});
  const std::string bytes = "charset_test.bytes ";
  const ResultSet charsets =
      server_->Run({"SELECT character_set_name, maxlen FROM information_schema.character_sets ORDER BY 1"});
  ASSERT_GE(charsets.rows.size(), 40u);
  for (const auto& row : charsets.rows) {
    const std::string& name = *row[0];
    SCOPED_TRACE(name);
    ASSERT_TRUE(CharsetsByName().contains(name)) << "an unknown character set";
    const Charset charset = CharsetsByName().at(name);
    // What is UTF-8 already is passed on as it is, and checked where it is written.
    if (charset == Charset::kBinary || charset == Charset::kUtf8) continue;
    if (charset == Charset::kUtf32) {
      ASSERT_NO_FATAL_FAILURE(CheckAll(name, charset, "CONCAT(x'0000', a.v, b.v)", bytes + "a, " + bytes + "b"));
      ASSERT_NO_FATAL_FAILURE(CheckAll(name, charset, "CONCAT(x'00', a.v, b.v, x'41')", bytes + "a, " + bytes + "b"));
      continue;
    }
    if (charset == Charset::kUcs2 || charset == Charset::kUtf16 || charset == Charset::kUtf16Le) {
      ASSERT_NO_FATAL_FAILURE(CheckAll(name, charset, "CONCAT(a.v, b.v)", bytes + "a, " + bytes + "b"));
      continue;
    }
    ASSERT_NO_FATAL_FAILURE(CheckAll(name, charset, "v", bytes));
    if (*row[1] == "1") continue;
    const std::string lead = "a.v >= x'80'";
    ASSERT_NO_FATAL_FAILURE(
        CheckAll(name, charset, "CONCAT(a.v, b.v)", absl::StrCat(bytes, "a, ", bytes, "b WHERE ", lead)));
    if (charset == Charset::kUjis || charset == Charset::kEucjpms) {
      ASSERT_NO_FATAL_FAILURE(
          CheckAll(name, charset, "CONCAT(x'8f', a.v, b.v)", absl::StrCat(bytes, "a, ", bytes, "b WHERE ", lead)));
    }
    for (int first = 0x81; charset == Charset::kGb18030 && first <= 0xfe; ++first) {
      ASSERT_NO_FATAL_FAILURE(CheckAll(
          name, charset, absl::StrFormat("CONCAT(x'%02x', b.v, c.v, d.v)", first),
          absl::StrCat(bytes, "b, ", bytes, "c, ", bytes,
                       "d WHERE b.v BETWEEN '0' AND '9' AND d.v BETWEEN '0' AND '9' AND c.v BETWEEN x'80' AND x'ff'")));
    }
  }
  server_->Run({"DROP DATABASE charset_test"});
  RecordProperty("codes", static_cast<int>(checked_));
}

TEST_P(CharsetServerTest, KnowsEveryCollation) {
  const bool is_mysql = server_->flavor() == Flavor::kMySql;
  const ResultSet collations = server_->Run(
      {absl::StrCat("SELECT id, character_set_name FROM information_schema.",
                    is_mysql ? "collations" : "collation_character_set_applicability", " WHERE id IS NOT NULL")});
  ASSERT_GE(collations.rows.size(), 280u);
  for (const auto& row : collations.rows) {
    const uint32_t number = static_cast<uint32_t>(std::strtoul(row[0]->c_str(), nullptr, 10));
    EXPECT_EQ(CharsetOfCollation(server_->flavor(), number), CharsetsByName().at(*row[1])) << number << " " << *row[1];
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, CharsetServerTest,
                         ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011, ServerKind::kMariaDb118),
                         Name);

}  // namespace
}  // namespace binlogd::testing
