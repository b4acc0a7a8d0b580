// The source's log, read once more for one target.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "binlog/position.h"
#include "pipeline/block_builder.h"

namespace binlogd {

// Used by one thread; Interrupt is called by any.
class LogReplay {
 public:
  virtual ~LogReplay() = default;

  // Delivers the log of `epoch` from `start` exactly to `end`, where an event ends and which was read before. It ends
  // with what was delivered when it fails: errors as BinlogDump and BlockBuilder have them, or the sink's. LOG_RESET
  // when the source's log is another one now.
  virtual absl::Status Run(const std::shared_ptr<const EpochStart>& epoch, const ReadStart& start, const Position& end,
                           BlockSink* sink) = 0;
  // Ends a Run, now and from now on, with CANCELLED.
  virtual void Interrupt() = 0;
};

// Makes a replay for one Run; for a target that decodes when `decodes`.
using ReplayFactory = std::function<std::unique_ptr<LogReplay>(bool decodes)>;

}  // namespace binlogd
