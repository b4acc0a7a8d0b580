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
