// What the formats of other programs share in writing column values.
#pragma once

#include <cstddef>
#include <string>

#include "binlog/column_value.h"
#include "binlog/table_map.h"

namespace binlogd {

// Bits of a BIT column, 1 to 64.
size_t BitWidth(const Column& column);

// Whether values of the column are bytes, not text.
bool HoldsBytes(const Column& column);

// Appends a value that is neither absent nor NULL: numbers and decimals as numbers, text as a string, the bytes of a
// column of bytes as a string in base64, JSON as the document itself. A text that cannot be written as text is
// {"base64":"…"}, so that nobody takes it for one.
void AppendForeignValue(const Column& column, const ColumnValue& value, std::string* out);

}  // namespace binlogd
