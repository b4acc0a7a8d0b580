// The memory of large blocks, used again.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "binlog/block.h"

namespace binlogd {

// Large memory goes back to the kernel when it is freed (base/allocator.h); taking it from there again costs as much as
// reading into it. So what the last blocks had is kept for the next ones, within a bound. Thread-safe.
class BlockMemory : public std::enable_shared_from_this<BlockMemory> {
 public:
  // The most bytes that are kept.
  static constexpr size_t kMostKept = 6 << 20;
  // Of these, no more than fit beside the blocks that are in use: those that wait, when the budget is used up
  // (Pipeline::kBudgetBytes), and the one that is being filled.
  static constexpr size_t kMostTogether = 66 << 20;
  // Smaller ones are left to the allocator.
  static constexpr size_t kLeastBytes = 1 << 20;

  // A block with room for `bytes`, which gives it back when it is destroyed, by any thread. The memory lives as long as
  // its blocks.
  std::shared_ptr<Block> MakeBlock(size_t bytes);
  // Of blocks that are gone, for the next.
  size_t kept_bytes() const;

 private:
  // `reserved`: what MakeBlock counted for it.
  void Keep(std::string memory, size_t reserved);

  mutable absl::Mutex mutex_;
  std::vector<std::string> kept_ ABSL_GUARDED_BY(mutex_);
  size_t kept_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t used_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // By blocks that were made large.
};

}  // namespace binlogd
