// Which files are too old, or too many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"

namespace binlogd {

// Retention is applied when a file is closed, and with the first commit after this time.
constexpr absl::Duration kRetentionStep = absl::Minutes(1);

// What may be deleted; by default nothing.
struct RetentionPolicy {
  absl::Duration max_age;  // Zero: age does not matter.
  uint64_t max_bytes = 0;  // 0: size does not matter.
  // Files with events younger than this stay, whatever the size.
  absl::Duration recovery_window;

  bool deletes() const { return max_age > absl::ZeroDuration() || max_bytes > 0; }
};

// A closed file.
struct RetainedFile {
  uint64_t bytes = 0;
  absl::Time newest = absl::InfiniteFuture();  // Of its events.
  bool needed = false;                         // It must stay, whatever the policy says.
};

// How many of the files, from the oldest (the first) on, may go at `now`; one that stays keeps all behind it.
// `other_bytes` count to the size but are not at choice.
size_t CountExpired(const RetentionPolicy& policy, const std::vector<RetainedFile>& files, uint64_t other_bytes,
                    absl::Time now);

}  // namespace binlogd
