#include "streamer/metric_catalog.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/time/clock.h"
#include "binlog/gtid_set.h"
#include "streamer/target_catalog.h"

namespace binlogd {
namespace {

constexpr StreamerState kStates[] = {StreamerState::kStopped,  StreamerState::kStarting, StreamerState::kRunning,
                                     StreamerState::kRetrying, StreamerState::kStopping, StreamerState::kFailed,
                                     StreamerState::kFinished};

constexpr MetricFamily kState = {"binlogd_streamer_state", MetricType::kGauge, "streamer state",
                                 "1 for the state that the streamer is in, 0 for the others."};
constexpr MetricFamily kEventsRead = {"binlogd_streamer_events_read_total", MetricType::kCounter, "streamer kind",
                                      "Events read from the source."};
constexpr MetricFamily kBytesRead = {"binlogd_streamer_read_bytes_total", MetricType::kCounter, "streamer kind",
                                     "Bytes of the binary log read from the source."};

double Number(uint64_t number) { return static_cast<double>(number); }

double Age(absl::Time time) {
  return time == absl::InfinitePast() ? 0 : std::max(0.0, absl::ToDoubleSeconds(absl::Now() - time));
}

// What the streamer lacks is what that of its required targets lacks that lacks most; nothing when one is not known.
template <typename Read>
std::optional<double> Most(const StreamerSnapshot& snapshot, Read read) {
  std::optional<double> most;
  for (const TargetSnapshot& target : RequiredTargets(snapshot.targets)) {
    const std::optional<double> value = read(target);
    if (!value) return std::nullopt;
    most = std::max(most.value_or(0), *value);
  }
  return most;
}

double DecodeErrors(const StreamerSnapshot& snapshot) {
  uint64_t errors = snapshot.tap_decode_errors;
  for (const TargetSnapshot& target : snapshot.targets) {
    if (target.counters != nullptr) errors += target.counters->decode_errors.load(std::memory_order_relaxed);
  }
  return Number(errors);
}

// A metric with one number a streamer.
struct StreamerMetric {
  MetricFamily family;
  std::optional<double> (*read)(const StreamerSnapshot&);
};
using Snapshot = StreamerSnapshot;
using Value = std::optional<double>;

constexpr StreamerMetric kMetrics[] = {
    {{"binlogd_streamer_desired_running", MetricType::kGauge, "streamer", "1 for a streamer that is wanted to run."},
     [](const Snapshot& s) -> Value { return s.desired_running ? 1 : 0; }},
    {{"binlogd_streamer_connected", MetricType::kGauge, "streamer", "1 while a connection to the source stands."},
     [](const Snapshot& s) -> Value { return s.source.connected ? 1 : 0; }},
    {{"binlogd_streamer_reconnects_total", MetricType::kCounter, "streamer",
      "Times that the source was lost and tried again."},
     [](const Snapshot& s) -> Value { return Number(s.reconnects); }},
    {{"binlogd_streamer_transactions_read_total", MetricType::kCounter, "streamer",
      "Transactions read from the source."},
     [](const Snapshot& s) -> Value { return Number(s.events_by_class[static_cast<size_t>(EventClass::kGtid)]); }},
    {{"binlogd_streamer_decode_errors_total", MetricType::kCounter, "streamer",
      "Times that an event could not be decoded for a target or a tap."},
     [](const Snapshot& s) -> Value { return DecodeErrors(s); }},
    {{"binlogd_streamer_unnamed_tables_total", MetricType::kCounter, "streamer",
      "Times that a table's columns were found not to be known, so that its rows have @1, @2, … for names."},
     [](const Snapshot& s) -> Value { return Number(s.unnamed_tables); }},
    {{"binlogd_streamer_lag_seconds", MetricType::kGauge, "streamer",
      "How far the required targets are behind the source: 0 when caught up, growing while the source is ahead or "
      "unreachable."},
     [](const Snapshot& s) -> Value { return s.lag_seconds; }},
    {{"binlogd_streamer_lag_bytes", MetricType::kGauge, "streamer",
      "Bytes of the source's log, as far as its end is known, that the required targets do not hold. Absent until the "
      "source was reached."},
     [](const Snapshot& s) -> Value {
       return Most(s, [](const TargetSnapshot& t) -> Value {
         return t.lag_bytes ? Value(Number(*t.lag_bytes)) : std::nullopt;
       });
     }},
    {{"binlogd_streamer_lag_transactions", MetricType::kGauge, "streamer",
      "Transactions of the source, as far as its GTID set is known, that the required targets do not hold. Absent "
      "without GTIDs."},
     [](const Snapshot& s) -> Value {
       const SourceGtids gtids(s);
       return Most(s, [&gtids](const TargetSnapshot& t) { return gtids.MissingFrom(t); });
     }},
    {{"binlogd_streamer_position_file_number", MetricType::kGauge, "streamer",
      "Number of the source's file that the checkpoint is in."},
     [](const Snapshot& s) -> Value { return Number(FileSequence(s.position.file)); }},
    {{"binlogd_streamer_position_bytes", MetricType::kGauge, "streamer", "Offset of the checkpoint in that file."},
     [](const Snapshot& s) -> Value { return Number(s.position.offset); }},
    {{"binlogd_streamer_read_position_file_number", MetricType::kGauge, "streamer",
      "Number of the source's file that is being read."},
     [](const Snapshot& s) -> Value { return Number(FileSequence(s.read_position.file)); }},
    {{"binlogd_streamer_read_position_bytes", MetricType::kGauge, "streamer",
      "Offset in that file up to which it was read."},
     [](const Snapshot& s) -> Value { return Number(s.read_position.offset); }},
    {{"binlogd_streamer_checkpoint_age_seconds", MetricType::kGauge, "streamer",
      "Time since the checkpoint last moved or was confirmed; 0 before the first."},
     [](const Snapshot& s) -> Value { return Age(s.checkpoint_time); }},
    {{"binlogd_streamer_checkpoint_write_failures_total", MetricType::kCounter, "streamer",
      "Times that the checkpoint file could not be written."},
     [](const Snapshot& s) -> Value { return Number(s.checkpoint_failures); }},
    {{"binlogd_streamer_last_event_timestamp_seconds", MetricType::kGauge, "streamer",
      "The source's time of the newest event read; 0 before the first."},
     [](const Snapshot& s) -> Value { return UnixSeconds(s.last_event_time); }},
    {{"binlogd_streamer_queue_bytes", MetricType::kGauge, "streamer", "Bytes that wait in memory for targets."},
     [](const Snapshot& s) -> Value { return Number(s.queue_bytes); }},
    {{"binlogd_streamer_queue_budget_bytes", MetricType::kGauge, "streamer", "The most that may wait there."},
     [](const Snapshot& s) -> Value { return Number(s.queue_budget_bytes); }},
    {{"binlogd_streamer_taps", MetricType::kGauge, "streamer", "Taps that are attached."},
     [](const Snapshot& s) -> Value { return Number(s.taps); }},
    {{"binlogd_streamer_tap_events_total", MetricType::kCounter, "streamer", "Events sent to taps."},
     [](const Snapshot& s) -> Value { return Number(s.tap_events); }},
    {{"binlogd_streamer_tap_dropped_events_total", MetricType::kCounter, "streamer",
      "Events that taps missed because they were slow."},
     [](const Snapshot& s) -> Value { return Number(s.tap_dropped_events); }},
    {{"binlogd_streamer_tap_gaps_total", MetricType::kCounter, "streamer",
      "Times that a tap was overtaken and missed events."},
     [](const Snapshot& s) -> Value { return Number(s.tap_gaps); }},
};

void AddByClass(const MetricFamily& family, const std::string& streamer, const EventClassCounts& counts,
                std::vector<MetricSample>* samples) {
  for (size_t i = 0; i < counts.size(); ++i) {
    const std::string kind(EventClassName(static_cast<EventClass>(i)));
    samples->push_back(MetricSample{&family, {streamer, kind}, Number(counts[i])});
  }
}

}  // namespace

std::vector<const MetricFamily*> StreamerFamilies() {
  std::vector<const MetricFamily*> families = {&kState, &kEventsRead, &kBytesRead};
  for (const StreamerMetric& metric : kMetrics) families.push_back(&metric.family);
  return families;
}

std::vector<MetricSample> StreamerMetrics(const StreamerSnapshot& snapshot) {
  std::vector<MetricSample> samples;
  for (const StreamerState state : kStates) {
    samples.push_back(MetricSample{
        &kState, {snapshot.name, std::string(StreamerStateName(state))}, snapshot.state == state ? 1.0 : 0.0});
  }
  AddByClass(kEventsRead, snapshot.name, snapshot.events_by_class, &samples);
  AddByClass(kBytesRead, snapshot.name, snapshot.bytes_by_class, &samples);
  for (const StreamerMetric& metric : kMetrics) {
    if (const Value value = metric.read(snapshot)) samples.push_back({&metric.family, {snapshot.name}, *value});
  }
  AddTargetMetrics(snapshot, &samples);
  return samples;
}

}  // namespace binlogd
