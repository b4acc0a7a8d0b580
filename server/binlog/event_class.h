// Sorts of events, few enough to count each.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "binlog/event_header.h"

namespace binlogd {

enum class EventClass : uint8_t {
  kWrite,
  kUpdate,
  kDelete,
  kQuery,
  kGtid,  // One begins each transaction.
  kCommit,
  kTableMap,
  kRowsQuery,
  kCompressed,  // A whole transaction.
  kControl,     // Of the log itself: where files begin and end.
  kOther,
};
constexpr size_t kEventClasses = 11;

// "write", "update", …: the label `kind` of metrics.
absl::string_view EventClassName(EventClass event_class);

// By the type's number.
extern const std::array<EventClass, 256> kEventClassOfType;

inline EventClass ClassOf(EventType type) { return kEventClassOfType[static_cast<uint8_t>(type)]; }

// A number for each class. Written by one thread, read by any.
class EventClassCounters {
 public:
  // Cheap enough for every event.
  void Add(EventClass event_class, uint64_t count) {
    std::atomic<uint64_t>& counter = counters_[static_cast<size_t>(event_class)];
    counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  uint64_t of(EventClass event_class) const {
    return counters_[static_cast<size_t>(event_class)].load(std::memory_order_relaxed);
  }
  uint64_t total() const {
    uint64_t total = 0;
    for (const auto& counter : counters_) total += counter.load(std::memory_order_relaxed);
    return total;
  }

 private:
  std::array<std::atomic<uint64_t>, kEventClasses> counters_ = {};
};

// The same of one block, for one thread.
using EventClassCounts = std::array<uint64_t, kEventClasses>;

}  // namespace binlogd
