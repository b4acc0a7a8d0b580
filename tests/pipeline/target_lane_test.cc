#include "pipeline/target_lane.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "tests/binlog/events.h"
#include "tests/binlog/zstd.h"
#include "tests/harness/log_blocks.h"
#include "tests/pipeline/fake_target.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::FakeStore;
using testing::FakeTarget;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;

using Blocks = std::vector<std::shared_ptr<const Block>>;

DurablePosition Start(const EpochStart& epoch) {
  DurablePosition start;
  start.epoch = epoch.epoch;
  start.position = epoch.first;
  return start;
}

absl::StatusOr<EncodedBlock> EncodeJson(const Block& block, const BlockRange& range) {
  return testing::EncodeBlock(block, range, EventFilter(FilterSpec()), EventFormat::kJson, "orders");
}

std::string Encoded(const Blocks& blocks) {
  std::string all;
  for (const auto& block : blocks) all += EncodeJson(*block, BlockRange())->bytes;
  return all;
}

class TargetLaneTest : public ::testing::TestWithParam<bool> {
 protected:
  TargetLaneTest() {
    for (int i = 0; i < 40; ++i) log_.Transaction({{i, "row"}, {i, "another row"}});
    blocks_ = BlocksOf(log_, Limits(3));
    other_cut_ = BlocksOf(log_, Limits(7));
  }
  void MakeLane(absl::Duration max_wait = absl::Hours(1)) {
    TargetLane::Options options;
    options.batch.max_wait = max_wait;
    options.filter = std::make_shared<const EventFilter>(FilterSpec());
    options.pool = &pool_;
    options.on_failure = [this] {
      if (++failures_ == 1) failed_.Notify();
    };
    options.on_commit = [this] { ++commits_; };
    lane_ = std::make_unique<TargetLane>(std::make_unique<FakeTarget>("t", store_, GetParam()), std::move(options));
    const auto had = lane_->Open();
    ASSERT_TRUE(had.ok());
    if (!had->has_value()) {
      ASSERT_TRUE(lane_->Begin(Start(*MakeEpoch()), *MakeEpoch()).ok());
    }
    lane_->Start();
  }
  absl::Status OfferAll() {
    for (const auto& block : blocks_) {
      if (absl::Status offered = lane_->Offer(block, budget_.Acquire(block->bytes.size())); !offered.ok())
        return offered;
    }
    return absl::OkStatus();
  }
  std::string Expected() const {
    return GetParam() ? Encoded(blocks_) : log_.FileBytes("binlog.000001").substr(kFileMagic.size());
  }

  LogWriter log_;
  Blocks blocks_;
  Blocks other_cut_;
  ByteBudget budget_{64 << 20};
  ThreadPool pool_{3};
  std::shared_ptr<FakeStore> store_ = std::make_shared<FakeStore>();
  std::atomic<int> failures_ = 0;
  std::atomic<int> commits_ = 0;
  absl::Notification failed_;
  std::unique_ptr<TargetLane> lane_;
};

TEST_P(TargetLaneTest, DrainWritesAllInOrderAndCommits) {
  MakeLane();
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
  MakeLane();
  ASSERT_TRUE(OfferAll().ok());
  lane_->Abandon();
  EXPECT_EQ(store_->committed(), "");
  EXPECT_EQ(commits_, 0);
  EXPECT_EQ(failures_, 0);
  lane_.reset();
  MakeLane();
  ASSERT_TRUE(OfferAll().ok());
  ASSERT_TRUE(lane_->Drain().ok());
  EXPECT_EQ(store_->committed(), Expected());
}

TEST_P(TargetLaneTest, CommitsWhenTheWaitIsOver) {
  MakeLane(absl::Milliseconds(10));
  ASSERT_TRUE(OfferAll().ok());
  const std::string expected = Expected();
  const absl::Time bound = absl::Now() + absl::Seconds(60);
  while (store_->committed() != expected && absl::Now() < bound) absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(store_->committed(), expected);
}

TEST_P(TargetLaneTest, NoRoomIsTriedAgainWithoutLossOrDouble) {
  MakeLane();
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
  MakeLane();
  store_->FailWrites(std::deque<absl::Status>(100, absl::ResourceExhaustedError("disk full")));
  ASSERT_TRUE(OfferAll().ok());
  store_->AwaitWrites(1);
  EXPECT_TRUE(absl::IsResourceExhausted(lane_->Drain()));
  EXPECT_FALSE(lane_->Snapshot().error.ok());
}

