// The rows of an event, change by change, for the formats that tell each row apart.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/decoder.h"
#include "binlog/rows.h"

namespace binlogd {

// Writes a column's value; `value` is neither absent nor NULL.
using ValueWriter = void (*)(const Column& column, const ColumnValue& value, std::string* out);

// A row image whose values are written as JSON. Keeps its memory from one row to the next.
class WrittenRow {
 public:
  void Write(const std::vector<ColumnValue>& values, const TableMap& table, ValueWriter writer);
  // Takes from `other` the columns that this image lacks.
  void Complete(const WrittenRow& other);

  size_t columns() const { return spans_.size(); }
  bool has(size_t i) const { return spans_[i].present; }
  // The value as JSON, NULL being "null"; empty when the image lacks the column. Valid until the row is changed.
  absl::string_view value(size_t i) const { return absl::string_view(text_).substr(spans_[i].begin, spans_[i].size); }
  bool is_null(size_t i) const { return spans_[i].is_null; }
  // Whether both images have the column and do not agree.
  bool Differs(const WrittenRow& other, size_t i) const {
    return has(i) && other.has(i) && (is_null(i) != other.is_null(i) || value(i) != other.value(i));
  }

 private:
  struct Span {
    size_t begin = 0;
    size_t size = 0;
    bool present = false;
    bool is_null = false;
  };
  std::string text_;
  std::vector<Span> spans_;
};

// Walks the changes of a row event. An after image that lacks columns of its before image (binlog_row_image=MINIMAL,
// NOBLOB) has them from there: the source leaves out only what did not change. Not thread-safe.
class RowChanges {
 public:
  explicit RowChanges(ValueWriter writer) : writer_(writer) {}

  // Stands before the first change. Keeps references to the event's rows and table map.
  void Start(const DecodedEvent& event);
  // False at the end and on error; then see status().
  bool Next();
  // Null for an inserted row.
  const WrittenRow* before() const { return has_before_ ? &before_ : nullptr; }
  // Null for a deleted row.
  const WrittenRow* after() const { return has_after_ ? &after_ : nullptr; }
  // DATA_LOSS when a row cannot be decoded.
  const absl::Status& status() const { return cursor_.status(); }

 private:
  const ValueWriter writer_;
  const TableMap* table_ = nullptr;
  bool is_delete_ = false;
  RowCursor cursor_;
  WrittenRow before_;
  WrittenRow after_;
  bool has_before_ = false;
  bool has_after_ = false;
};

// Appends `{"column":value,…}`: the columns that the row has.
void AppendRowObject(const WrittenRow& row, const TableMap& table, std::string* out);
// The same, of `old`, with the columns whose values differ in `row` only.
void AppendChangedColumns(const WrittenRow& old, const WrittenRow& row, const TableMap& table, std::string* out);
// The same, of the primary key's columns only. False, with `out` untouched, when the table has no primary key or the
// row lacks a column of it.
bool AppendPrimaryKeyObject(const WrittenRow& row, const TableMap& table, std::string* out);
// Appends `["column",…]`: the columns of the primary key.
void AppendPrimaryKeyNames(const TableMap& table, std::string* out);

}  // namespace binlogd
