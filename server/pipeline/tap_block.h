// A block on its way to taps.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "binlog/block.h"
#include "binlog/event_filter.h"

namespace binlogd {

// How many of the events that begin in [from_offset, to_offset) of the block's file a tap without a filter is sent. A
// compressed transaction counts as one.
uint64_t ShownEvents(const Block& block, uint64_t from_offset, uint64_t to_offset);

// A block, and what taps find out about it, once for all of them. Thread-safe.
class TapBlock {
 public:
  TapBlock(std::shared_ptr<const Block> block, uint64_t from_offset)
      : block_(std::move(block)), from_offset_(from_offset) {}

  const std::shared_ptr<const Block>& block() const { return block_; }
  // What begins before it was in an earlier block.
  uint64_t from_offset() const { return from_offset_; }

  // False only when none of the block's events pass the filter, which is found out without looking at rows.
  bool MayPass(const EventFilter& filter) const;

 private:
  // What a filter looks at, of one event or many.
  struct Kind {
    EventKind kind = EventKind::kOther;
    bool is_ddl = false;
    bool is_row = false;
    std::string database;
    std::string table;
  };
  void Summarize() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False when there are too many kinds.
  bool AddKind(const DecodedEvent& event) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<const Block> block_;
  const uint64_t from_offset_;
  mutable absl::Mutex mutex_;
  mutable bool summarized_ ABSL_GUARDED_BY(mutex_) = false;
  mutable bool doubtful_ ABSL_GUARDED_BY(mutex_) = false;  // The kinds are not all.
  mutable std::vector<Kind> kinds_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
