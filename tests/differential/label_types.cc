// ENUM and SET.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tests/differential/column_type.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;

// Character sets that labels are in, and characters beyond ASCII that each of them has.
struct LabelAlphabet {
  const char* charset;
  std::vector<const char*> letters;
};

const std::vector<LabelAlphabet>& LabelAlphabets() {
  static const std::vector<LabelAlphabet> kAlphabets = {
      {"utf8mb4", {"é", "漢", "😀", "'", "\"", "\\", "%", " x", "\t", "\n"}},
      {"utf8mb3", {"é", "漢", "'"}},
      {"latin1", {"é", "ß", "€", "'", "\\"}},
      {"ascii", {"'", "x"}},
      {"cp1251", {"ж", "Я"}},
      {"utf16", {"é", "漢", "😀"}},
      {"ucs2", {"é", "漢"}},
      {"sjis", {"ア", "漢"}}};
  return kAlphabets;
}

std::vector<std::string> MakeLabels(const LabelAlphabet& alphabet, size_t count, bool may_be_empty, Random& random) {
  std::vector<std::string> labels;
  for (size_t i = 0; i < count; ++i) {
    if (may_be_empty && i == 1 && random.Chance(20)) {
      labels.emplace_back();
      continue;
    }
    // The number makes it unique, and stands last so that no space does.
    labels.push_back(absl::StrCat(random.Chance(40) ? random.Pick(alphabet.letters) : "l", i));
  }
  return labels;
}

class LabelType : public ColumnType {
 public:
  std::string Definition() const override {
    return absl::StrCat(
        name_, "(",
        absl::StrJoin(labels_, ",",
                      [](std::string* out, const std::string& label) { absl::StrAppend(out, SqlString(label)); }),
        ") CHARACTER SET ", charset_);
  }
  // The number and the text in UTF-8.
  std::string Select(const std::string& column) const override {
    return absl::StrCat("CONCAT(CAST(", column, " AS UNSIGNED), ' ', HEX(CONVERT(", column, " USING utf8mb4)))");
  }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(server, absl::MaxSplits(' ', 1));
    // Labels are told, and must be told, under FULL only.
    if (decoded.metadata == RowMetadata::kFull) {
      return decoded.kind == Kind::kText && UpperHex(decoded.text) == sides.second;
    }
    return decoded.kind == Kind::kUint && decoded.text == sides.first;
  }
  size_t RowBytes() const override { return 8; }

 protected:
  LabelType(const char* name, const char* charset, std::vector<std::string> labels)
      : name_(name), charset_(charset), labels_(std::move(labels)) {}

  const std::vector<std::string>& labels() const { return labels_; }

 private:
  static std::string SqlString(const std::string& label) {
    std::string quoted = "'";
    for (const char c : label) {
      if (c == '\'' || c == '\\') quoted.push_back('\\');
      quoted.push_back(c);
    }
    return quoted + "'";
  }

  const char* const name_;
  const char* const charset_;
  const std::vector<std::string> labels_;
};

class EnumType : public LabelType {
 public:
  EnumType(const char* charset, std::vector<std::string> labels) : LabelType("ENUM", charset, std::move(labels)) {}
  std::string Literal(Random& random) const override {
    // What is no label is stored as number 0.
    if (random.Chance(5)) return "'no such label'";
    if (random.Chance(20)) return random.Chance(50) ? "1" : absl::StrCat(labels().size());
    return absl::StrCat(random.Below(labels().size()) + 1);
  }
};

class SetType : public LabelType {
 public:
  SetType(const char* charset, std::vector<std::string> labels) : LabelType("SET", charset, std::move(labels)) {}
  std::string Literal(Random& random) const override {
    const uint64_t all = labels().size() == 64 ? ~uint64_t{0} : (uint64_t{1} << labels().size()) - 1;
    if (random.Chance(10)) return "0";
    if (random.Chance(10)) return absl::StrCat(all);
    return absl::StrCat(random.Bits() & (random.Chance(50) ? random.Bits() : all) & all);
  }
};

std::unique_ptr<ColumnType> MakeEnum(const ServerTraits&, Random& random) {
  const LabelAlphabet& alphabet = random.Pick(LabelAlphabets());
  const std::vector<size_t> counts = {1, 2, 3, 20, 254, 255, 256, 300};
  return std::make_unique<EnumType>(alphabet.charset, MakeLabels(alphabet, random.Pick(counts), true, random));
}

std::unique_ptr<ColumnType> MakeSet(const ServerTraits&, Random& random) {
  const LabelAlphabet& alphabet = random.Pick(LabelAlphabets());
  const std::vector<size_t> counts = {1, 2, 7, 8, 9, 16, 17, 24, 25, 33, 40, 63, 64};
  return std::make_unique<SetType>(alphabet.charset, MakeLabels(alphabet, random.Pick(counts), false, random));
}

}  // namespace

std::vector<ColumnTypeMaker> LabelTypes(const ServerTraits&) { return {MakeEnum, MakeSet}; }

}  // namespace binlogd::testing
