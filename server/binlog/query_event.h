// Statements in the log.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// Layout after the header: 4 thread id, 4 execution time, 1 length of schema, 2 error code, 2 length of status
// variables, the status variables, the schema and a zero, the statement.
struct QueryEvent {
  uint32_t thread_id = 0;
  uint32_t execution_seconds = 0;
  uint16_t error_code = 0;
  uint32_t client_collation = 0;  // Of the statement's text; 0 when not told.
  absl::string_view status_variables;
  absl::string_view schema;
  absl::string_view statement;
};

// Parts of a QUERY event's body (no header, no checksum), as views into it. DATA_LOSS when it is cut short.
absl::StatusOr<QueryEvent> ParseQueryEvent(absl::string_view body);

}  // namespace binlogd
