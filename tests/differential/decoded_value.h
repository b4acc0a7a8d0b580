// Decoded values, kept beyond the row cursor that gave them.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "absl/strings/string_view.h"
#include "binlog/column_value.h"

namespace binlogd::testing {

// What binlog_row_metadata was when a value was logged.
enum class RowMetadata { kNoLog, kMinimal, kFull };

// One value. Numbers are kept as text: integers in decimal, floating-point numbers as the hexadecimal digits of their
// bits.
struct DecodedValue {
  ColumnValue::Kind kind = ColumnValue::Kind::kAbsent;
  RowMetadata metadata = RowMetadata::kFull;
  bool is_defined = false;  // The table's definition was known beside the log.
  std::string text;
  // The text of a JSON document is put together from differences: the same document as the server's, but not spelled
  // alike.
  bool is_patched = false;

  friend bool operator==(const DecodedValue&, const DecodedValue&) = default;
};

DecodedValue KeepValue(const ColumnValue& value, RowMetadata metadata, bool is_defined);

// "TEXT 'abc'", for messages; long ones are cut.
std::string Describe(const DecodedValue& value);
// The text, or its bytes in hexadecimal where they are not printable; long ones are cut.
std::string Describe(absl::string_view text);

// Whether a column of a JSON line (docs/formats.md) tells the same value.
bool JsonAgrees(const nlohmann::json& json, const DecodedValue& value);

// Hexadecimal digits in capitals, as HEX() gives them.
std::string UpperHex(absl::string_view bytes);
// "3F800000"
std::string BitsText(float value);
std::string BitsText(double value);

}  // namespace binlogd::testing
