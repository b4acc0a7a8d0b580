#include "pipeline/tap.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/harness/log_blocks.h"

namespace binlogd {
namespace {

constexpr uint64_t kMost = TapHub::kWindowBlocks;

// A block of `bytes` zeros and its events, the n-th of its kind.
std::shared_ptr<const Block> MakeBlock(uint64_t n, size_t bytes = 100, size_t events = 1) {
  auto block = std::make_shared<Block>();
  block->epoch = testing::MakeEpoch();
  block->start = Position{"binlog.000001", n * 1000, ""};
  block->end = Position{"binlog.000001", n * 1000 + 1000, ""};
  block->bytes.resize(bytes);
  for (size_t i = 0; i < events; ++i) {
    block->events.push_back(BlockEvent{static_cast<uint32_t>(i), 1, EventType::kQuery, true});
  }
  return block;
}

class TapTest : public ::testing::Test {
 protected:
  TapTest() { hub_.Reopen(); }
  std::shared_ptr<Tap> Attach() {
    return *hub_.Attach([this] {
      absl::MutexLock lock(&mutex_);
      ++wakes_;
    });
  }
  void AwaitWakes(int wakes) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, wakes]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return wakes_ >= wakes; };
    mutex_.Await(absl::Condition(&reached));
  }
  absl::Mutex mutex_;
  int wakes_ ABSL_GUARDED_BY(mutex_) = 0;
  TapHub hub_;
};

TEST_F(TapTest, BlocksInOrder) {
  const auto tap = Attach();
  Tap::Item item;
  EXPECT_FALSE(tap->Take(&item));
  for (int i = 0; i < 3; ++i) hub_.Offer(MakeBlock(i));
  AwaitWakes(1);
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(tap->Take(&item));
    EXPECT_EQ(item.block->block()->start.offset, i * 1000);
    EXPECT_FALSE(item.gap.has_value());
  }
  EXPECT_FALSE(tap->Take(&item));
  EXPECT_FALSE(tap->ended().has_value());
  EXPECT_EQ(hub_.dropped_events(), 0u);
}

TEST_F(TapTest, EachThatWaitsIsWoken) {
  const auto one = Attach(), two = Attach();
  Tap::Item item;
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(one->Take(&item));
    EXPECT_FALSE(two->Take(&item));
    hub_.Offer(MakeBlock(static_cast<uint64_t>(i)));
    AwaitWakes(2 * i + 2);
    EXPECT_TRUE(one->Take(&item));
    EXPECT_TRUE(two->Take(&item));
  }
}

// A gap's numbers: from what was taken last to what is taken next.
TEST_F(TapTest, OneThatIsOvertakenByCountGetsAGap) {
  const auto tap = Attach();
  hub_.Offer(MakeBlock(0, 100, 3));
  Tap::Item item;
  ASSERT_TRUE(tap->Take(&item));
  for (uint64_t i = 1; i <= kMost; ++i) hub_.Offer(MakeBlock(i, 100, 3));
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_FALSE(item.gap.has_value()) << "all are still there";
  for (uint64_t i = kMost + 1; i <= kMost + 5; ++i) hub_.Offer(MakeBlock(i, 100, 3));
  ASSERT_TRUE(tap->Take(&item));
  ASSERT_TRUE(item.gap.has_value());
  EXPECT_EQ(item.gap->from.offset, 2000u);
  const uint64_t next = item.block->block()->start.offset / 1000;
  EXPECT_EQ(item.gap->to.offset, next * 1000);
  EXPECT_EQ(item.gap->dropped_events, (next - 2) * 3);
  EXPECT_EQ(hub_.dropped_events(), (next - 2) * 3);
  for (uint64_t i = next + 1; i <= kMost + 5; ++i) {
    ASSERT_TRUE(tap->Take(&item));
    EXPECT_EQ(item.block->block()->start.offset, i * 1000);
    EXPECT_FALSE(item.gap.has_value());
  }
  EXPECT_FALSE(tap->Take(&item));
}

TEST_F(TapTest, OneThatIsOvertakenByBytesGetsAGap) {
  const auto tap = Attach();
  hub_.Offer(MakeBlock(0, TapHub::kWindowBytes - 10));
  hub_.Offer(MakeBlock(1, 20));
  Tap::Item item;
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_EQ(item.gap->from.offset, 0u);
  EXPECT_EQ(item.gap->to.offset, 1000u);
  EXPECT_EQ(item.gap->dropped_events, 1u);
  EXPECT_EQ(item.block->block()->start.offset, 1000u);
  hub_.Offer(MakeBlock(2, TapHub::kWindowBytes * 3));  // Alone, whatever its size.
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_FALSE(item.gap.has_value());
  EXPECT_EQ(item.block->block()->start.offset, 2000u);
}

TEST_F(TapTest, WhatNobodyIsShownIsNoPartOfAGap) {
  const auto tap = Attach();
  auto block = std::make_shared<Block>(*MakeBlock(0, 100, 5));
  block->events[1].type = EventType::kTableMap;
  block->events[2].type = EventType::kRowsQuery;
  hub_.Offer(block);
  for (uint64_t i = 1; i <= kMost; ++i) hub_.Offer(MakeBlock(i));
  Tap::Item item;
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_EQ(item.gap->dropped_events, 3 + item.block->block()->start.offset / 1000 - 1);
}

