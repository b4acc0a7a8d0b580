// What a streamer does, at one moment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlog/event_class.h"
#include "binlog/flavor.h"
#include "binlog/position.h"
#include "pipeline/target_snapshot.h"

namespace binlogd {

// Numbered as binlogd.v1.State.
enum class StreamerState {
  kStopped = 1,
  kStarting = 2,
  kRunning = 3,
  kRetrying = 4,
  kStopping = 5,
  kFailed = 6,
  kFinished = 7,
};

// "STOPPED", …
absl::string_view StreamerStateName(StreamerState state);

struct SourceSnapshot {
  std::string endpoint;
  std::string version;
  uint32_t server_id = 0;
  std::string server_uuid;
  Epoch epoch;
  bool connected = false;
  bool tls = false;
};

// The fields mean what those of binlogd.v1.StreamerStatus mean.
struct StreamerSnapshot {
  std::string name;
  Flavor flavor = Flavor::kMySql;
  bool desired_running = false;
  StreamerState state = StreamerState::kStopped;
  absl::Status error;
  absl::Time error_since = absl::InfinitePast();
  absl::Time next_retry = absl::InfinitePast();  // kRetrying only.
  uint32_t retries = 0;
  Position position;
  Position read_position;
  double lag_seconds = 0;
  SourceSnapshot source;
  std::vector<TargetSnapshot> targets;
  uint64_t events_read = 0;
  uint64_t bytes_read = 0;
  EventClassCounts events_by_class = {};
  EventClassCounts bytes_by_class = {};
  Position source_end;  // Of the source's log, as far as it is known; empty while it is not.
  uint64_t reconnects = 0;
  uint64_t unnamed_tables = 0;  // Times that a table's columns were found not to be known.
  uint64_t queue_bytes = 0;
  uint64_t queue_budget_bytes = 0;
  uint32_t taps = 0;
  uint64_t tap_events = 0;  // Sent to taps.
  uint64_t tap_dropped_events = 0;
  uint64_t tap_gaps = 0;
  uint64_t tap_decode_errors = 0;
  absl::Time start_time = absl::InfinitePast();
  absl::Time last_event_time = absl::InfinitePast();
  absl::Time checkpoint_time = absl::InfinitePast();
  absl::Status checkpoint_error;     // Why the checkpoint file could not be written last.
  uint64_t checkpoint_failures = 0;  // Times that it could not be written.
  absl::Time checkpoint_error_since = absl::InfinitePast();
};

}  // namespace binlogd
