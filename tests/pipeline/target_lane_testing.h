// A lane over a store in memory and a log that can be read again.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "pipeline/target_lane.h"
#include "tests/harness/log_blocks.h"
#include "tests/pipeline/fake_replay.h"
#include "tests/pipeline/fake_target.h"

namespace binlogd::testing {

using Blocks = std::vector<std::shared_ptr<const Block>>;

inline DurablePosition StartOf(const EpochStart& epoch) {
  DurablePosition start;
  start.epoch = epoch.epoch;
  start.position = epoch.first;
  return start;
}

inline absl::StatusOr<EncodedBlock> EncodeJson(const Block& block, const BlockRange& range) {
  return EncodeBlock(block, range, EventFilter(FilterSpec()), EventFormat::kJson, "orders");
}

inline std::string Encoded(const Blocks& blocks) {
  std::string all;
  for (const auto& block : blocks) all += EncodeJson(*block, BlockRange())->bytes;
  return all;
}

// The parameter: whether the target decodes.
class TargetLaneTest : public ::testing::TestWithParam<bool> {
 protected:
  TargetLaneTest() {
    for (int i = 0; i < 40; ++i) log_.Transaction({{i, "row"}, {i, "another row"}});
    blocks_ = BlocksOf(log_, Limits(3));
    other_cut_ = BlocksOf(log_, Limits(7));
  }
  // A lane whose writer does not run yet.
  void MakeLane(const TargetLane::Options& given, const std::shared_ptr<TargetCounters>& counters = nullptr) {
    TargetLane::Options options = given;
    options.filter = std::make_shared<const EventFilter>(FilterSpec());
    options.pool = &pool_;
    options.make_replay = source_log_.factory();
    options.first_retry = absl::Milliseconds(2);
    options.on_failure = [this] {
      if (++failures_ == 1) failed_.Notify();
    };
    options.on_commit = [this] { ++commits_; };
    auto target = std::make_unique<FakeTarget>("t", store_, GetParam());
    if (counters != nullptr) target->set_counters(counters);
    lane_ = std::make_unique<TargetLane>(std::move(target), std::move(options));
  }
  // As it comes about in a streamer that reads from the log's beginning.
  void StartLane(const TargetLane::Options& given) {
    MakeLane(given);
    const auto had = lane_->Open();
    if (had.ok() && !had->has_value()) (void)lane_->Begin(StartOf(*MakeEpoch()), *MakeEpoch());
    lane_->Start(MakeEpoch(), MakeEpoch()->first);
  }
  void StartLane(absl::Duration max_wait = absl::Hours(1)) {
    TargetLane::Options options;
    options.batch.max_wait = max_wait;
    StartLane(options);
  }
  static TargetLane::Options Optional() {
    TargetLane::Options options;
    options.required = false;
    return options;
  }
  absl::Status Offer(size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      const auto& block = blocks_[i];
      if (absl::Status offered = lane_->Offer(block, budget_.Acquire(block->bytes.size())); !offered.ok())
        return offered;
    }
    return absl::OkStatus();
  }
  TargetState State() const { return lane_->Snapshot().state; }
  void AwaitState(TargetState state) const {
    const absl::Time bound = absl::Now() + absl::Seconds(60);
    while (State() != state && absl::Now() < bound) absl::SleepFor(absl::Milliseconds(1));
    ASSERT_EQ(TargetStateName(State()), TargetStateName(state)) << lane_->Snapshot().error;
  }
  void ExpectAllIsThereAfterFlush() {
    ASSERT_TRUE(lane_->Flush(absl::Now() + absl::Seconds(60), /*patient=*/true).ok()) << lane_->Snapshot().error;
    EXPECT_TRUE(store_->committed() == Expected());
    EXPECT_EQ(TargetStateName(State()), "FOLLOWING");
    EXPECT_TRUE(lane_->Drain().ok());
    EXPECT_EQ(budget_.used(), 0u);
  }
  absl::Status OfferAll() { return Offer(0, blocks_.size()); }
  std::string Expected() const {
    return GetParam() ? Encoded(blocks_) : log_.FileBytes("binlog.000001").substr(kFileMagic.size());
  }

  LogWriter log_;
  Blocks blocks_;
  Blocks other_cut_;
  ByteBudget budget_{64 << 20};
  ThreadPool pool_{"test", 3};
  FakeLog source_log_{&log_};
  std::shared_ptr<FakeStore> store_ = std::make_shared<FakeStore>();
  std::atomic<int> failures_ = 0;
  std::atomic<int> commits_ = 0;
  absl::Notification failed_;
  std::unique_ptr<TargetLane> lane_;
};

inline std::string FormName(const ::testing::TestParamInfo<bool>& info) { return info.param ? "Decoded" : "Raw"; }

}  // namespace binlogd::testing
