#include "pipeline/pipeline.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "tests/harness/log_blocks.h"
#include "tests/pipeline/fake_replay.h"
#include "tests/pipeline/fake_target.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::FakeLog;
using testing::FakeStore;
using testing::FakeTarget;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;

class PipelineTest : public ::testing::Test {
 protected:
  std::unique_ptr<Pipeline> Make() {
    std::vector<PipelineTarget> targets(2);
    targets[0].target = std::make_unique<FakeTarget>("raw", raw_, false);
    targets[1].target = std::make_unique<FakeTarget>("json", json_, true);
    targets[1].required = json_required_;
    Pipeline::Options options;
    options.batch.max_wait = absl::Milliseconds(10);
    options.make_replay = source_log_.factory();
    options.on_failure = [this] {
      if (!failed_.HasBeenNotified()) failed_.Notify();
    };
    return std::make_unique<Pipeline>(std::move(targets), options, &taps_);
  }
  static void BeginAll(Pipeline& pipeline) {
    ASSERT_TRUE(pipeline.OpenTargets().ok());
    DurablePosition start;
    start.epoch = MakeEpoch()->epoch;
    start.position = MakeEpoch()->first;
    for (size_t i = 0; i < pipeline.lanes().size(); ++i) {
      if (pipeline.positions()[i] || !pipeline.lanes()[i]->open()) continue;
      ASSERT_TRUE(pipeline.Begin(i, start, *MakeEpoch()).ok());
    }
    pipeline.Start(MakeEpoch(), MakeEpoch()->first);
  }
  // Blocks of about a mebibyte.
  static std::vector<std::shared_ptr<const Block>> LargeBlocks(int count, LogWriter* log) {
    for (int i = 0; i < count; ++i) {
      std::vector<std::pair<int32_t, std::string>> rows(16, {i, std::string(65000, 'x')});
      log->Transaction(rows);
    }
    return BlocksOf(*log, Limits(100000, 1 << 20));
  }

  LogWriter log_;
  FakeLog source_log_{&log_};
  bool json_required_ = true;
  TapHub taps_;
  std::shared_ptr<FakeStore> raw_ = std::make_shared<FakeStore>();
  std::shared_ptr<FakeStore> json_ = std::make_shared<FakeStore>();
  absl::Notification failed_;
};

