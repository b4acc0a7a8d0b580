#include "binlog/statement.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/types/span.h"

namespace binlogd {
namespace {

// Walks the words of a statement.
class Words {
 public:
  explicit Words(absl::string_view text) : text_(text) {}

  // The next word, or a single character that belongs to none, or a whole quoted string; empty at the end.
  absl::string_view Next() {
    SkipSpaceAndComments();
    if (text_.empty()) return text_;
    size_t length = 1;
    if (IsWordCharacter(text_[0])) {
      while (length < text_.size() && IsWordCharacter(text_[length])) ++length;
    } else if (text_[0] == '\'' || text_[0] == '"' || text_[0] == '`') {
      length = QuotedLength();
    }
    const absl::string_view word = text_.substr(0, length);
    text_.remove_prefix(length);
    return word;
  }

  // Whether a comment was passed that not every server takes for one.
  bool passed_conditional() const { return passed_conditional_; }

 private:
  static bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || c == '_' || c == '$' || (c & 0x80) != 0; }

  size_t QuotedLength() const {
    const char quote = text_[0];
    size_t i = 1;
    while (i < text_.size() && text_[i] != quote) i += text_[i] == '\\' && quote != '`' ? 2 : 1;
    return std::min(i + 1, text_.size());
  }

  void SkipPast(absl::string_view end) {
    const size_t at = text_.find(end);
    text_.remove_prefix(at == absl::string_view::npos ? text_.size() : at + end.size());
  }

  void SkipSpaceAndComments() {
    for (;;) {
      text_ = absl::StripLeadingAsciiWhitespace(text_);
      if (absl::StartsWith(text_, "/*!") || absl::StartsWith(text_, "/*M!")) {
        passed_conditional_ = true;
        text_.remove_prefix(text_[2] == '!' ? 3 : 4);
        while (!text_.empty() && absl::ascii_isdigit(text_[0])) text_.remove_prefix(1);
      } else if (absl::StartsWith(text_, "/*")) {
        text_.remove_prefix(2);
        SkipPast("*/");
      } else if (absl::StartsWith(text_, "*/")) {  // The end of a comment that the server runs.
        text_.remove_prefix(2);
      } else if (absl::StartsWith(text_, "#") ||
                 (absl::StartsWith(text_, "--") &&
                  (text_.size() == 2 || absl::ascii_isspace(text_[2]) || absl::ascii_iscntrl(text_[2])))) {
        SkipPast("\n");
      } else {
        return;
      }
    }
  }

  absl::string_view text_;
  bool passed_conditional_ = false;
};

bool Is(absl::string_view word, absl::string_view keyword) { return absl::EqualsIgnoreCase(word, keyword); }

bool EndsWithStartTransaction(absl::string_view statement) {
  if (!absl::EndsWithIgnoreCase(absl::StripTrailingAsciiWhitespace(statement), "TRANSACTION")) return false;
  Words words(statement);
  absl::string_view before_last;
  absl::string_view last;
  for (absl::string_view word = words.Next(); !word.empty(); word = words.Next()) {
    before_last = last;
    last = word;
  }
  return Is(before_last, "START") && Is(last, "TRANSACTION");
}

bool IsOneOf(absl::string_view word, absl::Span<const absl::string_view> keywords) {
  return std::any_of(keywords.begin(), keywords.end(), [word](absl::string_view known) { return Is(word, known); });
}

bool TouchesRows(absl::string_view word) {
  constexpr absl::string_view kWords[] = {"INSERT", "UPDATE", "DELETE", "REPLACE",   "SELECT",  "LOAD",
                                          "WITH",   "CALL",   "DO",     "SAVEPOINT", "RELEASE", "XA",
                                          "USE",    "VALUES", "TABLE",  "HANDLER",   "("};
  return IsOneOf(word, kWords);
}

// Of CREATE, ALTER and DROP: what is no base table, or the words that stand before it.
bool IsNoBaseTable(absl::string_view word) {
  constexpr absl::string_view kWords[] = {"TEMPORARY", "USER",      "ROLE",     "SERVER",    "DEFINER", "ALGORITHM",
                                          "VIEW",      "PROCEDURE", "FUNCTION", "AGGREGATE", "TRIGGER", "EVENT"};
  return IsOneOf(word, kWords);
}

// Before a name in the form of a file's, which may be spelled unlike the table's own.
constexpr absl::string_view kFileNamePrefix = "#mysql50#";

// After the word SET. "SET STATEMENT x=y FOR statement" (MariaDB) is what the inner statement is.
StatementKind ClassifySet(Words* words) {
  absl::string_view word = words->Next();
  if (Is(word, "PASSWORD") || Is(word, "DEFAULT")) return StatementKind::kDefinition;
  if (!Is(word, "STATEMENT")) return StatementKind::kOther;
  while (!word.empty() && !Is(word, "FOR")) word = words->Next();
  word = words->Next();
  return word.empty() || TouchesRows(word) || Is(word, "SET") ? StatementKind::kOther : StatementKind::kDefinition;
}

}  // namespace

