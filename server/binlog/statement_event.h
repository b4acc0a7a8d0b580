// The events that stand before a logged statement and tell what its text does not: the values that it used and the
// blocks of the file that it loads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/event_header.h"
#include "binlog/flavor.h"

namespace binlogd {

// Names and values, as DecodedEvent::extra has them.
using ExtraFields = std::vector<std::pair<absl::string_view, std::string>>;

// Appends what the event tells (docs/formats.md); nothing for a type that is not among these. `body` has neither header
// nor checksum. DATA_LOSS when it is cut short or contradicts itself.
//   INTVAR:    1 which (1 LAST_INSERT_ID, 2 INSERT_ID), 8 value
//   RAND:      8 first seed, 8 second seed
//   USER_VAR:  4 length of the name, name, 1 whether NULL; if not: 1 type, 4 collation, 4 length of the value, value;
//              then perhaps 1 flags (bit 0: unsigned) and, from MariaDB, more
//   BEGIN_LOAD_QUERY, APPEND_BLOCK, DELETE_FILE, EXEC_LOAD:  4 file id, …
//   CREATE_FILE:  18 of the load's fixed part, 4 file id, …
absl::Status DescribeStatementEvent(Flavor flavor, EventType type, absl::string_view body, ExtraFields* extra);

}  // namespace binlogd
