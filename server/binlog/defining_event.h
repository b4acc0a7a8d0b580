// Events that may say that tables are defined anew.
#pragma once

#include "absl/strings/string_view.h"
#include "binlog/event_header.h"
#include "binlog/table_definition.h"

namespace binlogd {

// Whether DefiningStatementOf has to be asked about events of the type.
bool MayDefineTables(EventType type);

// The statement of a Query event. One that defines nothing for statements that leave tables as they are; everything for
// an Incident, which says that events are missing, and for an event that cannot be read. `body` has neither header nor
// checksum.
DefiningStatement DefiningStatementOf(EventType type, absl::string_view body);

}  // namespace binlogd
