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
  // Smaller ones are left to the allocator.
  static constexpr size_t kLeastBytes = 1 << 20;

  // A block with room for `bytes`, which gives it back when it is destroyed, by any thread. The memory lives as long as
  // its blocks.
  std::shared_ptr<Block> MakeBlock(size_t bytes);

 private:
  void Keep(std::string memory);

  absl::Mutex mutex_;
  std::vector<std::string> kept_ ABSL_GUARDED_BY(mutex_);
  size_t kept_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace binlogd
