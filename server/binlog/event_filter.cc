#include "binlog/event_filter.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/glob.h"

namespace binlogd {
namespace {

bool MatchesAny(const std::vector<std::string>& patterns, absl::string_view text) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [text](const std::string& pattern) { return GlobMatches(pattern, text); });
}

// A statement names no table that we could trust; it counts when its default database may hold one of the tables.
bool MayTouch(const std::vector<std::string>& tables, absl::string_view database) {
  return std::any_of(tables.begin(), tables.end(), [database](const std::string& table) {
    const size_t dot = table.find('.');
    return dot == std::string::npos || GlobMatches(absl::string_view(table).substr(0, dot), database);
  });
}

}  // namespace

bool FilterSpec::drops_events() const { return *this != FilterSpec(); }

bool EventFilter::Passes(const DecodedEvent& event) const {
  if (!spec_.events.empty() && spec_.events.count(event.kind) == 0) return false;
  if (!spec_.include_ddl && event.kind == EventKind::kQuery && event.is_ddl) return false;
  const bool is_row = event.table_map != nullptr;
  if (!is_row && event.kind != EventKind::kQuery) return spec_.databases.empty() && spec_.tables.empty();
  if (!spec_.databases.empty() && !MatchesAny(spec_.databases, event.database)) return false;
  if (MatchesAny(spec_.exclude_databases, event.database)) return false;
  if (!is_row && !spec_.tables.empty() && !MayTouch(spec_.tables, event.database)) return false;
  if (!is_row || (spec_.tables.empty() && spec_.exclude_tables.empty())) return true;
  const std::string table = absl::StrCat(event.database, ".", event.table);
  if (!spec_.tables.empty() && !MatchesAny(spec_.tables, table)) return false;
  return !MatchesAny(spec_.exclude_tables, table);
}

}  // namespace binlogd
