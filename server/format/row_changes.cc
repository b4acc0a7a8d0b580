#include "format/row_changes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "format/json_writer.h"

namespace binlogd {
namespace {

// Appends a member of an object, which begins at `begin`.
void AppendColumn(const WrittenRow& row, const TableMap& table, size_t i, size_t begin, std::string* out) {
  if (out->size() > begin + 1) out->push_back(',');
  AppendJsonColumnKey(table.columns[i].name, i, out);
  out->append(row.value(i).data(), row.value(i).size());
}

}  // namespace

void WrittenRow::Write(const std::vector<ColumnValue>& values, const TableMap& table, ValueWriter writer) {
  text_.clear();
  spans_.assign(values.size(), Span());
  for (size_t i = 0; i < values.size(); ++i) {
    Span& span = spans_[i];
    span.begin = text_.size();
    span.present = values[i].kind != ColumnValue::Kind::kAbsent;
    span.is_null = values[i].kind == ColumnValue::Kind::kNull;
    if (span.is_null) {
      text_.append("null", 4);
    } else if (span.present) {
      writer(table.columns[i], values[i], &text_);
    }
    span.size = text_.size() - span.begin;
  }
}

void WrittenRow::Complete(const WrittenRow& other) {
  for (size_t i = 0; i < spans_.size(); ++i) {
    if (spans_[i].present || !other.has(i)) continue;
    const absl::string_view value = other.value(i);
    spans_[i] = Span{text_.size(), value.size(), true, other.is_null(i)};
    text_.append(value.data(), value.size());
  }
}

void RowChanges::Start(const DecodedEvent& event) {
  table_ = event.table_map;
  is_delete_ = event.rows->operation == RowsEvent::Operation::kDelete;
  cursor_.Start(*event.rows, *event.table_map);
}

bool RowChanges::Next() {
  has_before_ = has_after_ = false;
  if (!cursor_.Next()) return false;
  if (cursor_.is_before()) {
    before_.Write(cursor_.values(), *table_, writer_);
    has_before_ = true;
    if (is_delete_) return true;
    if (!cursor_.Next()) return false;
  }
  after_.Write(cursor_.values(), *table_, writer_);
  has_after_ = true;
  if (has_before_) after_.Complete(before_);
  return true;
}

void AppendRowObject(const WrittenRow& row, const TableMap& table, std::string* out) {
  const size_t begin = out->size();
  out->push_back('{');
  for (size_t i = 0; i < row.columns(); ++i) {
    if (row.has(i)) AppendColumn(row, table, i, begin, out);
  }
  out->push_back('}');
}

void AppendChangedColumns(const WrittenRow& old, const WrittenRow& row, const TableMap& table, std::string* out) {
  const size_t begin = out->size();
  out->push_back('{');
  for (size_t i = 0; i < old.columns(); ++i) {
    if (old.Differs(row, i)) AppendColumn(old, table, i, begin, out);
  }
  out->push_back('}');
}

bool AppendPrimaryKeyObject(const WrittenRow& row, const TableMap& table, std::string* out) {
  const auto lacks = [&row](uint32_t i) { return !row.has(i); };
  if (table.primary_key.empty() || std::any_of(table.primary_key.begin(), table.primary_key.end(), lacks)) return false;
  const size_t begin = out->size();
  out->push_back('{');
  for (const uint32_t i : table.primary_key) AppendColumn(row, table, i, begin, out);
  out->push_back('}');
  return true;
}

void AppendPrimaryKeyNames(const TableMap& table, std::string* out) {
  out->push_back('[');
  for (const uint32_t i : table.primary_key) {
    if (out->back() != '[') out->push_back(',');
    const std::string& name = table.columns[i].name;
    AppendJsonText(name.empty() ? absl::StrCat("@", i + 1) : name, out);
  }
  out->push_back(']');
}

}  // namespace binlogd
