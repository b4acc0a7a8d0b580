// The value of one column of a row image.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace binlogd {

// A value as the row decoder hands it to an encoder. Views point into the event or into the row cursor and are valid
// until the cursor moves.
struct ColumnValue {
  enum class Kind : uint8_t {
    kAbsent,  // The row image does not carry the column.
    kNull,
    kInt,       // `int_value`: signed integers, YEAR.
    kUint,      // `uint_value`: unsigned integers, BIT, ENUM by number, SET as a bit mask.
    kFloat,     // `float_value`
    kDouble,    // `double_value`
    kDecimal,   // `text`: exact digits.
    kText,      // `text`: UTF-8. Of an ENUM or SET by label, `uint_value` is its number or bit mask.
    kBinary,    // `text`: bytes of no character set, or of one that was not converted.
    kTemporal,  // `text`: as the server prints it; TIMESTAMP in UTC.
    kJson,      // `text`: a JSON document.
    // `text`: what changed in a JSON document that the log does not have whole, as a JSON array (binlog/json_diff.h).
    kJsonDiff,
  };
  Kind kind = Kind::kAbsent;
  union {
    int64_t int_value;
    uint64_t uint_value;
    float float_value;
    double double_value;
  };
  absl::string_view text;

  ColumnValue() : int_value(0) {}
};

}  // namespace binlogd
