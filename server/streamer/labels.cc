#include "streamer/labels.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr size_t kMostLabels = 64;
constexpr size_t kMostBytes = 63;
constexpr size_t kMostSelectorBytes = 4096;

bool IsAlphanumeric(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

bool IsValueCharacter(char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; }

bool IsKeyCharacter(char c) { return IsValueCharacter(c) || c == '/'; }

bool IsWord(absl::string_view word, bool (*is_good)(char)) {
  if (word.empty() || word.size() > kMostBytes || !IsAlphanumeric(word.front()) || !IsAlphanumeric(word.back())) {
    return false;
  }
  for (const char c : word) {
    if (!is_good(c)) return false;
  }
  return true;
}

bool IsKey(absl::string_view key) { return IsWord(key, IsKeyCharacter); }

bool IsValue(absl::string_view value) { return value.empty() || IsWord(value, IsValueCharacter); }

}  // namespace

absl::Status CheckLabels(const Labels& labels) {
  constexpr char kRule[] = " of a-z, A-Z, 0-9, '.', '_' and '-', beginning and ending with a letter or digit";
  if (labels.size() > kMostLabels) {
    return InvalidField("labels", "INVALID_LABEL", absl::StrCat("a streamer has at most ", kMostLabels));
  }
  for (const auto& [key, value] : labels) {
    if (!IsKey(key)) {
      return InvalidField("labels", "INVALID_LABEL",
                          absl::StrCat(Shown(key), " is no key: 1 to ", kMostBytes, kRule, "; '/' is allowed as well"));
    }
    if (!IsValue(value)) {
      return InvalidField(absl::StrCat("labels.", key), "INVALID_LABEL",
                          absl::StrCat(Shown(value), " is no value: 0 to ", kMostBytes, kRule));
    }
  }
  return absl::OkStatus();
}

// Reads a selector from left to right.
class SelectorParser {
 public:
  SelectorParser(absl::string_view text, absl::string_view field) : text_(text), field_(field) {}

  absl::StatusOr<LabelSelector> Parse() {
    LabelSelector selector;
    if (text_.size() > kMostSelectorBytes) return Bad(absl::StrCat("it has more than ", kMostSelectorBytes, " bytes"));
    SkipBlanks();
    if (text_.empty()) return selector;
    for (;;) {
      ASSIGN_OR_RETURN(LabelSelector::Requirement requirement, ParseRequirement());
      selector.requirements_.push_back(std::move(requirement));
      if (text_.empty()) return selector;
      if (!Take(",")) return Bad(absl::StrCat("a comma is missing before ", Shown(text_)));
    }
  }

 private:
  absl::StatusOr<LabelSelector::Requirement> ParseRequirement() {
    LabelSelector::Requirement requirement;
    const bool absent = Take("!");
    requirement.key = std::string(TakeWord());
    if (!IsKey(requirement.key)) {
      return Bad(requirement.key.empty() ? absl::StrCat("a key is missing before ", Shown(text_))
                                         : absl::StrCat(Shown(requirement.key), " is no key of a label"));
    }
    if (absent) {
      requirement.negated = true;
      return requirement;
    }
    if (Take("!=")) {
      requirement.negated = true;
      RETURN_IF_ERROR(ParseValue(&requirement));
    } else if (Take("==") || Take("=")) {
      RETURN_IF_ERROR(ParseValue(&requirement));
    } else if (const absl::string_view word = TakeWord(); !word.empty()) {
      if (word != "in" && word != "notin") return Bad(absl::StrCat(Shown(word), " is neither \"in\" nor \"notin\""));
      requirement.negated = word == "notin";
      RETURN_IF_ERROR(ParseSet(&requirement));
    }
    return requirement;
  }

  absl::Status ParseValue(LabelSelector::Requirement* requirement) {
    const absl::string_view value = TakeWord();
    if (!IsValue(value)) return Bad(absl::StrCat(Shown(value), " is no value of a label"));
    requirement->values.emplace(value);
    return absl::OkStatus();
  }

  absl::Status ParseSet(LabelSelector::Requirement* requirement) {
    if (!Take("(")) return Bad("values stand in brackets: key in (a,b)");
    do {
      RETURN_IF_ERROR(ParseValue(requirement));
    } while (Take(","));
    return Take(")") ? absl::OkStatus() : Bad("a closing bracket is missing");
  }

  absl::Status Bad(absl::string_view why) const {
    return InvalidField(field_, "BAD_SELECTOR",
                        absl::StrCat(why, "; a selector is, for example: team=data,env!=prod,tier in (a,b),!legacy"));
  }
  void SkipBlanks() { text_ = absl::StripLeadingAsciiWhitespace(text_); }
  bool Take(absl::string_view token) {
    if (text_.substr(0, token.size()) != token) return false;
    text_.remove_prefix(token.size());
    SkipBlanks();
    return true;
  }
  // Up to the next character that no key and no value has; may be empty.
  absl::string_view TakeWord() {
    size_t size = 0;
    while (size < text_.size() && IsKeyCharacter(text_[size])) ++size;
    const absl::string_view word = text_.substr(0, size);
    text_.remove_prefix(size);
    SkipBlanks();
    return word;
  }

  absl::string_view text_;
  const absl::string_view field_;
};

absl::StatusOr<LabelSelector> LabelSelector::Parse(absl::string_view text, absl::string_view field) {
  return SelectorParser(text, field).Parse();
}

bool LabelSelector::Matches(const Labels& labels) const {
  for (const Requirement& requirement : requirements_) {
    const auto label = labels.find(requirement.key);
    const bool holds =
        label != labels.end() && (requirement.values.empty() || requirement.values.count(label->second) != 0);
    if (holds == requirement.negated) return false;
  }
  return true;
}

}  // namespace binlogd