StatementKind ClassifyStatement(absl::string_view statement) {
  Words words(statement);
  const absl::string_view first = words.Next();
  if (first.empty() || TouchesRows(first)) {
    if (!Is(first, "XA")) return StatementKind::kOther;
    const absl::string_view second = words.Next();
    return Is(second, "START") || Is(second, "BEGIN") ? StatementKind::kXaStart : StatementKind::kOther;
  }
  if (Is(first, "BEGIN")) return StatementKind::kBegin;
  if (Is(first, "COMMIT")) return StatementKind::kCommit;
  if (Is(first, "SET")) return ClassifySet(&words);
  if (Is(first, "START") && Is(words.Next(), "TRANSACTION")) return StatementKind::kBegin;
  if (Is(first, "ROLLBACK")) {
    absl::string_view second = words.Next();
    if (Is(second, "WORK")) second = words.Next();
    return Is(second, "TO") ? StatementKind::kOther : StatementKind::kRollback;
  }
  if (Is(first, "CREATE") && Is(words.Next(), "TABLE") && EndsWithStartTransaction(statement)) {
    return StatementKind::kCreateTableStartTransaction;
  }
  return StatementKind::kDefinition;
}

std::array<absl::string_view, 4> LeadingWords(absl::string_view statement) {
  Words words(statement);
  std::array<absl::string_view, 4> leading;
  for (absl::string_view& word : leading) word = words.Next();
  return leading;
}

DefinitionScope ScopeOfStatement(absl::string_view statement) {
  Words words(statement);
  const absl::string_view first = words.Next();
  absl::string_view second = words.Next();
  const bool replaces = Is(first, "CREATE") && Is(second, "OR");
  if (replaces) {
    words.Next();
    second = words.Next();
  }
  if (words.passed_conditional()) {
    const std::string lower = absl::AsciiStrToLower(statement);
    const bool may_be_wide = absl::StrContains(lower, "database") || absl::StrContains(lower, "schema") ||
                             absl::StrContains(lower, "import") || absl::StrContains(lower, kFileNamePrefix);
    return may_be_wide ? DefinitionScope::kEverything : DefinitionScope::kNamedTables;
  }
  if (Is(first, "SET") && Is(second, "STATEMENT")) return DefinitionScope::kNamedTables;
  const StatementKind kind = ClassifyStatement(statement);
  if (kind != StatementKind::kDefinition && kind != StatementKind::kCreateTableStartTransaction) {
    return DefinitionScope::kNone;
  }
  constexpr absl::string_view kColumnsStay[] = {"TRUNCATE", "GRANT", "REVOKE", "ANALYZE", "OPTIMIZE", "FLUSH"};
  if (IsOneOf(first, kColumnsStay)) return DefinitionScope::kNone;
  if (Is(first, "IMPORT")) return DefinitionScope::kEverything;  // From files, whose tables it does not name.
  if (Is(first, "CREATE") || Is(first, "ALTER") || Is(first, "DROP")) {
    if (IsNoBaseTable(second)) return DefinitionScope::kNone;
    if ((Is(second, "DATABASE") || Is(second, "SCHEMA")) && (Is(first, "DROP") || replaces)) {
      return DefinitionScope::kNamedDatabase;
    }
    const bool is_new_or_stays = Is(second, "DATABASE") || Is(second, "SCHEMA");
    if (is_new_or_stays && !absl::StrContains(statement, kFileNamePrefix)) return DefinitionScope::kNone;
  }
  return absl::StrContains(statement, kFileNamePrefix) ? DefinitionScope::kEverything : DefinitionScope::kNamedTables;
}

}  // namespace binlogd
