// What is counted of a target.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/histogram.h"
#include "binlog/event_class.h"

namespace binlogd {

// Outlives the target: one that is made anew goes on counting. Written by whoever writes to the target, read by any.
struct TargetCounters {
  EventClassCounters written;   // Events of the log,
  EventClassCounters filtered;  // and those of the blocks written that were left out.
  std::atomic<uint64_t> records{0};
  std::atomic<uint64_t> bytes{0};  // In the target's format, before compression.
  std::atomic<uint64_t> retries{0};
  std::atomic<uint64_t> decode_errors{0};
  std::atomic<int64_t> last_commit_nanos{0};  // Since 1970; 0 before the first.
  Histogram batch_bytes{kBytesBuckets};
  Histogram write_seconds{kSecondsBuckets};
  Histogram commit_seconds{kSecondsBuckets};
  // Of what the target's store makes a commit wait for: an fsync, a PUT, the acknowledgement of a record.
  Histogram store_seconds{kSecondsBuckets};
};

}  // namespace binlogd
