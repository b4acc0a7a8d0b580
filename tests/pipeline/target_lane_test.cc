#include "pipeline/target_lane.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "tests/binlog/events.h"
#include "tests/binlog/zstd.h"
#include "tests/pipeline/target_lane_testing.h"

namespace binlogd {
namespace {

using testing::Blocks;
using testing::BlocksOf;
using testing::Encoded;
using testing::EncodeJson;
using testing::FakeStore;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using testing::TargetLaneTest;

TEST_P(TargetLaneTest, DrainWritesAllInOrderAndCommits) {
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  ASSERT_TRUE(lane_->Drain().ok());
  EXPECT_EQ(store_->committed(), Expected());
  EXPECT_GE(commits_, 1);
  EXPECT_EQ(failures_, 0);
  EXPECT_EQ(lane_->durable().position.offset, log_.offset());
  const TargetSnapshot snapshot = lane_->Snapshot();
  EXPECT_EQ(snapshot.queue_bytes, 0u);
  EXPECT_EQ(snapshot.durable.position.offset, log_.offset());
  EXPECT_EQ(snapshot.bytes_written, Expected().size());
  EXPECT_NE(snapshot.last_write, absl::InfinitePast());
}

TEST_P(TargetLaneTest, AbandonDoesNotCommit) {
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  lane_->Abandon();
  EXPECT_EQ(store_->committed(), "");
  EXPECT_EQ(commits_, 0);
  EXPECT_EQ(failures_, 0);
  lane_.reset();
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  ASSERT_TRUE(lane_->Drain().ok());
  EXPECT_EQ(store_->committed(), Expected());
}

TEST_P(TargetLaneTest, CommitsWhenTheWaitIsOver) {
  StartLane(absl::Milliseconds(10));
  ASSERT_TRUE(OfferAll().ok());
  const std::string expected = Expected();
  const absl::Time bound = absl::Now() + absl::Seconds(60);
  while (store_->committed() != expected && absl::Now() < bound) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(store_->committed(), expected);
}

TEST_P(TargetLaneTest, NoRoomIsTriedAgainWithoutLossOrDouble) {
  StartLane();
  const absl::Status full = absl::ResourceExhaustedError("disk full");
  store_->FailWrites({full, full, absl::OkStatus(), full});
  ASSERT_TRUE(OfferAll().ok());
  store_->AwaitWrites(6);
  ASSERT_TRUE(lane_->Drain().ok());
  EXPECT_EQ(store_->committed(), Expected());
  EXPECT_EQ(failures_, 0);
  EXPECT_TRUE(lane_->Snapshot().error.ok());
}

TEST_P(TargetLaneTest, DrainGivesUpOnATargetThatFails) {
  StartLane();
  store_->FailWrites(std::deque<absl::Status>(100, absl::ResourceExhaustedError("disk full")));
  ASSERT_TRUE(OfferAll().ok());
  store_->AwaitWrites(1);
  EXPECT_TRUE(absl::IsResourceExhausted(lane_->Drain()));
  EXPECT_FALSE(lane_->Snapshot().error.ok());
}

TEST_P(TargetLaneTest, APermanentErrorEndsTheLaneOnce) {
  StartLane();
  store_->FailWrites({Permanent(MakeError(absl::StatusCode::kPermissionDenied, "X", "no access"))});
  (void)OfferAll();
  failed_.WaitForNotification();
  EXPECT_EQ(ErrorReason(lane_->failure()), "X");
  EXPECT_NE(lane_->failure().message().find("target \"t\""), absl::string_view::npos);
  EXPECT_EQ(ErrorReason(lane_->Offer(blocks_[0], budget_.Acquire(1))), "X");
  EXPECT_EQ(ErrorReason(lane_->Flush(absl::InfiniteFuture(), true)), "X");
  EXPECT_EQ(ErrorReason(lane_->Drain()), "X");
  EXPECT_EQ(State(), TargetState::kFailed);
  EXPECT_EQ(failures_, 1);
  EXPECT_EQ(store_->committed(), "");
  EXPECT_EQ(budget_.used(), 0u) << "what waited was let go";
}

TEST_P(TargetLaneTest, WhatTheTargetHasIsSkippedWhereverItStands) {
  for (size_t half = 0; half <= blocks_.size(); half += 7) {
    store_ = std::make_shared<FakeStore>();
    StartLane();
    for (size_t i = 0; i < half; ++i) ASSERT_TRUE(lane_->Offer(blocks_[i], budget_.Acquire(1)).ok());
    ASSERT_TRUE(lane_->Drain().ok());
    lane_.reset();
    // Read again from the beginning, cut in another way.
    blocks_.swap(other_cut_);
    StartLane();
    ASSERT_TRUE(OfferAll().ok());
    ASSERT_TRUE(lane_->Drain().ok());
    EXPECT_EQ(store_->committed(), Expected()) << half;
    lane_.reset();
    blocks_.swap(other_cut_);
  }
}

TEST_P(TargetLaneTest, DrainedItCanBeginANewEpoch) {
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  ASSERT_TRUE(lane_->Drain().ok());
  std::string expected = Expected();
  LogWriter second;
  for (int i = 1; i <= 4; ++i) second.Transaction({{i, absl::StrCat("second ", i)}});
  // Twice: what is held back in one epoch says nothing of the next.
  for (uint32_t number = 2; number <= 3; ++number) {
    const auto epoch = MakeEpoch(number, "aaaaaaaa");
    DurablePosition start = testing::StartOf(*epoch);
    start.held_gtid_set = absl::StrCat(LogWriter::kServerUuid, number == 2 ? ":1" : ":2-3");
    ASSERT_TRUE(lane_->Begin(start, *epoch).ok());
    lane_->Start(epoch, epoch->first);
    const Blocks blocks = BlocksOf(second, Limits(2), epoch);
    const GtidSet held = *GtidSet::Parse(Flavor::kMySql, start.held_gtid_set);
    for (const auto& block : blocks) {
      ASSERT_TRUE(lane_->Offer(block, budget_.Acquire(1)).ok());
      expected += GetParam() ? EncodeJson(*block, BlockRange{0, &held})->bytes : block->bytes;
    }
    ASSERT_TRUE(lane_->Drain().ok());
    EXPECT_EQ(store_->committed(), expected);
  }
}

TEST_P(TargetLaneTest, AStoreThatIsSlowBoundsMemory) {
  ByteBudget small(2000);
  StartLane();
  store_->Block(true);
  std::thread offering([&] {
    for (const auto& block : blocks_) {
      const ByteBudget::Lease lease = small.Acquire(block->bytes.size());
      EXPECT_LE(small.used(), 2000u);
      ASSERT_TRUE(lane_->Offer(block, lease).ok());
    }
  });
  store_->AwaitWrites(1);
  store_->Block(false);
  offering.join();
  ASSERT_TRUE(lane_->Drain().ok());
  EXPECT_EQ(store_->committed(), Expected());
  lane_.reset();
}

TEST_P(TargetLaneTest, ABlockThatCannotBeDecodedFailsOnlyDecodingLanes) {
  LogWriter bad;
  bad.Gtid();
  bad.Query("BEGIN");
  bad.WriteRows(1, "no table map", true);
  bad.Xid();
  log_ = bad;
  blocks_ = BlocksOf(log_, Limits(1000));
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  const absl::Status drained = lane_->Drain();
  EXPECT_EQ(drained.ok(), !GetParam());
  if (!drained.ok()) {
    EXPECT_EQ(ErrorReason(drained), "TABLE_MAP_MISSING");
  }
}

// A block whose encoded form takes several pieces: 30 MiB, of 30 kB of log.
std::shared_ptr<const Block> LargePayload(int row_count, absl::string_view name) {
  ZstdStream stream;
  stream.Append(MakeQuery("BEGIN") + MakeEvent(EventType::kTableMap, LogWriter::TableMapBody()));
  for (int i = 0; i < row_count; ++i) {
    stream.Append(MakeEvent(EventType::kWriteRows, LogWriter::WriteRowsBody(i, name, i + 1 == row_count)));
  }
  stream.Append(MakeXid());
  const std::string compressed = stream.Finish();
  LogWriter log;
  log.Transaction({{-1, "before it"}});
  log.Gtid();
  log.Add(EventType::kTransactionPayload, MakePayloadBody(compressed, 0, stream.size()));
  log.Transaction({{-2, "after it"}});
  return BlocksOf(log, Limits(1000))[0];
}

TEST_P(TargetLaneTest, ALargeBlockComesInPiecesWithoutLossOrDouble) {
  blocks_ = {LargePayload(500, std::string(60000, 'x'))};
  const std::string expected = GetParam() ? Encoded(blocks_) : blocks_[0]->bytes;
  StartLane();
  const absl::Status full = absl::ResourceExhaustedError("disk full");
  store_->FailWrites({absl::OkStatus(), full, full, absl::OkStatus(), full});
  ASSERT_TRUE(OfferAll().ok());
  store_->AwaitWrites(GetParam() ? 6 : 1);
  ASSERT_TRUE(lane_->Drain().ok());
  EXPECT_TRUE(store_->committed() == expected);
  const TargetSnapshot snapshot = lane_->Snapshot();
  EXPECT_EQ(snapshot.bytes_written, expected.size());
  EXPECT_EQ(snapshot.events_written, GetParam() ? 1u + 4u + 503u + 4u : blocks_[0]->events.size());
  EXPECT_EQ(snapshot.queue_bytes, 0u);
  EXPECT_EQ(lane_->durable().position.offset, blocks_[0]->end.offset);
}

TEST_P(TargetLaneTest, ACrashBetweenPiecesTakesTheTransactionBack) {
  blocks_ = {LargePayload(500, std::string(60000, 'x'))};
  const std::string expected = GetParam() ? Encoded(blocks_) : blocks_[0]->bytes;
  for (int pieces = 0; pieces < 3; ++pieces) {
    store_ = std::make_shared<FakeStore>();
    StartLane();
    std::deque<absl::Status> answers(static_cast<size_t>(pieces), absl::OkStatus());
    answers.push_back(Permanent(MakeError(absl::StatusCode::kPermissionDenied, "X", "no access")));
    store_->FailWrites(answers);
    ASSERT_TRUE(OfferAll().ok());
    if (GetParam() || pieces == 0) {
      EXPECT_EQ(ErrorReason(lane_->Drain()), "X");
      EXPECT_EQ(store_->committed(), "");
    }
    lane_.reset();
    store_->FailWrites({});
    StartLane();
    ASSERT_TRUE(OfferAll().ok());
    ASSERT_TRUE(lane_->Drain().ok());
    EXPECT_TRUE(store_->committed() == expected) << pieces;
    lane_.reset();
  }
}

// A gigabyte out of a few kilobytes: no more than a piece of it is ever handed over.
TEST_P(TargetLaneTest, ATransactionOfAGigabytePassesInPieces) {
  constexpr size_t kMostPiece = LaneQueue::kPieceBytes + (1 << 17);
  constexpr int kRows = 16800;
  blocks_ = {LargePayload(kRows, std::string(65000, 'x'))};
  ASSERT_LT(blocks_[0]->bytes.size(), 1u << 20);
  store_->CountOnly();
  StartLane();
  ASSERT_TRUE(OfferAll().ok());
  ASSERT_TRUE(lane_->Drain().ok());
  EXPECT_LT(store_->largest_write(), kMostPiece);
  if (GetParam()) {
    EXPECT_GT(lane_->Snapshot().bytes_written, uint64_t{1} << 30);
    EXPECT_GT(store_->writes(), 100);
  }
  EXPECT_EQ(lane_->durable().position.offset, blocks_[0]->end.offset);
}

INSTANTIATE_TEST_SUITE_P(Forms, TargetLaneTest, ::testing::Bool(), testing::FormName);

}  // namespace
}  // namespace binlogd
