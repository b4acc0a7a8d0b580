// What is known of epochs that are over, and so of what a target lacks that stands in one.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "binlog/position.h"
#include "target/target.h"

namespace binlogd {

// Where a streamer's targets stand, nullopt for one that is new or not open.
using TargetPositions = std::vector<std::optional<DurablePosition>>;

// How the epochs of one streamer ended: what this process saw, and what the targets remember, each of the epoch before
// its own (EpochEnd in DurablePosition). The targets are the truth: what is known only here is gone after a restart,
// and what nobody remembers is taken for lost. Not thread-safe.
class EpochEnds {
 public:
  // An epoch ended there, or later. Of several ends of one epoch the furthest counts.
  void Note(const EpochEnd& end);
  // Takes over what the targets remember.
  void Learn(const TargetPositions& targets);
  // `epoch` is the newest one: what is known of the end of this or a later one is of a log of that name before.
  void Follow(const Epoch& epoch);

  // What is known of the end of an epoch, here and by where the targets stand.
  EpochEnd Of(const Epoch& epoch, const TargetPositions& targets) const;
  // The same of the epoch directly before `epoch`, for a target that begins there; empty when none is known.
  EpochEnd Before(const Epoch& epoch, const TargetPositions& targets) const;
  // Whether the epoch is known to have been followed by that of another server.
  bool WasLeft(const Epoch& ended, const TargetPositions& targets) const;

  // Whether the log is known to have been reset at the end of `from`, or later, before `to`: transactions were numbered
  // anew then, so that a GTID set from before says nothing of what came after.
  bool WasReset(const Epoch& from, const Epoch& to) const;

  // Whether a target that stands at `had` has all that came before `epoch`, of the same server, whose log no longer
  // has it. DATA_LOSS, permanent (LOG_LOST), when it lacks something, or may. With `gtids` the source numbers all
  // transactions.
  absl::Status CheckHasAll(const DurablePosition& had, bool decodes, bool gtids, const Epoch& epoch,
                           const TargetPositions& targets) const;

 private:
  // The end of an epoch is known.
  bool Knows(const Epoch& epoch) const;

  std::map<std::string, EpochEnd> ends_;  // By the epoch's name.
};

}  // namespace binlogd
