// A lane whose target, or whose source, fails: it mends itself, and neither loses nor doubles anything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/pipeline/target_lane_testing.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::Encoded;
using testing::FakeStore;
using ::testing::HasSubstr;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using testing::TargetLaneTest;

const absl::Status kDown = absl::UnavailableError("the store is down");

using LaneMendingTest = TargetLaneTest;

TEST_P(LaneMendingTest, AFailedWriteIsMendedWhereverItHappens) {
  for (size_t good = 0; good < blocks_.size(); good += 5) {
    store_ = std::make_shared<FakeStore>();
    std::deque<absl::Status> answers(good, absl::OkStatus());
    answers.push_back(kDown);
    store_->FailWrites(answers);
    store_->FailOpens({absl::OkStatus(), kDown});
    StartLane();
    ASSERT_TRUE(OfferAll().ok());
    ExpectAllIsThereAfterFlush();
    EXPECT_EQ(store_->opens(), 3) << good;
    EXPECT_EQ(failures_, 0);
  }
  EXPECT_GT(source_log_.runs(), 0);
}

TEST_P(LaneMendingTest, AFailedCommitIsMended) {
  StartLane();
  store_->FailCommits({absl::InternalError("fsync failed"), kDown});
  ASSERT_TRUE(OfferAll().ok());
  ExpectAllIsThereAfterFlush();
  EXPECT_EQ(source_log_.runs(), 2) << "all that was written was gone";
}

TEST_P(LaneMendingTest, ACommitWhoseAnswerIsLostIsNotDoubled) {
  StartLane();
  store_->LoseAnswers({kDown});
  ASSERT_TRUE(OfferAll().ok());
  ExpectAllIsThereAfterFlush();
  EXPECT_EQ(store_->opens(), 2);
}

// What is durable ends inside a block that waits.
TEST_P(LaneMendingTest, AStoreThatIsAheadOfTheQueueGetsTheRestOfABlock) {
  blocks_.swap(other_cut_);
  {
    StartLane();
    ASSERT_TRUE(Offer(0, 10).ok());
    ASSERT_TRUE(lane_->Drain().ok());
  }
  blocks_.swap(other_cut_);
  store_->FailOpens(std::deque<absl::Status>(5, kDown));
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  ExpectAllIsThereAfterFlush();
  EXPECT_EQ(source_log_.runs(), 0) << "the queue had it all";
}

TEST_P(LaneMendingTest, WhatCannotBeOpenedWaitsInTheQueueAndGetsWhatWasBeforeByAReplay) {
  {
    StartLane();
    ASSERT_TRUE(Offer(0, 3).ok());
    ASSERT_TRUE(lane_->Drain().ok());
  }
  MakeLane(TargetLane::Options());
  store_->FailOpens(std::deque<absl::Status>(3, kDown));
  EXPECT_EQ(lane_->Open().status(), kDown);
  EXPECT_FALSE(lane_->open());
  lane_->Start(MakeEpoch(), blocks_[8]->start);
  ASSERT_TRUE(Offer(8, blocks_.size()).ok());
  ExpectAllIsThereAfterFlush();
  EXPECT_EQ(source_log_.runs(), 1);
}

TEST_P(LaneMendingTest, AReplayThatFailsIsRepeatedFromWhereItCame) {
  StartLane();
  store_->FailCommits({kDown});
  source_log_.FailRuns({kDown, kDown, kDown}, 17);
  ASSERT_TRUE(OfferAll().ok());
  ExpectAllIsThereAfterFlush();
  EXPECT_EQ(source_log_.runs(), 4);
  EXPECT_EQ(store_->opens(), 2) << "the target is well";
}

TEST_P(LaneMendingTest, AStoreThatFailsInAReplayIsMendedToo) {
  StartLane();
  store_->FailCommits({kDown});
  ASSERT_TRUE(OfferAll().ok());
  std::deque<absl::Status> answers(blocks_.size() + 4, absl::OkStatus());
  answers.push_back(kDown);
  answers.insert(answers.end(), 3, absl::OkStatus());
  answers.push_back(kDown);
  store_->FailWrites(answers);
  ExpectAllIsThereAfterFlush();
}

