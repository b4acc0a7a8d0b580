#include "pipeline/log_reader.h"

#include "absl/time/clock.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

// How long an event may wait for company before its block goes on its way.
constexpr absl::Duration kLinger = absl::Milliseconds(10);

void Count(BlockBuilder& builder, size_t bytes, ReaderCounters& counters) {
  if (builder.last_taken() != BlockBuilder::Taken::kFileEvent) return;
  counters.events.store(counters.events.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  counters.bytes.store(counters.bytes.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  counters.last_event_seconds.store(builder.last_timestamp(), std::memory_order_relaxed);
}

}  // namespace

absl::Status ReadLog(BinlogDump& dump, BlockBuilder& builder, const Position& log_end,
                     const std::optional<Position>& stop_at, ReaderCounters& counters, const ReaderHooks& hooks) {
  for (;;) {
    if (stop_at && ComparePositions(builder.place(), *stop_at) >= 0) {
      RETURN_IF_ERROR(builder.Seal());
      hooks.on_progress();
      return absl::OkStatus();
    }
    // The clock is read only when the source pauses, or now and then.
    bool note_time = (counters.events.load(std::memory_order_relaxed) & 0xff) == 0;
    if (!dump.WaitReadable(absl::ZeroDuration())) {
      note_time = true;
      if (!counters.caught_up.load(std::memory_order_relaxed) && ComparePositions(builder.place(), log_end) >= 0) {
        counters.caught_up.store(true, std::memory_order_relaxed);
      }
      const absl::Duration left = builder.has_open_block() ? builder.open_since() + kLinger - absl::Now() : kLinger;
      if (builder.has_open_block() && (left <= absl::ZeroDuration() || !dump.WaitReadable(left))) {
        RETURN_IF_ERROR(builder.Seal());
        hooks.on_progress();
      }
    }
    ASSIGN_OR_RETURN(const absl::string_view event, dump.Next());
    if (note_time) counters.last_packet_nanos.store(absl::GetCurrentTimeNanos(), std::memory_order_relaxed);
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
