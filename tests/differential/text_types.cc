// CHAR, VARCHAR and the TEXT family, in every character set of the server.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "binlog/utf8.h"
#include "tests/differential/column_type.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;

// The characters that texts of a character set are made of.
bool IsUnicode(absl::string_view charset) {
  return absl::StartsWith(charset, "utf") || charset == "ucs2" || charset == "gb18030";
}

struct CodePointRange {
  uint32_t first;
  uint32_t last;
};

constexpr CodePointRange kAscii = {0x20, 0x7e};
constexpr CodePointRange kControls = {0x00, 0x1f};

// Characters of a set with several bytes each; what it lacks becomes a question mark in the server.
CodePointRange MultibyteRange(const ServerCharset& charset, Random& random) {
  const bool unicode = IsUnicode(charset.name);
  static const std::vector<CodePointRange> kAsian = {{0x3041, 0x3093}, {0x30a1, 0x30f6}, {0xac00, 0xad00},
                                                     {0x4e00, 0x4f00}, {0x5b50, 0x5c00}, {0xff01, 0xff5e},
                                                     {0x0410, 0x044f}, {0x3000, 0x3010}, {0x2010, 0x2030}};
  static const std::vector<CodePointRange> kUnicode = {{0x00, 0x7f},     {0x80, 0xff},     {0x100, 0x7ff},
                                                       {0x800, 0xd7ff},  {0xe000, 0xffff}, {0x7ff, 0x800},
                                                       {0xfffd, 0xffff}, {0x3041, 0x3093}};
  static const std::vector<CodePointRange> kSupplementary = {{0x1f600, 0x1f64f}, {0x10000, 0x10ffff}};
  const bool wide = unicode && charset.name != "utf8mb3" && charset.name != "utf8" && charset.name != "ucs2";
  if (wide && random.Chance(20)) return random.Pick(kSupplementary);
  return random.Pick(unicode ? kUnicode : kAsian);
}

std::string MultibyteText(const ServerCharset& charset, size_t characters, Random& random) {
  std::string text;
  CodePointRange range = kAscii;
  for (size_t i = 0; i < characters; ++i) {
    if (i % 8 == 0) range = random.Chance(40) ? kAscii : MultibyteRange(charset, random);
    AppendUtf8(static_cast<uint32_t>(random.Between(range.first, range.last)), &text);
  }
  return text;
}

std::string SingleByteText(const ServerCharset& charset, size_t characters, Random& random) {
  std::string text = random.Bytes(characters);
  // MariaDB lets any byte into ascii.
  const bool seven_bits = (charset.name == "ascii" && random.Chance(80)) || charset.name == "swe7";
  const bool printable = random.Chance(50);
  for (char& c : text) {
    if (seven_bits) c = static_cast<char>(c & 0x7f);
    if (printable && static_cast<unsigned char>(c) < 0x80)
      c = static_cast<char>(kAscii.first + static_cast<unsigned char>(c) % (kAscii.last - kAscii.first));
  }
  return text;
}

// A text of 0 to `most` characters as an SQL expression, with what texts are prone to: spaces at the end, zeros,
// quotes.
std::string RandomText(const ServerCharset& charset, size_t most, Random& random) {
  static const std::vector<std::string> kEdges = {
      "",  " ",   "a ",   "  a  ", "'",    "\"",   "\\",        std::string(1, '\0'),
      "%", "a\n", "NULL", "\t",    "\r\n", "\x7f", "{\"a\": 1}"};
  if (random.Chance(12)) return TextLiteral(random.Pick(kEdges));
  const size_t size = random.Size(most);
  constexpr size_t kRepeatFrom = 300;
  if (size > kRepeatFrom) {
    const std::string part = TextLiteral(MultibyteText(charset, 7, random));
    return absl::StrCat("LEFT(REPEAT(", part, ", ", size / 7 + 1, "), ", size, ")");
  }
  if (charset.most_bytes == 1)
    return absl::StrCat("_", charset.name, " ", HexLiteral(SingleByteText(charset, size, random)));
  return TextLiteral(MultibyteText(charset, size, random));
}

class TextType : public ColumnType {
 public:
  TextType(std::string base, ServerCharset charset, std::string collation, size_t most, size_t row_bytes)
      : base_(std::move(base)),
        charset_(std::move(charset)),
        collation_(std::move(collation)),
        most_(most),
        row_bytes_(row_bytes) {}

  std::string Definition() const override {
    return absl::StrCat(base_, " CHARACTER SET ", charset_.name, collation_.empty() ? "" : " COLLATE ", collation_);
  }
  std::string Literal(Random& random) const override { return RandomText(charset_, most_, random); }
  // The text in UTF-8, and the bytes that are stored.
  std::string Select(const std::string& column) const override {
    return absl::StrCat("CONCAT(HEX(CONVERT(", column, " USING utf8mb4)), ' ', HEX(", column, "))");
  }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(server, absl::MaxSplits(' ', 1));
    const std::string hex = UpperHex(decoded.text);
    if (decoded.metadata == RowMetadata::kNoLog) return hex == sides.second;
    if (decoded.kind == Kind::kText) return hex == sides.first;
    return decoded.kind == Kind::kBinary && hex == sides.second && MayStayBytes(sides.first);
  }
  absl::optional<std::string> Printed(const DecodedValue& decoded) const override {
    const bool plain = std::all_of(decoded.text.begin(), decoded.text.end(),
                                   [](char c) { return c >= ' ' && c <= '~' && c != '\\' && c != '\''; });
    // The other sets' text is printed as its bytes, and compressed text as it is stored.
    if (!plain || decoded.kind != Kind::kText || !absl::StartsWith(charset_.name, "utf8")) return absl::nullopt;
    if (absl::StrContains(base_, "COMPRESSED")) return absl::nullopt;
    return absl::StrCat("'", decoded.text, "'");
  }
  size_t RowBytes() const override { return row_bytes_; }

 private:
  // Codes that the character set has no character for stay bytes; there the server shows a question mark, or in TIS-620
  // U+FFFD.
  static bool MayStayBytes(absl::string_view utf8_hex) {
    for (size_t i = 0; i + 1 < utf8_hex.size(); i += 2) {
      if (utf8_hex.substr(i, 2) == "3F" || utf8_hex.substr(i, 6) == "EFBFBD") return true;
    }
    return false;
  }

  const std::string base_;
  const ServerCharset charset_;
  const std::string collation_;
  const size_t most_;  // Characters.
  const size_t row_bytes_;
};

