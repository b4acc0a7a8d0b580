#include "binlog/defining_event.h"

#include <string>

#include "binlog/mariadb_compression.h"
#include "binlog/query_event.h"

namespace binlogd {

bool MayDefineTables(EventType type) {
  return type == EventType::kQuery || type == EventType::kMariaDbQueryCompressed || type == EventType::kIncident;
}

DefiningStatement DefiningStatementOf(EventType type, absl::string_view body) {
  if (type == EventType::kIncident) return DefiningStatement::Everything();
  const absl::StatusOr<QueryEvent> query = ParseQueryEvent(body);
  if (!query.ok()) return DefiningStatement::Everything();
  if (type == EventType::kQuery) return DefiningStatement(query->statement);
  std::string statement;
  if (!UncompressMariaDb(query->statement, &statement).ok()) return DefiningStatement::Everything();
  return DefiningStatement(statement);
}

}  // namespace binlogd
