#include "format/row_match.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "binlog/utf8.h"
#include "format/base64.h"
#include "format/json_writer.h"

namespace binlogd {

bool AppendValueText(const ColumnValue& value, std::string* out) {
  using Kind = ColumnValue::Kind;
  switch (value.kind) {
    case Kind::kAbsent:
    case Kind::kNull:
    case Kind::kJsonDiff: return false;
    case Kind::kInt: AppendJsonInteger(value.int_value, out); return true;
    case Kind::kUint: AppendJsonInteger(value.uint_value, out); return true;
    case Kind::kFloat: AppendJsonFloat(value.float_value, out); return true;
    case Kind::kDouble: AppendJsonDouble(value.double_value, out); return true;
    case Kind::kText:
      if (!IsUtf8(value.text)) break;
      [[fallthrough]];
    case Kind::kDecimal:
    case Kind::kTemporal:
    case Kind::kJson: out->append(value.text.data(), value.text.size()); return true;
    case Kind::kBinary: break;
  }
  AppendBase64(value.text, out);
  return true;
}

bool RowMatcher::Start(const TableMap& table) {
  wanted_.clear();
  for (const ColumnMatch& match : match_.columns) {
    size_t column = 0;
    while (column < table.columns.size()) {
      const std::string& name = table.columns[column].name;
      if (name.empty() ? match.column == absl::StrCat("@", column + 1) : absl::EqualsIgnoreCase(name, match.column)) {
        break;
      }
      ++column;
    }
    if (column == table.columns.size()) return false;
    wanted_.push_back(Wanted{column, match.equals ? &*match.equals : nullptr});
  }
  if (match_.key.empty()) return true;
  if (table.primary_key.size() != match_.key.size()) return false;
  for (size_t i = 0; i < match_.key.size(); ++i) wanted_.push_back(Wanted{table.primary_key[i], &match_.key[i]});
  return true;
}

bool RowMatcher::Matches(const std::vector<ColumnValue>& values) {
  return std::all_of(wanted_.begin(), wanted_.end(), [&](const Wanted& wanted) {
    if (wanted.column >= values.size()) return false;
    const ColumnValue& value = values[wanted.column];
    if (wanted.equals == nullptr) return value.kind == ColumnValue::Kind::kNull;
    text_.clear();
    return AppendValueText(value, &text_) && text_ == *wanted.equals;
  });
}

}  // namespace binlogd
