#include "pipeline/lane_replay.h"

#include <utility>

#include "base/thread.h"

namespace binlogd {

LaneReplay::LaneReplay(std::unique_ptr<LogReplay> log, LaneQueue::Options options)
    : log_(std::move(log)), name_(ThreadName("replay", ':', options.source_name)), queue_(std::move(options)) {}

LaneReplay::~LaneReplay() {
  Stop();
  (void)Join();
}

void LaneReplay::Start(std::shared_ptr<const EpochStart> epoch, const DurablePosition& from, const Position& reached,
                       const ReadEnd& end) {
  const ReadStart start = ReadStartOf(from);
  queue_.Begin(start.position);
  DurablePosition has = from;
  has.position = reached;
  queue_.Knows(has);
  thread_ = StartThread(name_, [this, epoch = std::move(epoch), start, end] {
    result_ = log_->Run(epoch, start, end, this);
    queue_.End(LaneQueue::Ending::kWhenEmpty);
  });
}

void LaneReplay::Stop() {
  queue_.End(LaneQueue::Ending::kNow);
  budget_.Close();
  log_->Interrupt();
}

absl::Status LaneReplay::Join() {
  if (thread_.joinable()) thread_.join();
  return result_;
}

absl::Status LaneReplay::Deliver(std::shared_ptr<const Block> block) {
  const ByteBudget::Lease lease = budget_.Acquire(block->bytes.size());
  if (lease == nullptr) return absl::CancelledError("stopping");
  queue_.Offer(block, lease);
  return absl::OkStatus();
}

}  // namespace binlogd
