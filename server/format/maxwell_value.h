// Column values as Maxwell writes them.
#pragma once

#include <string>

#include "binlog/column_value.h"
#include "binlog/table_map.h"

namespace binlogd {

// Appends the value as JSON; it is neither absent nor NULL. docs/formats/maxwell.md has the mapping.
void AppendMaxwellValue(const Column& column, const ColumnValue& value, std::string* out);

}  // namespace binlogd
