#include "streamer/metric_catalog.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace binlogd {
namespace {

double SecondsSince(absl::Time time) {
  return time == absl::InfinitePast() ? 0 : std::max(0.0, absl::ToDoubleSeconds(absl::Now() - time));
}

double UnixSeconds(absl::Time time) {
  return time == absl::InfinitePast() ? 0 : absl::ToDoubleSeconds(time - absl::UnixEpoch());
}

struct StreamerMetric {
  const char* name;
  const char* help;
  bool is_counter;
  double (*read)(const StreamerSnapshot&);
};

constexpr StreamerMetric kStreamerMetrics[] = {
    {"binlogd_streamer_events_read_total", "Events read from the source since binlogd started.", true,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.events_read); }},
    {"binlogd_streamer_read_bytes_total", "Bytes of the binary log read from the source since binlogd started.", true,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.bytes_read); }},
    {"binlogd_streamer_unnamed_tables_total",
     "Times that a table's columns were found not to be known, so that its rows have @1, @2, … for names.", true,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.unnamed_tables); }},
    {"binlogd_streamer_lag_seconds",
     "How far the required targets are behind the source: 0 when caught up, growing while the source is ahead or "
     "unreachable.",
     false, [](const StreamerSnapshot& s) { return s.lag_seconds; }},
    {"binlogd_streamer_connected", "1 while a connection to the source stands.", false,
     [](const StreamerSnapshot& s) { return s.source.connected ? 1.0 : 0.0; }},
    {"binlogd_streamer_reconnects_total", "Times that the source was lost and tried again since binlogd started.", true,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.reconnects); }},
    {"binlogd_streamer_position_file_number", "Number of the source's file that the checkpoint is in.", false,
     [](const StreamerSnapshot& s) { return static_cast<double>(FileSequence(s.position.file)); }},
    {"binlogd_streamer_position_bytes", "Offset of the checkpoint in that file.", false,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.position.offset); }},
    {"binlogd_streamer_read_position_file_number", "Number of the source's file that is being read.", false,
     [](const StreamerSnapshot& s) { return static_cast<double>(FileSequence(s.read_position.file)); }},
    {"binlogd_streamer_read_position_bytes", "Offset in that file up to which it was read.", false,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.read_position.offset); }},
    {"binlogd_streamer_checkpoint_age_seconds", "Time since the checkpoint last moved or was confirmed.", false,
     [](const StreamerSnapshot& s) { return SecondsSince(s.checkpoint_time); }},
    {"binlogd_streamer_last_event_timestamp_seconds", "The source's time of the newest event read; 0 before the first.",
     false, [](const StreamerSnapshot& s) { return UnixSeconds(s.last_event_time); }},
    {"binlogd_streamer_queue_bytes", "Bytes that wait in memory for targets.", false,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.queue_bytes); }},
    {"binlogd_streamer_queue_budget_bytes", "The most that may wait there.", false,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.queue_budget_bytes); }},
    {"binlogd_streamer_taps", "Taps that are attached.", false,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.taps); }},
    {"binlogd_streamer_tap_dropped_events_total", "Events that taps missed because they were slow.", true,
     [](const StreamerSnapshot& s) { return static_cast<double>(s.tap_dropped_events); }},
};

struct TargetMetric {
  const char* name;
  const char* help;
  bool is_counter;
  double (*read)(const TargetSnapshot&);
};

constexpr TargetMetric kTargetMetrics[] = {
    {"binlogd_target_healthy", "1 while the target's last operation went well.", false,
     [](const TargetSnapshot& t) { return t.error.ok() ? 1.0 : 0.0; }},
    {"binlogd_target_required", "1 for a target that the streamer does not go on without.", false,
     [](const TargetSnapshot& t) { return t.required ? 1.0 : 0.0; }},
    {"binlogd_target_lag_seconds",
     "How far the target is behind the source: 0 when caught up, growing while the source is ahead or unreachable.",
     false, [](const TargetSnapshot& t) { return t.lag_seconds; }},
    {"binlogd_target_events_written_total", "Events written since the streamer was last started.", true,
     [](const TargetSnapshot& t) { return static_cast<double>(t.events_written); }},
    {"binlogd_target_written_bytes_total", "Bytes written since the streamer was last started.", true,
     [](const TargetSnapshot& t) { return static_cast<double>(t.bytes_written); }},
    {"binlogd_target_position_file_number", "Number of the source's file that the target's durable position is in.",
     false, [](const TargetSnapshot& t) { return static_cast<double>(FileSequence(t.durable.position.file)); }},
    {"binlogd_target_position_bytes", "Offset of the target's durable position in that file.", false,
     [](const TargetSnapshot& t) { return static_cast<double>(t.durable.position.offset); }},
    {"binlogd_target_queue_bytes", "Bytes of the log that wait for the target in memory.", false,
     [](const TargetSnapshot& t) { return static_cast<double>(t.queue_bytes); }},
    {"binlogd_target_last_write_timestamp_seconds", "When the target last wrote; 0 before the first time.", false,
     [](const TargetSnapshot& t) { return UnixSeconds(t.last_write); }},
};

constexpr TargetState kTargetStates[] = {TargetState::kFollowing, TargetState::kCatchingUp, TargetState::kRetrying,
                                         TargetState::kDetached, TargetState::kFailed};

constexpr StreamerState kStates[] = {StreamerState::kStopped,  StreamerState::kStarting, StreamerState::kRunning,
                                     StreamerState::kRetrying, StreamerState::kStopping, StreamerState::kFailed,
                                     StreamerState::kFinished};

}  // namespace

std::vector<MetricSample> StreamerMetrics(const StreamerSnapshot& snapshot) {
  std::vector<MetricSample> samples;
  for (const StreamerState state : kStates) {
    samples.push_back(MetricSample{"binlogd_streamer_state",
                                   "1 for the state that the streamer is in, 0 for the others.",
                                   false,
                                   {{"streamer", snapshot.name}, {"state", std::string(StreamerStateName(state))}},
                                   snapshot.state == state ? 1.0 : 0.0});
  }
  for (const StreamerMetric& metric : kStreamerMetrics) {
    samples.push_back(MetricSample{
        metric.name, metric.help, metric.is_counter, {{"streamer", snapshot.name}}, metric.read(snapshot)});
  }
  for (const TargetState state : kTargetStates) {
    for (const TargetSnapshot& target : snapshot.targets) {
      samples.push_back(MetricSample{
          "binlogd_target_state",
          "1 for the state that the target is in, 0 for the others.",
          false,
          {{"streamer", snapshot.name}, {"target", target.name}, {"state", std::string(TargetStateName(state))}},
          target.state == state ? 1.0 : 0.0});
    }
  }
  for (const TargetMetric& metric : kTargetMetrics) {
    for (const TargetSnapshot& target : snapshot.targets) {
      samples.push_back(MetricSample{metric.name,
                                     metric.help,
                                     metric.is_counter,
                                     {{"streamer", snapshot.name}, {"target", target.name}},
                                     metric.read(target)});
    }
  }
  return samples;
}

}  // namespace binlogd
