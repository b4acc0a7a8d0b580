// Which decoded events are delivered.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "binlog/decoder.h"

namespace binlogd {

struct FilterSpec {
  std::vector<std::string> databases;  // Names or globs; empty means all.
  std::vector<std::string> tables;     // "schema.table" or globs of it; empty means all.
  std::vector<std::string> exclude_databases;
  std::vector<std::string> exclude_tables;
  std::set<EventKind> events;  // Empty means all.
  bool include_ddl = true;

  // Whether rows may be dropped, so that what is left is not a backup.
  bool drops_events() const;
  friend bool operator==(const FilterSpec&, const FilterSpec&) = default;
};

// Decides event by event. Events that belong to no database (transaction boundaries, rotations, …) pass unless
// databases or tables are included by name: then only what belongs to one of these passes. A statement counts under its
// default database; when tables are included, if that database may hold one of them. Immutable, so thread-safe.
class EventFilter {
 public:
  explicit EventFilter(FilterSpec spec) : spec_(std::move(spec)) {}
  bool Passes(const DecodedEvent& event) const;
  const FilterSpec& spec() const { return spec_; }

 private:
  const FilterSpec spec_;
};

}  // namespace binlogd
