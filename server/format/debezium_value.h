// Column values as Debezium's MySQL and MariaDB connectors write them.
#pragma once

#include <string>

#include "binlog/column_value.h"
#include "binlog/table_map.h"

namespace binlogd {

// Appends the value as JSON; it is neither absent nor NULL. docs/formats/debezium.md has the mapping.
void AppendDebeziumValue(const Column& column, const ColumnValue& value, std::string* out);

}  // namespace binlogd
