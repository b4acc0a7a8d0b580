// A replay that runs beside a lane's writer, and hands it what it reads.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "base/byte_budget.h"
#include "pipeline/lane_queue.h"
#include "pipeline/replay.h"

namespace binlogd {

// Reads a stretch of the log once, on a thread of its own, within a budget of its own. Made, joined and destroyed by
// the writer; Stop is called by any thread.
class LaneReplay : public BlockSink {
 public:
  static constexpr uint64_t kBudgetBytes = 16 << 20;

  LaneReplay(std::unique_ptr<LogReplay> log, LaneQueue::Options options);
  ~LaneReplay() override;  // Stops.

  // Begins to read from `from`, exactly to `end`, for a target that has everything before `reached`, too.
  void Start(std::shared_ptr<const EpochStart> epoch, const DurablePosition& from, const Position& reached,
             const ReadEnd& end);
  // Gets the blocks; says kEnd when all are taken that could be read.
  LaneQueue& queue() { return queue_; }
  // Reading ends soon, and the queue says kEnd at once.
  void Stop();
  // Waits for its end. OK when all was read; CANCELLED after Stop; else why it failed.
  absl::Status Join();

 private:
  absl::Status Deliver(std::shared_ptr<const Block> block) override;

  const std::unique_ptr<LogReplay> log_;
  const std::string name_;  // Of the thread.
  ByteBudget budget_{kBudgetBytes};
  LaneQueue queue_;
  absl::Status result_;  // The thread's, until it is joined.
  std::thread thread_;
};

}  // namespace binlogd
