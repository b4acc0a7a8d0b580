// The data's way from the reader to the targets and taps.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/byte_budget.h"
#include "base/thread_pool.h"
#include "binlog/event_filter.h"
#include "pipeline/block_builder.h"
#include "pipeline/replay.h"
#include "pipeline/tap.h"
#include "pipeline/target_lane.h"
#include "target/target.h"

namespace binlogd {

// A target, and what the others may expect of it.
struct PipelineTarget {
  std::unique_ptr<Target> target;
  bool required = true;      // See TargetLane::Options.
  TargetSnapshot last = {};  // As there.
};

// Fans blocks out to lanes and taps, within a budget of bytes. A target that is not required holds no more than half of
// it, or is detached. Everything is called by one thread, but Snapshot, Failure, queue_bytes and Interrupt by any.
class Pipeline : public BlockSink {
 public:
  static constexpr uint64_t kBudgetBytes = 64 << 20;
  static constexpr uint64_t kOptionalBytes = kBudgetBytes / 2;

  struct Options {
    BatchLimits batch;
    FilterSpec filter;
    std::string source_name;  // The streamer, as records tell it.
    ReplayFactory make_replay;
    std::function<void()> on_failure;  // Failure() is no longer OK: reading on is of no use. Called by a lane's thread.
    std::function<void()> on_commit;   // A target's durable position moved. Called by a lane's thread.
  };
  // `taps` outlives the pipeline.
  Pipeline(std::vector<PipelineTarget> targets, const Options& options, TapHub* taps);
  ~Pipeline() override;

  // Opens every target, all at the same time. Fails, and names the target, when one that is required has a permanent
  // error, or when none could be opened. What else fails is left to its lane.
  absl::Status OpenTargets();
  const std::vector<std::unique_ptr<TargetLane>>& lanes() const { return lanes_; }
  // Where each target stood, by lane, at OpenTargets, Begin or Drain, whichever came last; nullopt for a new store and
  // for one that is not open.
  const std::vector<std::optional<DurablePosition>>& positions() const { return positions_; }
  // Lane `index` begins at `start`. Fails as OpenTargets does.
  absl::Status Begin(size_t index, const DurablePosition& start, const EpochStart& epoch);
  // Lane `index` cannot go on: `why` is permanent. Fails with it if the target is required.
  absl::Status GiveUp(size_t index, const absl::Status& why);
  // Whether any lane's target is open. Only before Start.
  bool any_open() const;
  // What follows `at` is to come.
  void Start(const std::shared_ptr<const EpochStart>& epoch, const ReadEnd& at);

  absl::Status Deliver(std::shared_ptr<const Block> block) override;

  // Why a lane ended that the others cannot go on without; OK while it goes on.
  absl::Status Failure() const;
  // Waits until everything delivered is durable in the targets that are required, and in those others that are not in
  // trouble. Otherwise as TargetLane::Flush.
  absl::Status Flush(absl::Time deadline, bool patient);
  // Everything delivered is written and committed, but for lanes in trouble, and the lanes end; those that take more
  // than 10 s are interrupted. The first error of a target that is required, or Failure().
  absl::Status Drain();
  void Abandon();
  // Ends a Deliver that waits for room and an Open or Flush that waits for a target; lanes begin to drain.
  void Interrupt();

  std::vector<TargetSnapshot> Snapshot() const;
  uint64_t queue_bytes() const { return budget_.used(); }

 private:
  void OnLaneFailure() const;

  const std::function<void()> on_failure_;
  TapHub* const taps_;
  ByteBudget budget_{kBudgetBytes};
  ThreadPool pool_;
  std::vector<std::unique_ptr<TargetLane>> lanes_;
  std::vector<std::optional<DurablePosition>> positions_;
};

}  // namespace binlogd
