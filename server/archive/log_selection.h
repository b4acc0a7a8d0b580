// Which part of a run of binary log files is wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "archive/log_file.h"
#include "archive/tracked_log.h"
#include "binlog/gtid_set.h"

namespace binlogd {

// All conditions that are given must hold. Positions take single events; times and GTIDs take whole transactions, and
// events that stand between transactions (the format description, a rotation) follow those: they are left out before
// the first transaction that a start lets through.
struct LogSelection {
  // Events that begin at this offset of the first file, or behind it. 0: all.
  uint64_t start_position = 0;
  // Events that begin before this offset of the last file. 0: all.
  uint64_t stop_position = 0;
  // From the first transaction on whose first event has this time or a later one.
  std::optional<absl::Time> start_time;
  // Up to, and without, the first transaction whose first event has this time or a later one.
  std::optional<absl::Time> stop_time;
  // From the first transaction on that is not in the set, and without those in the set: what a replica that has the set
  // would still be sent. A transaction without a GTID is in no set.
  std::optional<GtidSet> start_gtids;
  // Up to the place where the log first contains the whole set, what earlier files had counted in.
  std::optional<GtidSet> stop_gtids;
  // Only the transactions in the set, and nothing between them.
  std::optional<GtidSet> include_gtids;
  // Without the transactions in the set.
  std::optional<GtidSet> exclude_gtids;
};

// Says of each event of the files, in order, whether it is selected. Not thread-safe.
class LogSelector {
 public:
  enum class Verdict { kSkip, kTake, kStop };

  explicit LogSelector(LogSelection selection) : selection_(std::move(selection)) {}

  // A file begins.
  void BeginFile(bool first, bool last);
  // By place alone, before the tracker takes the event. OUT_OF_RANGE (POSITION_INVALID) when the start or stop position
  // lies inside the event.
  absl::StatusOr<Verdict> Place(const LogFileEvent& event);
  // By its transaction, after `log` has tracked the event. Every event must be told, also one that Place() skips.
  // INVALID_ARGUMENT (GTID_SET_INVALID) when a set is of the other dialect.
  absl::StatusOr<Verdict> Transaction(const LogFileEvent& event, const TrackedLog& log);
  // The file ends at `offset`. OUT_OF_RANGE (POSITION_INVALID) when the start position lies behind it.
  absl::Status EndFile(uint64_t offset) const;

  // Whether nothing more is selected.
  bool done() const { return done_; }
  // What was to end the selection and was not met, for a note to the user; empty when there is nothing of the kind.
  std::string unmet_stop() const;

 private:
  Verdict Decide(const LogFileEvent& event, const TrackedLog& log);
  absl::Status CheckDialect(Flavor flavor) const;

  const LogSelection selection_;
  uint64_t start_ = 0;
  uint64_t stop_ = 0;
  bool started_ = false;
  bool done_ = false;
  bool dialect_checked_ = false;
  Verdict current_ = Verdict::kTake;
};

}  // namespace binlogd
