// Moves events from a dump into blocks, and keeps the counts that tell how reading goes.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "binlog/event_class.h"
#include "binlog/position.h"
#include "mysql/binlog_dump.h"
#include "pipeline/block_builder.h"

namespace binlogd {

// Written by the reader, read by anyone.
struct ReaderCounters {
  EventClassCounters events;
  EventClassCounters bytes;
  std::atomic<int64_t> last_event_seconds{0};  // The source's clock; 0 before the first event.
  std::atomic<int64_t> last_packet_nanos{0};   // Our clock, since 1970; heartbeats count.
  std::atomic<uint64_t> unnamed_tables{0};     // Times that a table's columns were found not to be known.
  // The source had nothing more to send (a heartbeat said so, or the end of the log at the time of the connect was
  // reached) and has sent nothing since. False after a disconnect.
  std::atomic<bool> caught_up{false};
};

struct ReaderHooks {
  std::function<void()> on_progress;           // After each seal.
  std::function<absl::Status()> on_heartbeat;  // The source has nothing more to send; an error ends reading.
};
// Reads until `stop_at` is reached (OK), or the dump or the builder fails. A block is sealed when it is full, or 10 ms
// after its first event. `log_end` is where the log ended when the dump was started.
absl::Status ReadLog(BinlogDump& dump, BlockBuilder& builder, const Position& log_end,
                     const std::optional<Position>& stop_at, ReaderCounters& counters, const ReaderHooks& hooks);

}  // namespace binlogd
