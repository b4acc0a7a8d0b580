// Which definition of a table was in force where in the log.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "binlog/position.h"
#include "binlog/table_definition.h"

namespace binlogd {

// Where an event begins: the number of its file and the offset in it. Ordered as the log is; only meaningful within one
// epoch.
struct LogPlace {
  uint64_t file_number = 0;
  uint64_t offset = 0;

  friend auto operator<=>(const LogPlace&, const LogPlace&) = default;
};

inline LogPlace PlaceOf(const Position& position) { return LogPlace{FileSequence(position.file), position.offset}; }

struct TableVersion {
  LogPlace since;                                     // It is known to hold for table maps from here on,
  std::optional<LogPlace> until;                      // and before the statement that stands here.
  std::shared_ptr<const TableDefinition> definition;  // Null: known not to be known.
  uint64_t table_id = 0;  // Under which the log last spoke of the table while this version was in force.

  bool Holds(LogPlace place) const { return since <= place && (!until || place < *until); }
};

// The versions of all tables. A statement is told where it stands; telling it again (after a restart further back)
// changes nothing. Not thread-safe.
class TableVersions {
 public:
  // The version in force at a table map; null when there is none. Valid until the next change.
  TableVersion* Find(const TableName& name, LogPlace place);
  // Ends what was in force at its beginning. That nothing was known somewhere is forgotten.
  void Add(const TableName& name, TableVersion version);
  // Ends the versions that the statement at `place` may end.
  void Close(const DefiningStatement& statement, LogPlace place);
  // Ends every version that has no end: nothing is known from `place` on.
  void CloseAll(LogPlace place);
  // Forgets versions that ended at or before `place`.
  void Prune(LogPlace place);
  // Forgets under which ids the tables were seen: they are given anew when a server starts.
  void ForgetTableIds();

  bool empty() const { return tables_.empty(); }
  const absl::flat_hash_map<TableName, std::vector<TableVersion>>& tables() const { return tables_; }

 private:
  absl::flat_hash_map<TableName, std::vector<TableVersion>> tables_;
};

// Statements of a stretch of the log that is ahead of the reader, as far as they may define tables. Bounded: when there
// are too many, what follows counts as touching every table. Not thread-safe.
class StatementIndex {
 public:
  static constexpr size_t kMostBytes = 16 << 20;

  // In the log's order.
  void Add(LogPlace place, DefiningStatement statement);
  // Where the first statement after `place` stands that may touch the table, or one behind it.
  std::optional<LogPlace> FirstTouching(const TableName& name, LogPlace place) const;
  // Forgets statements before or at `place`.
  void DropThrough(LogPlace place);
  void Clear();

 private:
  struct Entry {
    LogPlace place;
    DefiningStatement statement;
  };
  static size_t Cost(const Entry& entry) { return entry.statement.size() + sizeof(Entry); }

  std::deque<Entry> entries_;
  size_t bytes_ = 0;
  std::optional<LogPlace> blurred_until_;  // Statements behind the entries, up to here, were not kept.
};

}  // namespace binlogd
