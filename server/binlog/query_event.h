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

// What EXECUTE_LOAD_QUERY (LOAD DATA, logged as a statement) has beside the statement: 4 file id, 4 begin and 4 end of
// the part of the statement that names the file, 1 what happens to duplicates.
struct LoadedFile {
  uint32_t file_id = 0;  // The blocks of the file have it too.
  uint32_t name_begin = 0;
  uint32_t name_end = 0;
  uint8_t duplicates = 0;  // 0 an error, 1 ignored, 2 replaced.
};

// Parts of a QUERY event's body (no header, no checksum), as views into it. DATA_LOSS when it is cut short.
absl::StatusOr<QueryEvent> ParseQueryEvent(absl::string_view body);

// The same of an EXECUTE_LOAD_QUERY event, in which `file` stands after the lengths.
absl::StatusOr<QueryEvent> ParseExecuteLoadQueryEvent(absl::string_view body, LoadedFile* file);

}  // namespace binlogd
