// The published summary of a streamer's positions (a file for people and scripts; the truth is in the targets).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "binlog/position.h"
#include "pipeline/target_lane.h"

namespace binlogd {

struct Checkpoint {
  std::string streamer;
  Position position;         // What every target holds durably.
  uint64_t event_count = 0;  // Read since binlogd started.
  uint64_t byte_count = 0;
  absl::Time last_update;                         // When the position was last known to be right.
  absl::Time start_time;                          // Of the streamer.
  absl::Time fresh_until = absl::InfinitePast();  // Up to which the targets are known to hold the source's log.
  std::vector<TargetSnapshot> targets;
};

// Writes it as JSON (docs/on-disk.md), atomically and durably; makes the folder if needed.
absl::Status WriteCheckpoint(const std::string& path, const Checkpoint& checkpoint);

// Reads back `fresh_until` only, for a truthful lag after a restart. NOT_FOUND; DATA_LOSS (CHECKPOINT_CORRUPT) when it
// is not what WriteCheckpoint wrote. Neither hurts: nothing else is taken from the file.
absl::StatusOr<absl::Time> ReadCheckpointFreshness(const std::string& path);

// The least of the targets' durable positions; empty when there are none.
Position LeastPosition(const std::vector<TargetSnapshot>& targets);

}  // namespace binlogd
