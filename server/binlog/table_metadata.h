// The optional metadata of a table map.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/flavor.h"
#include "binlog/table_map.h"

namespace binlogd {

// Adds what the metadata tells to the table's columns, whose types are known, and to its primary key. Fields of unknown
// types are passed over. DATA_LOSS when the metadata is cut short or tells of columns that the table does not have.
absl::Status ApplyTableMetadata(Flavor flavor, absl::string_view metadata, TableMap* table);

}  // namespace binlogd
