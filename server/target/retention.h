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
  absl::Time newest = absl::InfiniteFuture();   // Of its events, the source's clock; infinite when not known.
  absl::Time written = absl::InfiniteFuture();  // Last, this machine's clock; infinite when not known.
  bool needed = false;                          // It must stay, whatever the policy says.
};

// Two clocks. A file is as old as the one says that makes it younger, so that a step of either deletes nothing early.
struct RetentionTimes {
  absl::Time now;  // This machine's.
  absl::Time log;  // Of the newest event that is durable, the source's; infinitely long ago when there is none.
};

// How many of the files, from the oldest (the first) on, may go; one that stays keeps all behind it. `other_bytes`
// count to the size but are not at choice. A file whose newest event is more than a day ahead of both clocks, or is not
// known, is as young as when it was written last.
size_t CountExpired(const RetentionPolicy& policy, const std::vector<RetainedFile>& files, uint64_t other_bytes,
                    const RetentionTimes& times);

}  // namespace binlogd
