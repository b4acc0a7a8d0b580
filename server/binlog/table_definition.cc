#include "binlog/table_definition.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "binlog/charset.h"

namespace binlogd {
namespace {

// A statement of more bytes is taken for one that touches every table, instead of being kept.
constexpr size_t kMostStatementBytes = 64 << 10;

constexpr uint16_t kUuidBytes = 16;  // INET6 too.
constexpr uint16_t kInet4Bytes = 4;

std::string Quoted(absl::string_view name) { return absl::StrCat("`", absl::StrReplaceAll(name, {{"`", "``"}}), "`"); }

// Temporal types of before MySQL 5.6.4, or of MariaDB's own form, have no metadata in the log, and information_schema
// does not tell them from the newer ones.
bool IsOldFormOf(ColumnType logged, ColumnType defined) {
  switch (logged) {
    case ColumnType::kTimestamp: return defined == ColumnType::kTimestamp2;
    case ColumnType::kDatetime: return defined == ColumnType::kDatetime2;
    case ColumnType::kTime: return defined == ColumnType::kTime2;
    case ColumnType::kNewDate: return defined == ColumnType::kDate;
    default: return false;
  }
}

bool ColumnFits(const Column& defined, const Column& logged) {
  if (!IsOldFormOf(logged.type, defined.type) && (logged.type != defined.type || logged.metadata != defined.metadata)) {
    return false;
  }
  if (logged.nullable != defined.nullable) return false;
  if (logged.signedness_known && logged.is_unsigned != defined.is_unsigned) return false;
  if (logged.collation != 0 && defined.collation != 0 && logged.collation != defined.collation) return false;
  return logged.name.empty() || logged.name == defined.name;
}

// Whether a name can stand in a statement in other bytes than its own: non-ASCII letters come in the client's character
// set, quotes are doubled.
bool HasOtherSpellings(absl::string_view name) {
  return name.empty() || std::any_of(name.begin(), name.end(), [](char c) {
           return !absl::ascii_isprint(static_cast<unsigned char>(c)) || c == '`' || c == '"' || c == '\'' || c == '\\';
         });
}

bool IsAsciiWordCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }

// Whether `name` stands in `text` and is not a part of a longer word. Bytes that are not ASCII end a word, since in
// some character sets they are spaces. Inside the comments that only some servers run a name may directly follow a
// number.
bool HasWord(absl::string_view text, absl::string_view name) {
  const bool anywhere = absl::StrContains(text, "/*!") || absl::StrContains(text, "/*m!");
  for (size_t at = text.find(name); at != absl::string_view::npos; at = text.find(name, at + 1)) {
    const size_t end = at + name.size();
    const bool begins = at == 0 || !IsAsciiWordCharacter(text[at - 1]);
    const bool ends = end == text.size() || !IsAsciiWordCharacter(text[end]);
    if (anywhere || (begins && ends)) return true;
  }
  return false;
}

bool SameColumn(const Column& a, const Column& b) {
  return a.type == b.type && a.metadata == b.metadata && a.nullable == b.nullable && a.is_unsigned == b.is_unsigned &&
         a.signedness_known == b.signedness_known && a.collation == b.collation && a.name == b.name &&
         a.labels == b.labels && a.fixed_binary == b.fixed_binary;
}

}  // namespace

std::string TableName::ToString() const { return absl::StrCat(Quoted(database), ".", Quoted(table)); }

bool SameDefinition(const TableDefinition& a, const TableDefinition& b) {
  return a.primary_key == b.primary_key &&
         std::equal(a.columns.begin(), a.columns.end(), b.columns.begin(), b.columns.end(), SameColumn);
}

bool DefinitionFits(const TableDefinition& definition, const TableMap& table) {
  if (!table.primary_key.empty() && table.primary_key != definition.primary_key) return false;
  return std::equal(definition.columns.begin(), definition.columns.end(), table.columns.begin(), table.columns.end(),
                    ColumnFits);
}

bool LacksDefinition(Flavor flavor, const TableMap& table) {
  if (table.columns.empty()) return false;
  if (!table.has_names()) return true;
  return flavor == Flavor::kMariaDb &&
         std::any_of(table.columns.begin(), table.columns.end(), [](const Column& column) {
           const bool may_be_uuid = column.type == ColumnType::kString &&
                                    (column.metadata == kUuidBytes || column.metadata == kInet4Bytes) &&
                                    (column.charset == Charset::kNotTold || column.charset == Charset::kBinary);
           return may_be_uuid || column.type == ColumnType::kTime || column.type == ColumnType::kDatetime ||
                  column.type == ColumnType::kTimestamp;
         });
}

void ApplyDefinition(Flavor flavor, const TableDefinition& definition, TableMap* table) {
  for (size_t i = 0; i < table->columns.size(); ++i) {
    const Column& defined = definition.columns[i];
    Column& column = table->columns[i];
    column.name = defined.name;
    column.fixed_binary = defined.fixed_binary;
    if (IsOldFormOf(column.type, defined.type)) column.metadata = defined.metadata;
    if (!column.signedness_known) {
      column.is_unsigned = defined.is_unsigned;
      column.signedness_known = defined.signedness_known;
    }
    if (column.collation == 0 && defined.collation != 0) {
      column.collation = defined.collation;
      column.charset = CharsetOfCollation(flavor, defined.collation);
    }
    if (column.labels.empty()) column.labels = defined.labels;
  }
  table->primary_key = definition.primary_key;
}

DefiningStatement::DefiningStatement(absl::string_view statement) : scope_(ScopeOfStatement(statement)) {
  if (!defines() || scope_ == DefinitionScope::kEverything) return;
  if (statement.size() > kMostStatementBytes) {
    scope_ = DefinitionScope::kEverything;
  } else {
    lower_case_text_ = absl::AsciiStrToLower(statement);
  }
}

bool DefiningStatement::MayTouch(const TableName& name) const {
  const auto names = [this](absl::string_view word) {
    return HasOtherSpellings(word) || HasWord(lower_case_text_, absl::AsciiStrToLower(word));
  };
  switch (scope_) {
    case DefinitionScope::kNone: return false;
    case DefinitionScope::kNamedTables: return names(name.table);
    case DefinitionScope::kNamedDatabase: return names(name.database);
    case DefinitionScope::kEverything: return true;
  }
  return true;
}

void TableDefinitions::Complete(Flavor flavor, TableMap* table) const {
  const auto found = definitions_.find(TableName{table->database, table->table});
  if (found == definitions_.end() || found->second == nullptr) return;
  if (DefinitionFits(*found->second, *table)) ApplyDefinition(flavor, *found->second, table);
}

bool TableDefinitions::Accepts(const TableName& name, const std::shared_ptr<const TableDefinition>& definition) const {
  const auto found = definitions_.find(name);
  return found == definitions_.end() || found->second == definition;
}

void TableDefinitions::Set(const TableName& name, std::shared_ptr<const TableDefinition> definition) {
  definitions_[name] = std::move(definition);
}

}  // namespace binlogd
