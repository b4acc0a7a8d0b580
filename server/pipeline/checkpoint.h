// The published summary of a streamer's positions (a file for people and scripts; the truth is in the targets).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "binlog/position.h"
#include "pipeline/target_snapshot.h"

namespace binlogd {

struct Checkpoint {
  std::string streamer;
  Position position;         // What every required target holds durably.
  uint64_t event_count = 0;  // Read since binlogd started.
  uint64_t byte_count = 0;
  absl::Time last_update;                         // When the position was last known to be right.
  absl::Time start_time;                          // Of the streamer.
  absl::Time fresh_until = absl::InfinitePast();  // Up to which the targets are known to hold the source's log.
  std::vector<TargetSnapshot> targets;
};

// What a checkpoint may be written over.
enum class CheckpointOver : uint8_t {
  kAnything,    // The place is ours.
  kCheckpoint,  // Somebody chose the place: only over another one.
};

// Writes it as JSON (docs/on-disk.md), atomically and durably; makes the folder if needed. As CheckCheckpointPlace
// for kCheckpoint.
absl::Status WriteCheckpoint(const std::string& path, const Checkpoint& checkpoint,
                             CheckpointOver over = CheckpointOver::kAnything);

// FAILED_PRECONDITION (CHECKPOINT_FILE_FOREIGN) when something is there that is no checkpoint, a symbolic link
// included.
absl::Status CheckCheckpointPlace(const std::string& path);

// Reads back what is told of a streamer until it is known better: `position`, `fresh_until`, and of `targets` the name,
// the position and `fresh_until`. NOT_FOUND; DATA_LOSS (CHECKPOINT_CORRUPT) when it is not what WriteCheckpoint wrote.
// Neither hurts: the targets know their positions.
absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path);

}  // namespace binlogd
