// What is told of a target, at one moment.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "target/target.h"
#include "target/target_counters.h"

namespace binlogd {

enum class TargetState {
  kFollowing = 1,   // It gets what the source sends.
  kCatchingUp = 2,  // It reads what it lacks from the source's log by itself; the others do not wait for it.
  kRetrying = 3,    // It fails; what the source sends waits for it, within the streamer's budget.
  kDetached = 4,    // It fails or is too slow; the others go on without it, and it will catch up.
  kFailed = 5,      // It waits for a person.
};

// "FOLLOWING", …
absl::string_view TargetStateName(TargetState state);

struct TargetSnapshot {
  std::string name;
  std::string type;
  bool required = true;  // Otherwise the others go on without it.
  TargetState state = TargetState::kFollowing;
  absl::Status error;  // OK while it works.
  absl::Time error_since = absl::InfinitePast();
  DurablePosition durable;  // As far as is known: it is not while the target cannot be opened.
  // How far it is behind the source, in seconds; set by the streamer.
  double lag_seconds = 0;
  absl::Time fresh_until = absl::InfinitePast();  // Up to which it is known to hold the source's log; by the streamer.
  absl::Time last_write = absl::InfinitePast();
  uint64_t events_written = 0;  // Since the streamer was started.
  uint64_t bytes_written = 0;
  uint64_t queue_bytes = 0;  // Of blocks that wait or are being written.
  // Of the source's log that it does not hold, as far as the log's end is known; by the streamer.
  std::optional<uint64_t> lag_bytes;
  std::shared_ptr<const TargetCounters> counters;  // Null for one that was never made.
};

// The least of the targets' durable positions; empty when there are none, or one is not known.
Position LeastPosition(const std::vector<TargetSnapshot>& targets);

// The targets that are required, or all when none is: those whose positions and troubles are the streamer's.
std::vector<TargetSnapshot> RequiredTargets(const std::vector<TargetSnapshot>& targets);

}  // namespace binlogd
