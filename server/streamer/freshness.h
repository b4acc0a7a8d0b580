// Up to when each target is known to hold the source's log.
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "binlog/position.h"
#include "pipeline/target_snapshot.h"

namespace binlogd {

// What is known of the source while it is asked how far its targets are behind.
struct SourceProgress {
  Epoch epoch;
  Position read_position;
  bool answers = false;        // The source has sent all that it has, and still answers.
  absl::Duration clock_ahead;  // Our clock minus the source's.
};

// Times on our clock, one for each target of a streamer, which only grow. Not thread-safe.
class Freshness {
 public:
  Freshness() = default;  // Of no targets.
  // What was known of the targets when this began.
  explicit Freshness(const std::vector<TargetSnapshot>& known);

  // Takes up where the targets stand now; they are those of the constructor, in the same order.
  void Update(const std::vector<TargetSnapshot>& targets, const SourceProgress& source);
  // Sets lag_seconds and fresh_until of each. `start` is when the streamer was started.
  void Fill(const SourceProgress& source, absl::Time start, std::vector<TargetSnapshot>* targets) const;

  // Whether the target holds all that was read and the source has no more.
  static bool HoldsAll(const TargetSnapshot& target, const SourceProgress& source);

 private:
  std::vector<absl::Time> until_;
};

}  // namespace binlogd
