#include "binlog/table_versions.h"

#include <algorithm>
#include <utility>

namespace binlogd {

TableVersion* TableVersions::Find(const TableName& name, LogPlace place) {
  const auto found = tables_.find(name);
  if (found == tables_.end()) return nullptr;
  // The newest first: a later finding replaces an earlier one.
  const auto version = std::find_if(found->second.rbegin(), found->second.rend(),
                                    [place](const TableVersion& v) { return v.Holds(place); });
  return version == found->second.rend() ? nullptr : &*version;
}

void TableVersions::Add(const TableName& name, TableVersion version) {
  std::vector<TableVersion>& versions = tables_[name];
  for (TableVersion& earlier : versions) {
    if (earlier.Holds(version.since)) earlier.until = version.since;
  }
  const auto is_useless = [](const TableVersion& v) {
    return v.definition == nullptr || (v.until && *v.until <= v.since);
  };
  versions.erase(std::remove_if(versions.begin(), versions.end(), is_useless), versions.end());
  versions.push_back(std::move(version));
}

void TableVersions::Close(const DefiningStatement& statement, LogPlace place) {
  if (!statement.defines()) return;
  for (auto& [name, versions] : tables_) {
    bool touched = false;
    for (TableVersion& version : versions) {
      if (version.since > place || (version.until && *version.until <= place)) continue;
      touched = touched || statement.MayTouch(name);
      if (!touched) break;
      version.until = place;
    }
  }
}

void TableVersions::CloseAll(LogPlace place) {
  for (auto& [name, versions] : tables_) {
    for (TableVersion& version : versions) {
      if (!version.until) version.until = std::max(place, version.since);
    }
  }
}

void TableVersions::Prune(LogPlace place) {
  for (auto table = tables_.begin(); table != tables_.end();) {
    std::vector<TableVersion>& versions = table->second;
    const auto is_past = [place](const TableVersion& v) { return v.until && *v.until <= place; };
    versions.erase(std::remove_if(versions.begin(), versions.end(), is_past), versions.end());
    if (versions.empty()) {
      tables_.erase(table++);
    } else {
      ++table;
    }
  }
}

void TableVersions::ForgetTableIds() {
  for (auto& [name, versions] : tables_) {
    for (TableVersion& version : versions) version.table_id = 0;
  }
}

void StatementIndex::Add(LogPlace place, DefiningStatement statement) {
  if (!statement.defines()) return;
  Entry entry{place, std::move(statement)};
  if (blurred_until_ || bytes_ + Cost(entry) > kMostBytes) {
    blurred_until_ = place;
    return;
  }
  bytes_ += Cost(entry);
  entries_.push_back(std::move(entry));
}

std::optional<LogPlace> StatementIndex::FirstTouching(const TableName& name, LogPlace place) const {
  const auto first = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.place > place && entry.statement.MayTouch(name);
  });
  if (first != entries_.end()) return first->place;
  if (blurred_until_ && *blurred_until_ > place) return blurred_until_;
  return std::nullopt;
}

void StatementIndex::DropThrough(LogPlace place) {
  while (!entries_.empty() && entries_.front().place <= place) {
    bytes_ -= Cost(entries_.front());
    entries_.pop_front();
  }
  if (blurred_until_ && *blurred_until_ <= place) blurred_until_.reset();
}

void StatementIndex::Clear() {
  entries_.clear();
  bytes_ = 0;
  blurred_until_.reset();
}

}  // namespace binlogd
