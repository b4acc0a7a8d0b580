#include "pipeline/log_reader.h"

#include <ctime>

#include "absl/time/time.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

// How long an event may wait for company before its block goes on its way.
constexpr absl::Duration kLinger = absl::Milliseconds(10);

// Fine enough for the linger, and cheap enough to be read for every event.
absl::Time CoarseNow() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return absl::TimeFromTimespec(now);
}

void Count(BlockBuilder& builder, size_t bytes, ReaderCounters& counters) {
  if (builder.last_taken() != BlockBuilder::Taken::kFileEvent) return;
  const EventClass event_class = ClassOf(builder.last_type());
  counters.events.Add(event_class, 1);
  counters.bytes.Add(event_class, bytes);
  counters.last_event_seconds.store(builder.last_timestamp(), std::memory_order_relaxed);
  // More may be on its way: only a heartbeat tells that this was all.
  counters.caught_up.store(false, std::memory_order_relaxed);
}

// Seals the open block when it has lingered long enough, or waits for company for what is left of that time.
absl::Status SealIfDue(BinlogDump& dump, BlockBuilder& builder) {
  if (!builder.has_open_block()) return absl::OkStatus();
  const absl::Duration left = builder.open_since() + kLinger - CoarseNow();
  if (left > absl::ZeroDuration() && dump.WaitReadable(left)) return absl::OkStatus();
  return builder.Seal();
}

}  // namespace

absl::Status ReadLog(BinlogDump& dump, BlockBuilder& builder, const Position& log_end,
                     const std::optional<Position>& stop_at, ReaderCounters& counters, const ReaderHooks& hooks) {
  uint64_t told_blocks = builder.sealed_blocks();
  bool reached_log_end = false;
  for (;;) {
    const bool finished = stop_at && ComparePositions(builder.place(), *stop_at) >= 0;
    RETURN_IF_ERROR(finished ? builder.Seal() : SealIfDue(dump, builder));
    if (!reached_log_end && !builder.has_open_block() && ComparePositions(builder.place(), log_end) >= 0) {
      reached_log_end = true;
      counters.caught_up.store(!dump.WaitReadable(absl::ZeroDuration()), std::memory_order_relaxed);
    }
    if (finished || builder.sealed_blocks() != told_blocks) {
      told_blocks = builder.sealed_blocks();
      hooks.on_progress();
    }
    if (finished) return absl::OkStatus();
    ASSIGN_OR_RETURN(const absl::string_view event, dump.Next());
    counters.last_packet_nanos.store(absl::ToUnixNanos(CoarseNow()), std::memory_order_relaxed);
    RETURN_IF_ERROR(builder.Add(event));
    Count(builder, event.size(), counters);
    if (builder.last_taken() == BlockBuilder::Taken::kHeartbeat) {
      RETURN_IF_ERROR(builder.Seal());
      counters.caught_up.store(true, std::memory_order_relaxed);
      RETURN_IF_ERROR(hooks.on_heartbeat());
    }
  }
}

}  // namespace binlogd