TEST_P(LaneMendingTest, APurgedLogFailsARequiredLaneForGood) {
  StartLane();
  store_->FailCommits({kDown});
  source_log_.FailRuns({Permanent(MakeError(absl::StatusCode::kOutOfRange, "POSITION_PURGED", "gone"))});
  ASSERT_TRUE(OfferAll().ok());
  EXPECT_EQ(ErrorReason(lane_->Flush(absl::InfiniteFuture(), true)), "POSITION_PURGED");
  EXPECT_EQ(ErrorReason(lane_->failure()), "POSITION_PURGED");
  EXPECT_EQ(State(), TargetState::kFailed);
}

TEST_P(LaneMendingTest, APurgedLogFailsAnOptionalLaneAlone) {
  StartLane(Optional());
  store_->FailCommits({kDown});
  source_log_.FailRuns({Permanent(MakeError(absl::StatusCode::kOutOfRange, "POSITION_PURGED", "gone"))});
  ASSERT_TRUE(OfferAll().ok());
  EXPECT_EQ(ErrorReason(lane_->Flush(absl::InfiniteFuture(), true)), "POSITION_PURGED");
  AwaitState(TargetState::kFailed);
  EXPECT_TRUE(lane_->failure().ok());
  EXPECT_TRUE(OfferAll().ok()) << "it is not waited for";
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_P(LaneMendingTest, ALogThatWasResetHasAllTargetsOpenedAnew) {
  StartLane(Optional());
  store_->FailCommits({kDown});
  source_log_.FailRuns({MakeError(absl::StatusCode::kFailedPrecondition, "LOG_RESET", "another log")});
  ASSERT_TRUE(OfferAll().ok());
  lane_->Flush(absl::InfiniteFuture(), true).IgnoreError();
  failed_.WaitForNotification();
  EXPECT_EQ(ErrorReason(lane_->failure()), "LOG_RESET");
  EXPECT_FALSE(IsPermanent(lane_->failure()));
}

TEST_P(LaneMendingTest, ANewStoreThatCouldNotBeOpenedHasAllTargetsOpenedAnew) {
  store_->FailOpens({kDown, kDown});
  StartLane();
  failed_.WaitForNotification();
  EXPECT_EQ(ErrorReason(lane_->failure()), "TARGET_IS_BACK");
  EXPECT_FALSE(IsPermanent(lane_->failure()));
}

TEST_P(LaneMendingTest, AStoreThatComesBackInAnotherEpochHasAllTargetsOpenedAnew) {
  {
    StartLane();
    ASSERT_TRUE(OfferAll().ok());
    ASSERT_TRUE(lane_->Drain().ok());
  }
  MakeLane(TargetLane::Options());
  store_->FailOpens({kDown});
  EXPECT_FALSE(lane_->Open().ok());
  lane_->Start(MakeEpoch(2), MakeEpoch(2)->first);
  failed_.WaitForNotification();
  EXPECT_EQ(ErrorReason(lane_->failure()), "TARGET_IS_BACK");
}

TEST_P(LaneMendingTest, AStoreThatWasEmptiedInUseIsNotBegunInSilence) {
  StartLane();
  ASSERT_TRUE(Offer(0, 5).ok());
  ASSERT_TRUE(lane_->Flush(absl::InfiniteFuture(), true).ok());
  store_->Empty();
  store_->FailWrites({kDown});
  ASSERT_TRUE(Offer(5, 10).ok());
  failed_.WaitForNotification();
  EXPECT_EQ(ErrorReason(lane_->failure()), "TARGET_DAMAGED");
}

TEST_P(LaneMendingTest, WhileItFailsItIsRetryingAndTheQueueKeepsWhatIsOffered) {
  StartLane();
  store_->FailAll(kDown);
  ASSERT_TRUE(OfferAll().ok());
  AwaitState(TargetState::kRetrying);
  EXPECT_THAT(std::string(lane_->Snapshot().error.message()), HasSubstr("is down"));
  EXPECT_TRUE(absl::IsUnavailable(lane_->Flush(absl::InfiniteFuture(), /*patient=*/false)));
  store_->AwaitOpens(3);
  EXPECT_GT(lane_->Snapshot().queue_bytes, 0u);
  store_->FailAll(absl::OkStatus());
  ExpectAllIsThereAfterFlush();
}

TEST_P(LaneMendingTest, WhileItWaitsForAnAnswerItIsRetryingAndGoesOn) {
  StartLane();
  store_->BlockInTrouble(kDown);
  ASSERT_TRUE(OfferAll().ok());
  AwaitState(TargetState::kRetrying);
  EXPECT_THAT(std::string(lane_->Snapshot().error.message()), HasSubstr("is down"));
  EXPECT_TRUE(lane_->failure().ok());
  store_->Block(false);
  ExpectAllIsThereAfterFlush();
  EXPECT_EQ(store_->opens(), 1) << "what it had begun was not given up";
  EXPECT_EQ(lane_->Snapshot().counters->retries.load(), 0u);
}

TEST_P(LaneMendingTest, AnOptionalLaneIsDetachedWhenTooMuchWaitsAndCatchesUp) {
  StartLane(Optional());
  store_->FailAll(kDown);
  ASSERT_TRUE(Offer(0, 10).ok());
  AwaitState(TargetState::kRetrying);
  lane_->Reserve(1, 1);
  EXPECT_EQ(budget_.used(), 0u);
  EXPECT_EQ(TargetStateName(State()), "DETACHED");
  ASSERT_TRUE(Offer(10, 30).ok());
  EXPECT_EQ(budget_.used(), 0u) << "nothing is kept for it";
  store_->FailAll(absl::OkStatus());
  ASSERT_TRUE(Offer(30, blocks_.size()).ok());
  ExpectAllIsThereAfterFlush();
  EXPECT_GT(source_log_.runs(), 0);
}

TEST_P(LaneMendingTest, AnOptionalLaneThatIsOnlySlowIsDetachedAndCatchesUp) {
  StartLane(Optional());
  store_->Block(true);
  ASSERT_TRUE(Offer(0, 20).ok());
  store_->AwaitWrites(1);
  lane_->Reserve(1, 1);
  EXPECT_EQ(budget_.used(), 0u) << "also what is being written is given back";
  ASSERT_TRUE(Offer(20, blocks_.size()).ok());
  store_->Block(false);
  ExpectAllIsThereAfterFlush();
  EXPECT_EQ(store_->opens(), 1) << "it never failed";
}

TEST_P(LaneMendingTest, ARequiredLaneIsNeverDetachedByWhatWaits) {
  StartLane();
  store_->Block(true);
  ASSERT_TRUE(Offer(0, 20).ok());
  lane_->Reserve(1 << 30, 1);
  EXPECT_GT(budget_.used(), 0u);
  ASSERT_TRUE(Offer(20, blocks_.size()).ok());
  store_->Block(false);
  ExpectAllIsThereAfterFlush();
  EXPECT_EQ(source_log_.runs(), 0);
}

TEST_P(LaneMendingTest, ATargetThatIsFarBehindReadsByItselfWhileTheSourceGoesOn) {
  {
    StartLane();
    ASSERT_TRUE(Offer(0, 5).ok());
    ASSERT_TRUE(lane_->Drain().ok());
  }
  log_.Rotate();
  log_.Transaction({{1000, "in the next file"}});
  log_.Rotate();
  const size_t before = BlocksOf(log_, Limits(3)).size();
  for (int i = 0; i < 20; ++i) log_.Transaction({{i, "live"}});
  blocks_ = BlocksOf(log_, Limits(3));
  source_log_.Block(true);
  MakeLane(TargetLane::Options());
  ASSERT_TRUE(lane_->Open().ok());
  lane_->Start(MakeEpoch(), blocks_[before]->start);
  AwaitState(TargetState::kCatchingUp);
  ASSERT_TRUE(Offer(before, blocks_.size()).ok());
  EXPECT_EQ(budget_.used(), 0u) << "nothing waits for it";
  source_log_.Block(false);
  ASSERT_TRUE(lane_->Flush(absl::InfiniteFuture(), /*patient=*/false).ok());
  std::string expected = Encoded(blocks_);
  if (!GetParam()) {
    expected.clear();
    for (const std::string& file : log_.files()) expected += log_.FileBytes(file).substr(kFileMagic.size());
  }
  EXPECT_TRUE(store_->committed() == expected);
  EXPECT_EQ(State(), TargetState::kFollowing);
}

TEST_P(LaneMendingTest, AStopEndsEveryWait) {
  // In the back-off.
  StartLane();
  store_->FailAll(kDown);
  ASSERT_TRUE(OfferAll().ok());
  store_->AwaitOpens(2);
  EXPECT_EQ(lane_->Drain(), Annotate(kDown, "target \"t\""));
  store_->FailAll(absl::OkStatus());
  // In a replay.
  source_log_.Block(true);
  store_->FailWrites({kDown});
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  source_log_.AwaitRuns(source_log_.runs() + 1);
  EXPECT_TRUE(lane_->Drain().ok());
  source_log_.Block(false);
  // In a write that is held up for too long.
  StartLane();
  store_->Block(true);
  const int writes = store_->writes();
  ASSERT_TRUE(OfferAll().ok());
  store_->AwaitWrites(writes + 1);
  EXPECT_FALSE(lane_->Drain(absl::Now()).ok());
  EXPECT_GT(store_->interrupts(), 0);
  // Abandoned in a write.
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  store_->AwaitWrites(writes + 2);
  lane_->Abandon();
  // And nothing is lost or doubled.
  store_->Block(false);
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  ExpectAllIsThereAfterFlush();
}

// A drain ends an Open that waits; why the target had to be opened is told, and not that.
TEST_P(LaneMendingTest, WhatHoldsATargetUpIsToldWhenItsOpenIsInterrupted) {
  StartLane();
  store_->BlockOpens(true);
  store_->FailWrites({kDown});
  ASSERT_TRUE(OfferAll().ok());
  store_->AwaitOpens(2);
  EXPECT_EQ(lane_->Drain(), Annotate(kDown, "target \"t\""));
  EXPECT_EQ(lane_->Snapshot().error, kDown);
}

TEST_P(LaneMendingTest, AnInterruptedLaneDrainsAtOnceWheneverItIsStarted) {
  MakeLane(TargetLane::Options());
  lane_->Interrupt();
  EXPECT_TRUE(absl::IsCancelled(lane_->Open().status()));
  lane_->Start(MakeEpoch(), MakeEpoch()->first);
  EXPECT_FALSE(lane_->Flush(absl::InfiniteFuture(), true).ok());
  EXPECT_FALSE(lane_->Drain().ok());
}

TEST_P(LaneMendingTest, ATargetThatWasInterruptedIsReplacedWithAllOthers) {
  StartLane();
  store_->Block(true);
  ASSERT_TRUE(OfferAll().ok());
  store_->AwaitWrites(1);
  EXPECT_FALSE(lane_->Drain(absl::Now()).ok());
  store_->Block(false);
  lane_->Start(MakeEpoch(), MakeEpoch()->first);
  failed_.WaitForNotification();
  EXPECT_FALSE(IsPermanent(lane_->failure()));
}

TEST_P(LaneMendingTest, WhatCouldNotBeOpenedIsInTroubleUntilAnotherLaneOpensIt) {
  const absl::Status down = absl::UnavailableError("down");
  const absl::Time since = absl::UnixEpoch() + absl::Seconds(17);
  const auto counters = std::make_shared<TargetCounters>();
  TargetLane::Options options;
  options.last.error = Permanent(down);
  options.last.error_since = since;
  MakeLane(options, counters);
  store_->BlockOpens(true);
  store_->FailOpens({down});
  std::thread opener([this] { EXPECT_TRUE(absl::IsUnavailable(lane_->Open().status())); });
  store_->AwaitOpens(1);
  EXPECT_EQ(TargetStateName(State()), "RETRYING");
  EXPECT_EQ(lane_->Snapshot().error, down);
  store_->BlockOpens(false);
  opener.join();
  EXPECT_EQ(lane_->Snapshot().error_since, since) << "it is the same trouble";
  EXPECT_EQ(counters->retries.load(), 1u);
  EXPECT_TRUE(lane_->Open().ok());
  EXPECT_TRUE(lane_->Snapshot().error.ok());
  EXPECT_EQ(counters->retries.load(), 2u);
  EXPECT_TRUE(lane_->Open().ok());
  EXPECT_EQ(counters->retries.load(), 2u) << "nothing was wrong";
}

INSTANTIATE_TEST_SUITE_P(Forms, LaneMendingTest, ::testing::Bool(), testing::FormName);

}  // namespace
}  // namespace binlogd
