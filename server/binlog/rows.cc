#include "binlog/rows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/json_diff.h"
#include "binlog/malformed.h"

namespace binlogd {
namespace {

absl::Status AnnotateColumn(const absl::Status& status, const TableMap& table, size_t i) {
  const Column& column = table.columns[i];
  return Annotate(status, absl::StrCat(table.database, ".", table.table, " column ",
                                       column.name.empty() ? absl::StrCat("@", i + 1) : column.name, " (",
                                       ColumnTypeName(column.type), ")"));
}

bool IsOldTemporal(const Column& column) {
  return (column.type == ColumnType::kTime || column.type == ColumnType::kDatetime ||
          column.type == ColumnType::kTimestamp) &&
         column.metadata == 0;
}

}  // namespace

void RowCursor::Start(const RowsEvent& rows, const TableMap& table) {
  rows_ = &rows;
  table_ = &table;
  rest_ = ByteReader(rows.images);
  next_is_before_ = rows.operation != RowsEvent::Operation::kWrite;
  is_before_ = false;
  status_ = absl::OkStatus();
  if (rows.column_count != table.columns.size()) {
    status_ = Malformed(absl::StrCat("a row event of ", table.database, ".", table.table, " has ", rows.column_count,
                                     " columns and its table map has ", table.columns.size()));
    return;
  }
  values_.resize(table.columns.size());
  digits_doubtful_ = std::any_of(table.columns.begin(), table.columns.end(), IsOldTemporal);
  if (rows.operation != RowsEvent::Operation::kWrite) before_ = MakeImage(rows.before_columns);
  if (rows.operation != RowsEvent::Operation::kDelete) after_ = MakeImage(rows.after_columns);
}

RowCursor::Image RowCursor::MakeImage(const ColumnBitmap& columns) const {
  size_t present = 0;
  for (size_t i = 0; i < table_->columns.size(); ++i) present += columns.test(i) ? 1 : 0;
  return Image{columns, (present + 7) / 8};
}

bool RowCursor::Next() {
  if (!status_.ok()) return false;
  const bool is_update = rows_->operation == RowsEvent::Operation::kUpdate;
  if (rest_.empty()) {
    if (is_update && !next_is_before_) {
      status_ =
          Malformed(absl::StrCat("a row event of ", table_->database, ".", table_->table, " lacks an after image"));
    }
    return false;
  }
  is_before_ = next_is_before_;
  if (is_update) next_is_before_ = !next_is_before_;
  const size_t left = rest_.remaining();
  has_differences_ = false;
  if (rows_->partial_json) {
    if (is_before_) {
      documents_.assign(values_.size(), std::nullopt);
    } else {
      status_ = ReadPartialJsonBits();
    }
  }
  if (status_.ok()) status_ = DecodeImage(is_before_ ? before_ : after_);
  // An image of no bytes would come again without end.
  if (status_.ok() && rest_.remaining() == left) status_ = Malformed("a row image carries no columns");
  return status_.ok();
}

// Layout of an image: a bit for each column that it carries, set where the value is NULL; the values that are not.
absl::Status RowCursor::DecodeImage(const Image& image) {
  absl::string_view null_bits;
  if (!rest_.ReadBytes(image.null_bytes, &null_bits)) {
    return Malformed(absl::StrCat("a row image of ", table_->database, ".", table_->table, " is cut short"));
  }
  const ColumnBitmap nulls(null_bits);
  text_.Clear();
  size_t carried = 0;
  size_t documents = 0;
  for (size_t i = 0; i < values_.size(); ++i) {
    ColumnValue& value = values_[i];
    const bool is_json = table_->columns[i].type == ColumnType::kJson;
    const bool has_differences = is_json && has_differences_ && differences_.test(documents++);
    if (!image.columns.test(i)) {
      value.kind = ColumnValue::Kind::kAbsent;
    } else if (nulls.test(carried++)) {
      if (digits_doubtful_ && !table_->columns[i].nullable) {
        return AnnotateColumn(
            Malformed("it is NULL and cannot be; a TIME, DATETIME or TIMESTAMP column may have digits "
                      "that the log does not tell"),
            *table_, i);
      }
      value.kind = ColumnValue::Kind::kNull;
    } else {
      const absl::Status status = DecodeValue(i, has_differences, &value);
      if (!status.ok()) return AnnotateColumn(status, *table_, i);
    }
  }
  text_.Settle();
  return absl::OkStatus();
}

absl::Status RowCursor::DecodeValue(size_t column, bool has_differences, ColumnValue* value) {
  if (has_differences) return DecodeDifferences(column, value);
  const absl::string_view before = rest_.rest();
  RETURN_IF_ERROR(ReadValue(table_->columns[column], &rest_, &text_, value));
  if (is_before_ && rows_->partial_json && table_->columns[column].type == ColumnType::kJson) {
    const size_t length_size = table_->columns[column].metadata;
    documents_[column] = before.substr(length_size, before.size() - rest_.remaining() - length_size);
  }
  return absl::OkStatus();
}

// Layout before an after image of PARTIAL_UPDATE_ROWS: length-encoded options; if bit 0 is set, a bit for each JSON
// column of the table, set where the image has differences in place of the document.
absl::Status RowCursor::ReadPartialJsonBits() {
  constexpr uint64_t kHasDifferences = 1;
  uint64_t options = 0;
  if (!rest_.ReadLengthEncoded(&options)) return Malformed("a row image is cut short");
  if ((options & ~kHasDifferences) != 0)
    return Malformed(absl::StrCat("a row image has the unknown options ", options));
  if (options == 0) return absl::OkStatus();
  size_t documents = 0;
  for (const Column& column : table_->columns) documents += column.type == ColumnType::kJson ? 1 : 0;
  absl::string_view bits;
  if (!rest_.ReadBytes((documents + 7) / 8, &bits)) return Malformed("a row image is cut short");
  differences_ = ColumnBitmap(bits);
  has_differences_ = true;
  return absl::OkStatus();
}

// Layout: 4 length of the differences, the differences.
absl::Status RowCursor::DecodeDifferences(size_t column, ColumnValue* value) {
  uint32_t length = 0;
  absl::string_view differences;
  if (!rest_.ReadU32(&length) || !rest_.ReadBytes(length, &differences)) return Malformed("the value is cut short");
  const size_t begin = text_.bytes()->size();
  if (documents_[column]) {
    value->kind = ColumnValue::Kind::kJson;
    RETURN_IF_ERROR(AppendPatchedJson(*documents_[column], differences, text_.bytes()));
  } else if (before_.columns.test(column)) {
    return Malformed("differences of a document that was NULL");
  } else {
    value->kind = ColumnValue::Kind::kJsonDiff;
    RETURN_IF_ERROR(AppendJsonDifferences(differences, text_.bytes()));
  }
  text_.Claim(begin, value);
  return absl::OkStatus();
}

}  // namespace binlogd