TEST_F(PipelineTest, EveryTargetAndTapGetsEveryBlock) {
  for (int i = 0; i < 10; ++i) log_.Transaction({{i, "row"}});
  taps_.Reopen();
  const auto tap = *taps_.Attach([] {});
  const auto pipeline = Make();
  BeginAll(*pipeline);
  const auto blocks = BlocksOf(log_, Limits(4));
  for (const auto& block : blocks) ASSERT_TRUE(pipeline->Deliver(block).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(std::string(kFileMagic) + raw_->committed(), log_.FileBytes("binlog.000001"));
  EXPECT_NE(json_->committed().find(R"("id":9)"), std::string::npos);
  Tap::Item item;
  for (const auto& block : blocks) {
    ASSERT_TRUE(tap->Take(&item));
    EXPECT_EQ(item.block->block(), block);
  }
  for (const auto& position : pipeline->positions()) EXPECT_EQ(position->position.offset, log_.offset());
  EXPECT_EQ(pipeline->Snapshot().size(), 2u);
}

TEST_F(PipelineTest, ABlockedTargetStopsTheOthersOnlyWhenTheBudgetIsUsedUp) {
  const auto blocks = LargeBlocks(80, &log_);
  const auto pipeline = Make();
  BeginAll(*pipeline);
  json_->Block(true);
  std::thread reader([&] {
    for (const auto& block : blocks) ASSERT_TRUE(pipeline->Deliver(block).ok());
  });
  // The other one gets all that the budget lets through, and makes it durable.
  const absl::Time bound = absl::Now() + absl::Seconds(120);
  while (raw_->committed().size() < Pipeline::kBudgetBytes - (8 << 20) && absl::Now() < bound)
    absl::SleepFor(absl::Milliseconds(5));
  EXPECT_GE(raw_->committed().size(), Pipeline::kBudgetBytes - (8 << 20));
  EXPECT_LE(raw_->written().size(), Pipeline::kBudgetBytes);
  EXPECT_LE(pipeline->queue_bytes(), Pipeline::kBudgetBytes);
  json_->Block(false);
  reader.join();
  ASSERT_TRUE(pipeline->Flush(absl::InfiniteFuture(), /*patient=*/true).ok());
  ASSERT_TRUE(pipeline->Drain().ok());
  EXPECT_EQ(raw_->committed().size() + kFileMagic.size(), log_.offset());
  EXPECT_EQ(json_->position()->position.offset, log_.offset());
  EXPECT_EQ(pipeline->queue_bytes(), 0u);
}

TEST_F(PipelineTest, ABlockedTargetThatIsNotRequiredStopsNobodyAndCatchesUp) {
  const auto blocks = LargeBlocks(80, &log_);
  json_required_ = false;
  const auto pipeline = Make();
  BeginAll(*pipeline);
  json_->Block(true);
  ASSERT_TRUE(pipeline->Deliver(blocks[0]).ok());
  json_->AwaitWrites(1);
  for (size_t i = 1; i < blocks.size(); ++i) ASSERT_TRUE(pipeline->Deliver(blocks[i]).ok());
  ASSERT_TRUE(pipeline->lanes()[0]->Flush(absl::InfiniteFuture(), /*patient=*/true).ok());
  EXPECT_EQ(raw_->committed().size() + kFileMagic.size(), log_.offset());
  EXPECT_EQ(pipeline->queue_bytes(), 0u) << "nothing waits for it";
  EXPECT_EQ(TargetStateName(pipeline->Snapshot()[1].state), "DETACHED");
  json_->Block(false);
  ASSERT_TRUE(pipeline->lanes()[1]->Flush(absl::InfiniteFuture(), /*patient=*/true).ok());
  EXPECT_EQ(json_->position()->position.offset, log_.offset());
  EXPECT_GT(source_log_.runs(), 0);
  ASSERT_TRUE(pipeline->Drain().ok());
}

TEST_F(PipelineTest, OneTargetThatCannotBeOpenedDoesNotStopTheOther) {
  log_.Transaction({{1, "row"}});
  json_->FailOpens({absl::UnavailableError("down")});
  const auto pipeline = Make();
  BeginAll(*pipeline);
  EXPECT_FALSE(pipeline->lanes()[1]->open());
  for (const auto& block : BlocksOf(log_, Limits(1000))) (void)pipeline->Deliver(block);
  EXPECT_TRUE(pipeline->lanes()[0]->Flush(absl::InfiniteFuture(), /*patient=*/true).ok());
  failed_.WaitForNotification();
  EXPECT_EQ(ErrorReason(pipeline->Failure()), "TARGET_IS_BACK") << "its store is new, and has to be begun";
}

TEST_F(PipelineTest, WhenNoTargetCanBeOpenedItSaysWhy) {
  json_->FailOpens({absl::UnavailableError("down")});
  raw_->FailOpens({absl::UnavailableError("down too")});
  EXPECT_TRUE(absl::IsUnavailable(Make()->OpenTargets()));
  json_required_ = false;
  json_->FailOpens({Permanent(absl::DataLossError("broken"))});
  raw_->FailOpens({absl::UnavailableError("down")});
  EXPECT_FALSE(IsPermanent(Make()->OpenTargets())) << "the one that is required may come back";
  json_->FailOpens({Permanent(absl::DataLossError("broken"))});
  EXPECT_TRUE(Make()->OpenTargets().ok());
  raw_->FailOpens({Permanent(absl::DataLossError("broken"))});
  EXPECT_TRUE(IsPermanent(Make()->OpenTargets()));
}

TEST_F(PipelineTest, EveryTargetThatIsBrokenForGoodIsShownAsFailedWithItsReason) {
  const absl::Status in_use = Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_IN_USE", "another's"));
  const absl::Status damaged = Permanent(MakeError(absl::StatusCode::kDataLoss, "TARGET_DAMAGED", "edited"));
  raw_->FailOpens({in_use});
  json_->FailOpens({damaged});
  const auto opened = Make();
  EXPECT_EQ(ErrorReason(opened->OpenTargets()), "TARGET_IN_USE");
  for (const auto& [index, reason] : {std::pair(0, "TARGET_IN_USE"), std::pair(1, "TARGET_DAMAGED")}) {
    EXPECT_EQ(TargetStateName(opened->Snapshot()[index].state), "FAILED");
    EXPECT_EQ(ErrorReason(opened->Snapshot()[index].error), reason);
  }
  const auto begun = Make();
  ASSERT_TRUE(begun->OpenTargets().ok());
  json_->FailBegins({damaged});
  EXPECT_EQ(ErrorReason(begun->Begin(1, DurablePosition(), *MakeEpoch())), "TARGET_DAMAGED");
  EXPECT_EQ(TargetStateName(begun->Snapshot()[1].state), "FAILED");
  EXPECT_EQ(TargetStateName(begun->Snapshot()[0].state), "FOLLOWING");
}

TEST_F(PipelineTest, ATargetThatFailsToBeginDoesNotStopTheOther) {
  const auto pipeline = Make();
  ASSERT_TRUE(pipeline->OpenTargets().ok());
  json_->FailBegins({absl::UnavailableError("down")});
  EXPECT_TRUE(pipeline->Begin(1, DurablePosition(), *MakeEpoch()).ok());
  EXPECT_FALSE(pipeline->lanes()[1]->open());
  raw_->FailBegins({absl::UnavailableError("down")});
  EXPECT_TRUE(absl::IsUnavailable(pipeline->Begin(0, DurablePosition(), *MakeEpoch()))) << "nobody is left";
}

TEST_F(PipelineTest, WhenAllHaveFailedThePipelineHas) {
  json_required_ = false;
  const auto pipeline = Make();
  ASSERT_TRUE(pipeline->OpenTargets().ok());
  const absl::Status purged = Permanent(MakeError(absl::StatusCode::kOutOfRange, "POSITION_PURGED", "gone"));
  EXPECT_TRUE(pipeline->GiveUp(1, purged).ok());
  EXPECT_TRUE(pipeline->Failure().ok());
  EXPECT_EQ(TargetStateName(pipeline->Snapshot()[1].state), "FAILED");
  EXPECT_EQ(ErrorReason(pipeline->GiveUp(0, purged)), "POSITION_PURGED");
}

TEST_F(PipelineTest, InterruptEndsADeliverThatWaits) {
  const auto blocks = LargeBlocks(80, &log_);
  const auto pipeline = Make();
  BeginAll(*pipeline);
  raw_->Block(true);
  absl::Status end;
  std::thread reader([&] {
    for (const auto& block : blocks) {
      end = pipeline->Deliver(block);
      if (!end.ok()) return;
    }
  });
  raw_->AwaitWrites(1);
  pipeline->Interrupt();
  reader.join();
  EXPECT_TRUE(absl::IsCancelled(end)) << end;
  raw_->Block(false);
  // A drain has a limit, which a machine that is busy with other things may need for so much.
  const absl::Time bound = absl::Now() + absl::Seconds(60);
  while (pipeline->queue_bytes() != 0 && absl::Now() < bound) absl::SleepFor(absl::Milliseconds(5));
  EXPECT_TRUE(pipeline->Drain().ok()) << "what was delivered is committed all the same";
}

TEST_F(PipelineTest, AFailingTargetIsNamedAndTheOtherKeepsWhatItHas) {
  log_.Transaction({{1, "row"}});
  const auto pipeline = Make();
  BeginAll(*pipeline);
  json_->FailWrites({Permanent(MakeError(absl::StatusCode::kPermissionDenied, "X", "no access"))});
  for (const auto& block : BlocksOf(log_, Limits(1000))) ASSERT_TRUE(pipeline->Deliver(block).ok());
  failed_.WaitForNotification();
  EXPECT_EQ(ErrorReason(pipeline->Failure()), "X");
  EXPECT_NE(pipeline->Failure().message().find("\"json\""), absl::string_view::npos);
  EXPECT_EQ(ErrorReason(pipeline->Deliver(BlocksOf(log_, Limits(1000))[0])), "X");
  EXPECT_EQ(ErrorReason(pipeline->Drain()), "X");
  EXPECT_EQ(raw_->position()->position.offset, log_.offset());
}

}  // namespace
}  // namespace binlogd
