#include "pipeline/tap.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/harness/log_blocks.h"

namespace binlogd {
namespace {

// A block of `bytes` zeros and one event, the n-th of its kind.
std::shared_ptr<const Block> MakeBlock(uint64_t n, size_t bytes = 100, size_t events = 1) {
  auto block = std::make_shared<Block>();
  block->start = Position{"binlog.000001", n * 1000, ""};
  block->end = Position{"binlog.000001", n * 1000 + bytes, ""};
  block->bytes.resize(bytes);
  block->events.resize(events);
  return block;
}

class TapTest : public ::testing::Test {
 protected:
  TapTest() { hub_.Reopen(); }
  std::shared_ptr<Tap> Attach() {
    return *hub_.Attach([this] { ++wakes_; });
  }
  std::atomic<int> wakes_ = 0;
  TapHub hub_;
};

TEST_F(TapTest, BlocksInOrder) {
  const auto tap = Attach();
  Tap::Item item;
  EXPECT_FALSE(tap->Take(&item));
  for (int i = 0; i < 3; ++i) hub_.Offer(MakeBlock(i));
  EXPECT_EQ(wakes_, 3);
  for (uint64_t i = 0; i < 3; ++i) {
    ASSERT_TRUE(tap->Take(&item));
    EXPECT_EQ(item.block->start.offset, i * 1000);
    EXPECT_FALSE(item.gap.has_value());
  }
  EXPECT_FALSE(tap->Take(&item));
  EXPECT_FALSE(tap->ended().has_value());
  EXPECT_EQ(hub_.dropped_events(), 0u);
}

TEST_F(TapTest, OverflowByCountIsOneGapBetweenTheBlocksAroundIt) {
  const auto tap = Attach();
  const uint64_t most = Tap::kMostBlocks;
  for (uint64_t i = 0; i < most + 5; ++i) hub_.Offer(MakeBlock(i, 100, 3));
  EXPECT_EQ(hub_.dropped_events(), 15u);
  Tap::Item item;
  ASSERT_TRUE(tap->Take(&item));
  hub_.Offer(MakeBlock(most + 5));  // Fits again: after the gap.
  for (uint64_t i = 1; i < most; ++i) {
    ASSERT_TRUE(tap->Take(&item));
    EXPECT_EQ(item.block->start.offset, i * 1000);
    EXPECT_FALSE(item.gap.has_value());
  }
  ASSERT_TRUE(tap->Take(&item));
  ASSERT_TRUE(item.gap.has_value());
  EXPECT_EQ(item.gap->dropped_events, 15u);
  EXPECT_EQ(item.gap->from.offset, most * 1000);
  EXPECT_EQ(item.gap->to.offset, (most + 4) * 1000 + 100);
  EXPECT_EQ(item.block->start.offset, (most + 5) * 1000);
  EXPECT_FALSE(tap->Take(&item));
}

TEST_F(TapTest, OverflowByBytesAndAGapAtTheEnd) {
  const auto tap = Attach();
  hub_.Offer(MakeBlock(0, Tap::kMostBytes - 10));
  hub_.Offer(MakeBlock(1, 20));
  hub_.Offer(MakeBlock(2, 5));
  Tap::Item item;
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_EQ(item.block->start.offset, 0u);
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_EQ(item.gap->from.offset, 1000u);
  EXPECT_EQ(item.block->start.offset, 2000u);
  hub_.Offer(MakeBlock(3, Tap::kMostBytes * 3));  // Alone, whatever its size.
  hub_.Offer(MakeBlock(4, 1));
  ASSERT_TRUE(tap->Take(&item));
  EXPECT_EQ(item.block->start.offset, 3000u);
  ASSERT_TRUE(tap->Take(&item)) << "the gap is told without another block, too";
  EXPECT_EQ(item.gap->dropped_events, 1u);
  EXPECT_EQ(item.block, nullptr);
}

TEST_F(TapTest, CloseEndsAfterWhatIsLeft) {
  const auto tap = Attach();
  hub_.Offer(MakeBlock(0));
  hub_.Close(absl::UnavailableError("stopped"));
  hub_.Close(absl::NotFoundError("too late"));
  hub_.Offer(MakeBlock(1));
  EXPECT_EQ(wakes_, 2);
  EXPECT_FALSE(tap->ended().has_value());
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

TEST_F(TapTest, NothingIsLostUncountedWhileTakenAndOfferedAtOnce) {
  const auto tap = Attach();
  constexpr uint64_t kBlocks = 20000;
  std::thread offering([this] {
    for (uint64_t i = 0; i < kBlocks; ++i) hub_.Offer(MakeBlock(i));
    hub_.Close(absl::UnavailableError("done"));
  });
  uint64_t taken = 0, dropped = 0, next = 0;
  while (!tap->ended()) {
    Tap::Item item;
    if (!tap->Take(&item)) {
      std::this_thread::yield();
      continue;
    }
    if (item.gap) {
      EXPECT_EQ(item.gap->from.offset, next * 1000);
      dropped += item.gap->dropped_events;
      next += item.gap->dropped_events;
      EXPECT_EQ(item.gap->to.offset, (next - 1) * 1000 + 100);
    }
    if (item.block == nullptr) continue;
    EXPECT_EQ(item.block->start.offset, next * 1000);
    ++taken;
    ++next;
  }
  offering.join();
  EXPECT_EQ(taken + dropped, kBlocks);
  EXPECT_EQ(hub_.dropped_events(), dropped);
}

}  // namespace
}  // namespace binlogd
