#include "streamer/log_ends.h"

#include <algorithm>

namespace binlogd {

std::optional<absl::StatusOr<Position>> LogEnds::Get(const std::string& source, Clock::time_point since,
                                                     const std::function<absl::StatusOr<Position>()>& ask) {
  const Clock::time_point now = Clock::now();
  {
    absl::MutexLock lock(&mutex_);
    Entry& entry = entries_[source];
    if (entry.end && entry.asked >= std::max(since, now - kMostAge)) return *entry.end;
    if (entry.asking) return std::nullopt;
    entry.asking = true;
    // Sources that nobody follows any more.
    std::erase_if(entries_,
                  [now](const auto& other) { return !other.second.asking && other.second.asked < now - kMostAge; });
  }
  const absl::StatusOr<Position> end = ask();
  absl::MutexLock lock(&mutex_);
  Entry& entry = entries_[source];
  entry.asking = false;
  if (end.ok()) {
    entry.end = *end;
    entry.asked = now;
  }
  return end;
}

}  // namespace binlogd
