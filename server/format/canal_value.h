// Column values and types as Canal writes them.
#pragma once

#include <string>

#include "binlog/column_value.h"
#include "binlog/table_map.h"

namespace binlogd {

// Appends the value as a JSON string; it is neither absent nor NULL. docs/formats/canal.md has the mapping.
void AppendCanalValue(const Column& column, const ColumnValue& value, std::string* out);

// The number of java.sql.Types.
int CanalSqlType(const Column& column);

// The type as SQL spells it, as far as the log tells: "int unsigned", "varchar(20)", "enum('a','b')"; empty when the
// log does not even tell whether it is signed, or bytes or text.
std::string CanalMySqlType(const Column& column);

}  // namespace binlogd
