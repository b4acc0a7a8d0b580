#include "pipeline/lane_queue.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "tests/harness/log_blocks.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using Wake = LaneQueue::Wake;

class LaneQueueTest : public ::testing::Test {
 protected:
  // Up to where a target lacks something, as text.
  static std::string MissingIn(LaneQueue& queue, const Position& reached) {
    const std::optional<ReadEnd> missing = queue.Missing(reached);
    return missing ? ToString(missing->position) : "nothing";
  }
  LaneQueueTest() {
    for (int i = 0; i < 20; ++i) log_.Transaction({{i, "row"}});
    blocks_ = BlocksOf(log_, Limits(5));
  }
  std::unique_ptr<LaneQueue> Make(std::optional<EventFormat> format = std::nullopt) {
    LaneQueue::Options options;
    options.filter = std::make_shared<const EventFilter>(FilterSpec());
    options.format = format;
    options.pool = &pool_;
    auto queue = std::make_unique<LaneQueue>(std::move(options));
    queue->Begin(MakeEpoch()->first);
    return queue;
  }
  void Offer(LaneQueue& queue, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) queue.Offer(blocks_[i], budget_.Acquire(blocks_[i]->bytes.size()));
  }
  static DurablePosition Durable(const Position& at) {
    DurablePosition durable;
    durable.position = at;
    return durable;
  }
  static Position At(const std::string& file, uint64_t offset) { return Position{file, offset, ""}; }

  LogWriter log_;
  std::vector<std::shared_ptr<const Block>> blocks_;
  ByteBudget budget_{64 << 20};
  ThreadPool pool_{"test", 2};
};

TEST_F(LaneQueueTest, GivesBlocksInOrderThenEnds) {
  const auto queue = Make(EventFormat::kJson);
  queue->Knows(Durable(MakeEpoch()->first));
  Offer(*queue, 0, blocks_.size());
  queue->End(LaneQueue::Ending::kWhenEmpty);
  for (const auto& block : blocks_) {
    const std::shared_ptr<LaneSlot> slot = queue->Next(absl::InfiniteFuture()).slot;
    ASSERT_NE(slot, nullptr);
    EXPECT_EQ(slot->block, block);
    EXPECT_TRUE(slot->status.ok());
    EXPECT_FALSE(slot->encoded.bytes.empty());
    queue->Done();
  }
  EXPECT_EQ(queue->Next(absl::InfiniteFuture()).wake, Wake::kEnd);
  EXPECT_EQ(queue->bytes(), 0u);
}

TEST_F(LaneQueueTest, SaysWhyThereIsNoBlock) {
  const auto queue = Make();
  EXPECT_EQ(queue->Next(absl::InfinitePast()).wake, Wake::kTime);
  const uint64_t flush = queue->RequestFlush();
  EXPECT_EQ(queue->Next(absl::InfiniteFuture()).wake, Wake::kFlush);
  EXPECT_EQ(queue->Next(absl::InfiniteFuture()).flush, flush);
  queue->Flushed(flush);
  EXPECT_EQ(queue->Next(absl::InfinitePast()).wake, Wake::kTime);
  Offer(*queue, 0, 2);
  EXPECT_TRUE(queue->Reserve(1, 1));
  EXPECT_EQ(queue->Next(absl::InfiniteFuture()).wake, Wake::kDetached);
  queue->End(LaneQueue::Ending::kNow);
  EXPECT_EQ(queue->Next(absl::InfiniteFuture()).wake, Wake::kEnd);
}

TEST_F(LaneQueueTest, AnEmptyQueueTakesABlockOfAnySize) {
  const auto queue = Make();
  EXPECT_FALSE(queue->Reserve(1 << 30, 1));
  Offer(*queue, 0, 1);
  EXPECT_TRUE(queue->Reserve(1, blocks_[0]->bytes.size()));
  EXPECT_TRUE(queue->detached());
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(LaneQueueTest, WhatTheTargetHasIsNotTaken) {
  const auto queue = Make();
  Position has = blocks_[3]->start;
  has.offset += blocks_[3]->events[0].size;
  queue->Knows(Durable(has));
  Offer(*queue, 0, 5);
  EXPECT_EQ(queue->Missing(has), std::nullopt);
  const std::shared_ptr<LaneSlot> slot = queue->Next(absl::InfiniteFuture()).slot;
  ASSERT_NE(slot, nullptr);
  EXPECT_EQ(slot->block, blocks_[3]);
  EXPECT_EQ(slot->from_offset, has.offset);
}

TEST_F(LaneQueueTest, TellsWhatIsMissingBeforeTheFirstBlock) {
  const auto queue = Make();
  queue->Begin(blocks_[4]->start);
  ASSERT_TRUE(queue->Missing(blocks_[2]->start));
  EXPECT_EQ(MissingIn(*queue, blocks_[2]->start), ToString(blocks_[4]->start));
  Offer(*queue, 4, 6);
  EXPECT_EQ(MissingIn(*queue, blocks_[2]->start), ToString(blocks_[4]->start)) << "not where the reader is";
  EXPECT_FALSE(queue->detached());
  EXPECT_EQ(queue->Missing(blocks_[4]->start), std::nullopt);
  EXPECT_EQ(queue->Missing(blocks_[5]->start), std::nullopt);
}

TEST_F(LaneQueueTest, ATargetThatIsFarBehindIsDetachedUntilItIsClose) {
  constexpr uint64_t kMiB = 1 << 20;
  const auto queue = Make();
  queue->Begin(At("binlog.000002", 200 * kMiB));
  EXPECT_EQ(MissingIn(*queue, At("binlog.000001", 190 * kMiB)), ToString(At("binlog.000002", 200 * kMiB)));
  EXPECT_TRUE(queue->detached()) << "another file";
  EXPECT_TRUE(queue->Missing(At("binlog.000002", 190 * kMiB)));
  EXPECT_TRUE(queue->detached()) << "not close enough";
  EXPECT_EQ(MissingIn(*queue, At("binlog.000002", 199 * kMiB)), ToString(At("binlog.000002", 200 * kMiB)));
  EXPECT_FALSE(queue->detached()) << "from there on it gets what comes";
  queue->Begin(At("binlog.000002", 200 * kMiB));
  EXPECT_TRUE(queue->Missing(At("binlog.000002", 190 * kMiB)));
  EXPECT_FALSE(queue->detached()) << "what waits is kept";
  EXPECT_TRUE(queue->Missing(At("binlog.000002", 100 * kMiB)));
  EXPECT_TRUE(queue->detached());
  EXPECT_EQ(queue->Missing(At("binlog.000003", 4)), std::nullopt);
  EXPECT_FALSE(queue->detached()) << "ahead of the reader";
}

TEST_F(LaneQueueTest, WhileItIsDetachedItKnowsWhereTheReaderIs) {
  const auto queue = Make();
  Offer(*queue, 0, 2);
  ASSERT_TRUE(queue->Reserve(1, 1));
  Offer(*queue, 2, 7);
  EXPECT_EQ(queue->bytes(), 0u);
  EXPECT_EQ(ToString(queue->end()), ToString(blocks_[6]->end));
}

}  // namespace
}  // namespace binlogd
