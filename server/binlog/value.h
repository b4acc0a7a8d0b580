// Decoding of single column values.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/byte_reader.h"
#include "binlog/column_value.h"
#include "binlog/table_map.h"

namespace binlogd {

// Holds the text of the values of one row image that is not in the event as text: decimals, times, converted strings.
// Since it grows and so moves, the values get their views at the end. Not thread-safe.
class ValueText {
 public:
  void Clear() {
    bytes_.clear();
    spans_.clear();
  }
  // Text is appended here, then Claim() gives all that was appended since `begin` to a value. The value must not move
  // before Settle().
  std::string* bytes() { return &bytes_; }
  void Claim(size_t begin, ColumnValue* value) { spans_.push_back({value, begin, bytes_.size() - begin}); }
  void Settle() {
    for (const Span& span : spans_) span.value->text = absl::string_view(bytes_).substr(span.begin, span.size);
  }

 private:
  struct Span {
    ColumnValue* value;
    size_t begin;
    size_t size;
  };
  std::string bytes_;
  std::vector<Span> spans_;
};

// Reads the value of a column that is not NULL. DATA_LOSS when it is cut short or no value of the column's type; the
// message says what is wrong, not where.
absl::Status ReadValue(const Column& column, ByteReader* reader, ValueText* text, ColumnValue* value);

}  // namespace binlogd
