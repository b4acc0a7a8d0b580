#include "target/retention.h"

#include <algorithm>

namespace binlogd {
namespace {

// An event that is so much ahead of every clock was given its time, and tells nothing.
constexpr absl::Duration kMostAhead = absl::Hours(24);

absl::Time NewestOf(const RetainedFile& file, const RetentionTimes& times) {
  return file.newest <= std::max(times.now, times.log) + kMostAhead ? file.newest : file.written;
}

}  // namespace

void LogClock::Note(uint32_t timestamp) {
  if (timestamp == 0) return;
  std::rotate(last_.begin(), last_.begin() + 1, last_.end());
  last_.back() = absl::FromUnixSeconds(timestamp);
}

absl::Time LogClock::Reached() const {
  std::array<absl::Time, kNotes> sorted = last_;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.front() != absl::InfinitePast()) return sorted[kNotes / 2];
  const auto known = std::find_if(sorted.begin(), sorted.end(), [](absl::Time t) { return t != absl::InfinitePast(); });
  return known == sorted.end() ? absl::InfinitePast() : *known;
}

size_t CountExpired(const RetentionPolicy& policy, const std::vector<RetainedFile>& files, uint64_t other_bytes,
                    const RetentionTimes& times) {
  const absl::Time reference = std::min(times.now, times.log);
  uint64_t bytes = other_bytes;
  for (const RetainedFile& file : files) bytes += file.bytes;
  size_t count = 0;
  for (const RetainedFile& file : files) {
    const absl::Duration age = reference - NewestOf(file, times);
    const bool too_old = policy.max_age > absl::ZeroDuration() && age > policy.max_age;
    const bool too_much = policy.max_bytes > 0 && bytes > policy.max_bytes;
    const bool in_window = policy.recovery_window > absl::ZeroDuration() && age < policy.recovery_window;
    if (file.needed || in_window || (!too_old && !too_much)) break;
    bytes -= file.bytes;
    ++count;
  }
  return count;
}

}  // namespace binlogd
