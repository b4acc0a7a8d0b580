// Which rows of a row event are wanted, by their values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "binlog/column_value.h"
#include "binlog/decoder.h"

namespace binlogd {

// What a column has to hold.
struct ColumnMatch {
  std::string column;                 // Its name, ASCII letters in any case, or "@N" where names are not known.
  std::optional<std::string> equals;  // As AppendValueText has it; nullopt: NULL.
};

// What a row image has to hold: all of it.
struct RowMatch {
  std::vector<ColumnMatch> columns;
  std::vector<std::string> key;  // Of the primary key, in its order.

  bool empty() const { return columns.empty() && key.empty(); }
};

// Appends the value as the JSON form has it, a string without quotes and escapes, binary in base64. False for a value
// that is absent, NULL or the difference of a JSON document.
bool AppendValueText(const ColumnValue& value, std::string* out);

// Looks for wanted rows. Not thread-safe.
class RowMatcher {
 public:
  explicit RowMatcher(RowMatch match) : match_(std::move(match)) {}

  // What follows are images of this table. False when none of them can match.
  bool Start(const TableMap& table);
  // Whether an image, as RowCursor has it, matches.
  bool Matches(const std::vector<ColumnValue>& values);

 private:
  // One comparison.
  struct Wanted {
    size_t column = 0;
    const std::string* equals = nullptr;  // Null: SQL NULL.
  };

  const RowMatch match_;
  std::vector<Wanted> wanted_;
  std::string text_;
};

}  // namespace binlogd
