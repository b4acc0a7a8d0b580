// Reads a stretch of a source's log for nothing but its statements.
#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "binlog/position.h"
#include "binlog/table_definition.h"
#include "mysql/binlog_dump.h"

namespace binlogd {

// Gets each statement that may define tables, and where it stands.
using StatementVisitor = absl::FunctionRef<void(const Position& at, DefiningStatement statement)>;

// Reads from `from`, where `dump` begins, until `to` or the end of the log and returns how far it came. A file of the
// name with another creation time than `log_created` (0: not known) is FAILED_PRECONDITION (LOG_RESET). DATA_LOSS
// (LOG_GAP) when the events do not follow one another. Otherwise errors of BinlogDump::Next.
absl::StatusOr<Position> ScanStatements(BinlogDump& dump, const Position& from, const Position& to,
                                        uint32_t log_created, StatementVisitor visit);

}  // namespace binlogd
