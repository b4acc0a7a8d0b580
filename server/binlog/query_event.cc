#include "binlog/query_event.h"

#include "base/byte_reader.h"
#include "binlog/malformed.h"

namespace binlogd {
namespace {

// Finds the collation of the client in the status variables: each 1 byte code and a value whose length the code tells.
// Codes come in the order of the servers' writing; none that can stand before the one sought is left out here.
uint32_t FindClientCollation(absl::string_view status_variables) {
  enum Code : uint8_t { kFlags2 = 0, kSqlMode = 1, kCatalog = 2, kAutoIncrement = 3, kCharset = 4, kCatalogNoZero = 6 };
  ByteReader reader(status_variables);
  for (;;) {
    uint8_t code = 0;
    uint8_t length = 0;
    uint16_t collation = 0;
    bool passed = false;
    if (!reader.ReadU8(&code)) return 0;
    switch (code) {
      case kFlags2:
      case kAutoIncrement: passed = reader.Skip(4); break;
      case kSqlMode: passed = reader.Skip(8); break;
      case kCatalog: passed = reader.ReadU8(&length) && reader.Skip(size_t{length} + 1); break;
      case kCatalogNoZero: passed = reader.ReadU8(&length) && reader.Skip(length); break;
      case kCharset: return reader.ReadU16(&collation) ? collation : 0;
      default: break;
    }
    if (!passed) return 0;
  }
}

absl::Status CutShort(bool loads) {
  return Malformed(loads ? "an Execute_load_query event is cut short" : "a Query event is cut short");
}

// `file` is null for a QUERY event.
absl::StatusOr<QueryEvent> Parse(absl::string_view body, LoadedFile* file) {
  ByteReader reader(body);
  QueryEvent query;
  uint8_t schema_length = 0;
  uint16_t status_length = 0;
  if (!reader.ReadU32(&query.thread_id) || !reader.ReadU32(&query.execution_seconds) ||
      !reader.ReadU8(&schema_length) || !reader.ReadU16(&query.error_code) || !reader.ReadU16(&status_length)) {
    return CutShort(file != nullptr);
  }
  if (file != nullptr && (!reader.ReadU32(&file->file_id) || !reader.ReadU32(&file->name_begin) ||
                          !reader.ReadU32(&file->name_end) || !reader.ReadU8(&file->duplicates))) {
    return CutShort(true);
  }
  if (!reader.ReadBytes(status_length, &query.status_variables) || !reader.ReadBytes(schema_length, &query.schema) ||
      !reader.Skip(1)) {
    return CutShort(file != nullptr);
  }
  query.client_collation = FindClientCollation(query.status_variables);
  query.statement = reader.rest();
  if (file != nullptr && (file->name_begin > file->name_end || file->name_end > query.statement.size())) {
    return Malformed("an Execute_load_query event names its file outside its statement");
  }
  return query;
}

}  // namespace

absl::StatusOr<QueryEvent> ParseQueryEvent(absl::string_view body) { return Parse(body, nullptr); }

absl::StatusOr<QueryEvent> ParseExecuteLoadQueryEvent(absl::string_view body, LoadedFile* file) {
  return Parse(body, file);
}

}  // namespace binlogd
