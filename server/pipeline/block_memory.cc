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
  return std::shared_ptr<Block>(block.release(), [memory = shared_from_this()](Block* gone) {
    memory->Keep(std::move(gone->bytes));
    delete gone;
  });
}

void BlockMemory::Keep(std::string memory) {
  if (memory.capacity() < kLeastBytes) return;
  memory.clear();
  // Destroyed after the lock is given back, if there is no room.
  absl::MutexLock lock(&mutex_);
  if (kept_bytes_ + memory.capacity() > kMostKept) return;
  kept_bytes_ += memory.capacity();
  kept_.push_back(std::move(memory));
}

}  // namespace binlogd
