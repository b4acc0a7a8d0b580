#include "pipeline/block_memory.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

constexpr size_t kMiB = 1 << 20;

const char* Place(const std::shared_ptr<Block>& block) { return block->bytes.data(); }

TEST(BlockMemoryTest, ABlockGetsTheMemoryOfOneThatIsGone) {
  const auto memory = std::make_shared<BlockMemory>();
  auto block = memory->MakeBlock(4 * kMiB);
  block->bytes.assign(4 * kMiB, 'x');
  const char* const place = Place(block);
  block.reset();
  block = memory->MakeBlock(3 * kMiB);
  EXPECT_EQ(Place(block), place);
  EXPECT_TRUE(block->bytes.empty());
  EXPECT_NE(Place(memory->MakeBlock(3 * kMiB)), place) << "it is in use";
}

TEST(BlockMemoryTest, WhatIsTooSmallIsNotTaken) {
  const auto memory = std::make_shared<BlockMemory>();
  memory->MakeBlock(2 * kMiB).reset();
  EXPECT_GE(memory->MakeBlock(5 * kMiB)->bytes.capacity(), 5 * kMiB);
}

TEST(BlockMemoryTest, KeepsNoMoreThanFitsBesideTheBlocksInUse) {
  const auto memory = std::make_shared<BlockMemory>();
  std::vector<std::shared_ptr<Block>> in_use;
  while (in_use.size() * 2 * kMiB < BlockMemory::kMostTogether) in_use.push_back(memory->MakeBlock(2 * kMiB));
  memory->MakeBlock(2 * kMiB).reset();
  EXPECT_EQ(memory->kept_bytes(), 0);
  in_use.pop_back();
  EXPECT_EQ(memory->kept_bytes(), 2 * kMiB);
  in_use.clear();
  EXPECT_EQ(memory->kept_bytes(), BlockMemory::kMostKept);
}

TEST(BlockMemoryTest, LivesAsLongAsItsBlocks) {
  auto memory = std::make_shared<BlockMemory>();
  auto block = memory->MakeBlock(2 * kMiB);
  memory.reset();
  block->bytes.assign(2 * kMiB, 'x');
  block.reset();
}

}  // namespace
}  // namespace binlogd
