// The source's log, read once more for one target or tap.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "binlog/position.h"
#include "pipeline/block_builder.h"

namespace binlogd {

// Used by one thread; Interrupt is called by any.
class LogReplay {
 public:
  virtual ~LogReplay() = default;

  // Delivers the log of `epoch` from `start` exactly to `end`. It ends with what was delivered when it fails: errors as
  // BinlogDump and BlockBuilder have them, or the sink's. LOG_RESET when the source's log is another one now; when it
  // was before Run began, nothing is delivered, as far as the files of `start` and `end` are known.
  virtual absl::Status Run(const std::shared_ptr<const EpochStart>& epoch, const ReadStart& start, const ReadEnd& end,
                           BlockSink* sink) = 0;
  // Ends a Run, now and from now on, with CANCELLED.
  virtual void Interrupt() = 0;
};

// Where in the log somebody wants to begin.
struct LogStart {
  enum class Kind { kEnd, kEarliest, kTime, kPosition, kGtidSet, kBoundary };
  Kind kind = Kind::kEnd;
  absl::Time time;       // kTime: with the first transaction that begins at or after it, by the source's clock.
  Position position;     // kPosition: where an event begins.
  std::string gtid_set;  // kGtidSet: after these transactions, which are left out wherever they stand.
  ReadStart boundary;    // kBoundary: a transaction boundary, read before.
};

// A LogReplay that also finds where to begin.
class SearchedLog : public LogReplay {
 public:
  // Where to read for `start`, which is not kEnd, in the log of `epoch`; what stands there may come before what is
  // wanted. OUT_OF_RANGE: POSITION_PURGED, POSITION_INVALID; INVALID_ARGUMENT: GTID_SET_INVALID; else as Run.
  virtual absl::StatusOr<ReadStart> Find(const std::shared_ptr<const EpochStart>& epoch, const LogStart& start) = 0;
};

// Makes a replay for one Run; for a target that decodes when `decodes`.
using ReplayFactory = std::function<std::unique_ptr<LogReplay>(bool decodes)>;

}  // namespace binlogd