TEST_F(TapTest, AReaderThatBeginsAnewBringsNothingTwice) {
  const auto tap = Attach();
  for (uint64_t i = 0; i < 3; ++i) hub_.Offer(MakeBlock(i));
  hub_.Follow(testing::MakeEpoch(), ReadStart{Position{"binlog.000001", 4, ""}});
  auto overlapping = std::make_shared<Block>(*MakeBlock(1));
  overlapping->end.offset = 4000;
  for (uint64_t i = 0; i < 2; ++i) hub_.Offer(MakeBlock(i));
  hub_.Offer(overlapping);
  Tap::Item item;
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(tap->Take(&item));
    EXPECT_EQ(item.block->block()->start.offset, i * 1000);
  }
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_EQ(item.block->block(), overlapping);
  EXPECT_EQ(item.block->from_offset(), 3000u);
  EXPECT_FALSE(tap->Take(&item));
}

TEST_F(TapTest, JoinsWhereTheWindowReaches) {
  const auto first = Attach();
  for (uint64_t i = 5; i < 9; ++i) hub_.Offer(MakeBlock(i));
  const auto tap = Attach();
  const Epoch epoch = testing::MakeEpoch()->epoch;
  Tap::Item item;
  EXPECT_FALSE(tap->Join(epoch, Position{"binlog.000001", 4999, ""}));
  EXPECT_FALSE(tap->Join(Epoch{2, epoch.identity}, Position{"binlog.000001", 6000, ""}));
  ASSERT_TRUE(tap->Join(epoch, Position{"binlog.000001", 6000, ""}));
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_EQ(item.block->block()->start.offset, 6000u);
  ASSERT_TRUE(tap->Join(epoch, Position{"binlog.000001", 7500, ""}));
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_EQ(item.block->block()->start.offset, 7000u);
  ASSERT_TRUE(tap->Join(epoch, Position{"binlog.000002", 4, ""})) << "ahead of the reader";
  EXPECT_FALSE(tap->Take(&item));
}

TEST_F(TapTest, CloseEndsAfterWhatIsLeft) {
  const auto tap = Attach();
  hub_.Offer(MakeBlock(0));
  hub_.Close(absl::UnavailableError("stopped"));
  hub_.Close(absl::NotFoundError("too late"));
  hub_.Offer(MakeBlock(1));
  AwaitWakes(1);
  Tap::Item item;
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_FALSE(tap->Take(&item));
  ASSERT_TRUE(tap->ended().has_value());
  EXPECT_EQ(tap->ended()->message(), "stopped");
  const absl::Status refused = hub_.Attach([] {}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(ErrorReason(refused), "NOT_RUNNING");
  hub_.Reopen();
  EXPECT_TRUE(hub_.Attach([] {}).ok());
}

TEST_F(TapTest, OneThatIsBehindStaysEndedWhenTheHubOpensAgain) {
  const auto behind = Attach();
  hub_.Offer(MakeBlock(0));
  hub_.Close(absl::UnavailableError("stopped"));
  hub_.Reopen();
  Tap::Item item;
  EXPECT_FALSE(behind->Take(&item)) << "the window is empty";
  const auto next = Attach();
  hub_.Offer(MakeBlock(1));
  EXPECT_FALSE(behind->Take(&item)) << "it is of the stream before";
  ASSERT_TRUE(behind->ended().has_value());
  EXPECT_EQ(behind->ended()->message(), "stopped");
  ASSERT_TRUE(next->Take(&item));
  EXPECT_FALSE(item.gap.has_value());
  EXPECT_FALSE(next->ended().has_value());
}

TEST(TapHubTest, ANewOneIsClosed) {
  EXPECT_EQ(ErrorReason(TapHub().Attach([] {}).status()), "NOT_RUNNING");
}

TEST_F(TapTest, Limits) {
  std::vector<std::shared_ptr<Tap>> taps;
  for (size_t i = 0; i < TapHub::kMostTaps; ++i) taps.push_back(Attach());
  EXPECT_EQ(hub_.count(), TapHub::kMostTaps);
  const absl::Status refused = hub_.Attach([] {}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_EQ(ErrorReason(refused), "TOO_MANY_TAPS");
  hub_.Detach(taps[7]);
  hub_.Detach(taps[7]);
  EXPECT_EQ(hub_.count(), TapHub::kMostTaps - 1);
  EXPECT_TRUE(hub_.Attach([] {}).ok());
}

TEST_F(TapTest, ReplaysAreLimited) {
  std::vector<std::shared_ptr<void>> replays;
  for (uint32_t i = 0; i < TapHub::kMostReplays; ++i) replays.push_back(*hub_.AllowReplay());
  EXPECT_EQ(ErrorReason(hub_.AllowReplay().status()), "TOO_MANY_REPLAYS");
  EXPECT_EQ(ErrorReason(hub_.AllowReplay().status()), "TOO_MANY_REPLAYS");
  replays.pop_back();
  EXPECT_TRUE(hub_.AllowReplay().ok());
}

TEST_F(TapTest, NothingIsLostUncountedWhileTakenAndOfferedAtOnce) {
  const auto tap = Attach();
  constexpr uint64_t kBlocks = 20000;
  std::thread offering([this] {
    for (uint64_t i = 0; i < kBlocks; ++i) hub_.Offer(MakeBlock(i));
    hub_.Close(absl::UnavailableError("done"));
  });
  uint64_t taken = 0, dropped = 0, next = 0;
  for (Tap::Item item;;) {
    const bool closed = tap->ended().has_value();
    if (!tap->Take(&item)) {
      if (closed) break;
      std::this_thread::yield();
      continue;
    }
    if (item.gap) {
      EXPECT_EQ(item.gap->from.offset, next * 1000);
      dropped += item.gap->dropped_events;
      next += item.gap->dropped_events;
      EXPECT_EQ(item.gap->to.offset, next * 1000);
    }
    EXPECT_EQ(item.block->block()->start.offset, next * 1000);
    ++taken;
    ++next;
  }
  offering.join();
  EXPECT_EQ(taken + dropped, kBlocks);
  EXPECT_EQ(hub_.dropped_events(), dropped);
}

}  // namespace
}  // namespace binlogd