TEST_P(TargetLaneTest, OtherErrorsEndTheLaneOnce) {
  MakeLane();
  store_->FailWrites({MakeError(absl::StatusCode::kPermissionDenied, "X", "no access")});
  (void)OfferAll();
  failed_.WaitForNotification();
  EXPECT_EQ(ErrorReason(lane_->failure()), "X");
  EXPECT_NE(lane_->failure().message().find("target \"t\""), absl::string_view::npos);
  EXPECT_EQ(ErrorReason(lane_->Offer(blocks_[0], budget_.Acquire(1))), "X");
  EXPECT_EQ(ErrorReason(lane_->Drain()), "X");
  EXPECT_EQ(failures_, 1);
  EXPECT_EQ(store_->committed(), "");
  lane_.reset();
  EXPECT_EQ(budget_.used(), 0u) << "what waited was let go";
}

TEST_P(TargetLaneTest, AFailedCommitEndsTheLaneAndTheNextOneGoesOn) {
  MakeLane();
  store_->FailCommits({absl::InternalError("fsync failed")});
  ASSERT_TRUE(OfferAll().ok());
  EXPECT_FALSE(lane_->Drain().ok());
  EXPECT_EQ(failures_, 1);
  EXPECT_EQ(store_->committed(), "");
  lane_.reset();
  MakeLane();
  ASSERT_TRUE(OfferAll().ok());
  ASSERT_TRUE(lane_->Drain().ok());
  EXPECT_EQ(store_->committed(), Expected());
}

TEST_P(TargetLaneTest, WhatTheTargetHasIsSkippedWhereverItStands) {
  for (size_t half = 0; half <= blocks_.size(); half += 7) {
    store_ = std::make_shared<FakeStore>();
    MakeLane();
    for (size_t i = 0; i < half; ++i) ASSERT_TRUE(lane_->Offer(blocks_[i], budget_.Acquire(1)).ok());
    ASSERT_TRUE(lane_->Drain().ok());
    lane_.reset();
    // Read again from the beginning, cut in another way.
    blocks_.swap(other_cut_);
    MakeLane();
    ASSERT_TRUE(OfferAll().ok());
    ASSERT_TRUE(lane_->Drain().ok());
    EXPECT_EQ(store_->committed(), Expected()) << half;
    lane_.reset();
    blocks_.swap(other_cut_);
  }
}

TEST_P(TargetLaneTest, DrainedItCanBeginANewEpoch) {
  MakeLane();
  ASSERT_TRUE(OfferAll().ok());
  ASSERT_TRUE(lane_->Drain().ok());
  std::string expected = Expected();
  LogWriter second;
  for (int i = 1; i <= 4; ++i) second.Transaction({{i, absl::StrCat("second ", i)}});
  // Twice: what is held back in one epoch says nothing of the next.
  for (uint32_t number = 2; number <= 3; ++number) {
    const auto epoch = MakeEpoch(number, "aaaaaaaa");
    DurablePosition start = Start(*epoch);
    start.held_gtid_set = absl::StrCat(LogWriter::kServerUuid, number == 2 ? ":1" : ":2-3");
    ASSERT_TRUE(lane_->Begin(start, *epoch).ok());
    lane_->Start();
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
  MakeLane();
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
  MakeLane();
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
  MakeLane();
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
    MakeLane();
    std::deque<absl::Status> answers(static_cast<size_t>(pieces), absl::OkStatus());
    answers.push_back(MakeError(absl::StatusCode::kPermissionDenied, "X", "no access"));
    store_->FailWrites(answers);
    ASSERT_TRUE(OfferAll().ok());
    if (GetParam() || pieces == 0) {
      EXPECT_EQ(ErrorReason(lane_->Drain()), "X");
      EXPECT_EQ(store_->committed(), "");
    }
    lane_.reset();
    store_->FailWrites({});
    MakeLane();
    ASSERT_TRUE(OfferAll().ok());
    ASSERT_TRUE(lane_->Drain().ok());
    EXPECT_TRUE(store_->committed() == expected) << pieces;
    lane_.reset();
  }
}

// A gigabyte out of a few kilobytes: no more than a piece of it is ever handed over.
TEST_P(TargetLaneTest, ATransactionOfAGigabytePassesInPieces) {
  constexpr size_t kMostPiece = (16 << 20) + (1 << 17);
  constexpr int kRows = 16800;
  blocks_ = {LargePayload(kRows, std::string(65000, 'x'))};
  ASSERT_LT(blocks_[0]->bytes.size(), 1u << 20);
  store_->CountOnly();
  MakeLane();
  ASSERT_TRUE(OfferAll().ok());
  ASSERT_TRUE(lane_->Drain().ok());
  EXPECT_LT(store_->largest_write(), kMostPiece);
  if (GetParam()) {
    EXPECT_GT(lane_->Snapshot().bytes_written, uint64_t{1} << 30);
    EXPECT_GT(store_->writes(), 100);
  }
  EXPECT_EQ(lane_->durable().position.offset, blocks_[0]->end.offset);
}

INSTANTIATE_TEST_SUITE_P(Forms, TargetLaneTest, ::testing::Bool(),
                         [](const ::testing::TestParamInfo<bool>& info) { return info.param ? "Decoded" : "Raw"; });

}  // namespace
}  // namespace binlogd
