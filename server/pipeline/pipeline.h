// The data's way from the reader to the targets and taps.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/byte_budget.h"
#include "base/thread_pool.h"
#include "binlog/event_filter.h"
#include "pipeline/block_builder.h"
#include "pipeline/tap.h"
#include "pipeline/target_lane.h"
#include "target/target.h"

namespace binlogd {

// Fans blocks out to lanes and taps, within a budget of bytes. Deliver, OpenTargets, Begin, Start, Drain and Abandon
// are called by one thread; Snapshot, Failure, queue_bytes and Interrupt by any.
class Pipeline : public BlockSink {
 public:
  static constexpr uint64_t kBudgetBytes = 64 << 20;

  struct Options {
    BatchLimits batch;
    FilterSpec filter;
    std::string source_name;           // The streamer, as records tell it.
    std::function<void()> on_failure;  // A lane failed: reading on is of no use. Called by a lane's thread.
    std::function<void()> on_commit;   // A target's durable position moved. Called by a lane's thread.
  };
  // `taps` outlives the pipeline.
  Pipeline(std::vector<std::unique_ptr<Target>> targets, const Options& options, TapHub* taps);
  ~Pipeline() override;

  // Opens every target. The error names the target.
  absl::Status OpenTargets();
  const std::vector<std::unique_ptr<TargetLane>>& lanes() const { return lanes_; }
  // Where each target stood, by lane, at OpenTargets, Begin or Drain, whichever came last; nullopt for a new store.
  const std::vector<std::optional<DurablePosition>>& positions() const { return positions_; }
  // Lane `index` begins at `start`.
  absl::Status Begin(size_t index, const DurablePosition& start, const EpochStart& epoch);
  void Start();

  absl::Status Deliver(std::shared_ptr<const Block> block) override;

  // Why a lane ended by itself; OK while all go on.
  absl::Status Failure() const;
  // Everything delivered is written and committed. The first lane's failure, if any.
  absl::Status Drain();
  void Abandon();
  // Ends a Deliver that waits for room.
  void Interrupt() { budget_.Close(); }

  std::vector<TargetSnapshot> Snapshot() const;
  uint64_t queue_bytes() const { return budget_.used(); }

 private:
  TapHub* const taps_;
  ByteBudget budget_{kBudgetBytes};
  ThreadPool pool_;
  std::vector<std::unique_ptr<TargetLane>> lanes_;
  std::vector<std::optional<DurablePosition>> positions_;
};

}  // namespace binlogd
