#include "target/retention.h"

namespace binlogd {

size_t CountExpired(const RetentionPolicy& policy, const std::vector<RetainedFile>& files, uint64_t other_bytes,
                    absl::Time now) {
  uint64_t bytes = other_bytes;
  for (const RetainedFile& file : files) bytes += file.bytes;
  size_t count = 0;
  for (const RetainedFile& file : files) {
    const absl::Duration age = now - file.newest;
    const bool too_old = policy.max_age > absl::ZeroDuration() && age > policy.max_age;
    const bool too_much = policy.max_bytes > 0 && bytes > policy.max_bytes;
    if (file.needed || age < policy.recovery_window || (!too_old && !too_much)) break;
    bytes -= file.bytes;
    ++count;
  }
  return count;
}

}  // namespace binlogd
