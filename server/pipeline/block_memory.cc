#include "pipeline/block_memory.h"

#include <algorithm>
#include <utility>

namespace binlogd {

std::shared_ptr<Block> BlockMemory::MakeBlock(size_t bytes) {
  auto block = std::make_unique<Block>();
  if (bytes >= kLeastBytes) {
    absl::MutexLock lock(&mutex_);
    const auto fit = std::find_if(kept_.begin(), kept_.end(),
                                  [bytes](const std::string& memory) { return memory.capacity() >= bytes; });
    if (fit != kept_.end()) {
      kept_bytes_ -= fit->capacity();
      block->bytes = std::move(*fit);
      kept_.erase(fit);
    }
  }
  block->bytes.reserve(bytes);
  const size_t reserved = bytes < kLeastBytes ? 0 : block->bytes.capacity();
  if (reserved > 0) {
    absl::MutexLock lock(&mutex_);
    used_bytes_ += reserved;
  }
  return std::shared_ptr<Block>(block.release(), [memory = shared_from_this(), reserved](Block* gone) {
    memory->Keep(std::move(gone->bytes), reserved);
    delete gone;
  });
}

void BlockMemory::Keep(std::string memory, size_t reserved) {
  if (reserved == 0 && memory.capacity() < kLeastBytes) return;
  memory.clear();
  // Destroyed after the lock is given back, if there is no room.
  absl::MutexLock lock(&mutex_);
  used_bytes_ -= reserved;
  const size_t kept = kept_bytes_ + memory.capacity();
  if (memory.capacity() < kLeastBytes || kept > kMostKept || kept + used_bytes_ > kMostTogether) return;
  kept_bytes_ += memory.capacity();
  kept_.push_back(std::move(memory));
}

size_t BlockMemory::kept_bytes() const {
  absl::MutexLock lock(&mutex_);
  return kept_bytes_;
}

}  // namespace binlogd
