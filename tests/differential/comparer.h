// What the server says of a table beside what the model says.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"
#include "mysql/connection.h"
#include "tests/differential/findings.h"
#include "tests/differential/model.h"
#include "tests/differential/table.h"

namespace binlogd::testing {

// Compares a row of SelectStatement() with the row of the log; each difference becomes a finding. Returns how many
// values were compared, which are those that the log told.
size_t CompareRow(const GeneratedTable& table, const DecodedRow& decoded, const ResultRow& server, Findings* findings);

// Reads the id and then every column in its exact form, in order of id.
std::string SelectStatement(const GeneratedTable& table);

// Compares a whole table; the connection's default database is its own. Returns how many values were compared.
absl::StatusOr<size_t> CompareTable(const GeneratedTable& table, const LogModel& model, Connection* connection,
                                    Findings* findings);

}  // namespace binlogd::testing