ServerCharset PickCharset(const ServerTraits& traits, Random& random) {
  static const std::vector<ServerCharset> kCommon = {{"utf8mb4", 4}, {"latin1", 1}, {"utf8mb3", 3}, {"ascii", 1}};
  return random.Chance(30) ? random.Pick(kCommon) : random.Pick(traits.charsets);
}

std::string PickCollation(const ServerTraits& traits, const ServerCharset& charset, Random& random) {
  if (random.Chance(25)) return absl::StrCat(charset.name, "_bin");
  if (charset.name != "utf8mb4" || random.Chance(40)) return "";
  const std::vector<std::string> mysql = {"utf8mb4_0900_ai_ci", "utf8mb4_0900_bin", "utf8mb4_ja_0900_as_cs",
                                          "utf8mb4_de_pb_0900_ai_ci"};
  const std::vector<std::string> mariadb = {"utf8mb4_uca1400_ai_ci", "utf8mb4_nopad_bin", "utf8mb4_unicode_520_ci",
                                            "utf8mb4_uca1400_german2_as_cs"};
  return random.Pick(traits.mysql() ? mysql : mariadb);
}

std::unique_ptr<ColumnType> MakeChar(const ServerTraits& traits, Random& random) {
  const ServerCharset charset = PickCharset(traits, random);
  const std::vector<size_t> sizes = {1, 2, 10, 63, 64, 65, 85, 86, 127, 128, 254, 255};
  const size_t size = random.Pick(sizes);
  return std::make_unique<TextType>(absl::StrCat("CHAR(", size, ")"), charset, PickCollation(traits, charset, random),
                                    size, size * charset.most_bytes);
}

// Lengths about those at which the log's length of a value takes another byte.
size_t PickVarcharSize(const ServerCharset& charset, Random& random) {
  const size_t edge = 255 / charset.most_bytes;
  const std::vector<size_t> sizes = {1, 20, 50, edge - 1, edge, edge + 1, edge + 2, 255, 256, 1000};
  constexpr size_t kLargest = 30000;
  return random.Chance(5) ? kLargest / charset.most_bytes : random.Pick(sizes);
}

std::unique_ptr<ColumnType> MakeVarchar(const ServerTraits& traits, Random& random) {
  const ServerCharset charset = PickCharset(traits, random);
  const size_t size = PickVarcharSize(charset, random);
  return std::make_unique<TextType>(absl::StrCat("VARCHAR(", size, ")"), charset,
                                    PickCollation(traits, charset, random), size, size * charset.most_bytes + 2);
}

std::unique_ptr<ColumnType> MakeCompressedVarchar(const ServerTraits& traits, Random& random) {
  const ServerCharset charset = PickCharset(traits, random);
  const size_t size = PickVarcharSize(charset, random);
  return std::make_unique<TextType>(absl::StrCat("VARCHAR(", size, ") COMPRESSED"), charset, "", size,
                                    size * charset.most_bytes + 3);
}

struct TextKind {
  const char* name;
  size_t most_bytes;
};
const std::vector<TextKind>& TextKinds() {
  static const std::vector<TextKind> kKinds = {
      {"TINYTEXT", 255}, {"TEXT", 2000}, {"MEDIUMTEXT", 3000}, {"LONGTEXT", 3000}, {"MEDIUMTEXT", 70000}};
  return kKinds;
}

std::unique_ptr<ColumnType> MakeText(const ServerTraits& traits, Random& random) {
  const ServerCharset charset = PickCharset(traits, random);
  const TextKind& kind = random.Pick(TextKinds());
  return std::make_unique<TextType>(kind.name, charset, PickCollation(traits, charset, random),
                                    kind.most_bytes / charset.most_bytes, 12);
}

std::unique_ptr<ColumnType> MakeCompressedText(const ServerTraits& traits, Random& random) {
  const ServerCharset charset = PickCharset(traits, random);
  const TextKind& kind = random.Pick(TextKinds());
  return std::make_unique<TextType>(absl::StrCat(kind.name, " COMPRESSED"), charset, "",
                                    kind.most_bytes / charset.most_bytes, 12);
}

}  // namespace

std::vector<ColumnTypeMaker> TextTypes(const ServerTraits& traits) {
  // Twice, as they have so many character sets.
  std::vector<ColumnTypeMaker> makers = {MakeChar, MakeChar, MakeVarchar, MakeVarchar, MakeText};
  if (!traits.mysql()) makers.insert(makers.end(), {MakeCompressedVarchar, MakeCompressedText});
  return makers;
}

}  // namespace binlogd::testing
