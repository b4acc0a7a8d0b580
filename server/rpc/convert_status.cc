#include <google/protobuf/timestamp.pb.h>

#include "base/error.h"
#include "rpc/convert.h"

namespace binlogd {
namespace {

google::protobuf::Timestamp ToProto(absl::Time time) {
  google::protobuf::Timestamp message;
  const int64_t nanos = absl::ToUnixNanos(time);
  message.set_seconds(nanos / 1000000000);
  message.set_nanos(static_cast<int32_t>(nanos % 1000000000));
  return message;
}

bool IsSet(absl::Time time) { return time != absl::InfinitePast(); }

v1::Problem ToProto(const absl::Status& error, absl::Time since) {
  v1::Problem problem;
  problem.set_reason(ErrorReason(error));
  problem.set_message(std::string(error.message()));
  if (IsSet(since)) *problem.mutable_since() = ToProto(since);
  return problem;
}

v1::SourceStatus ToProto(const SourceSnapshot& source) {
  v1::SourceStatus message;
  message.set_endpoint(source.endpoint);
  message.set_version(source.version);
  message.set_server_id(source.server_id);
  message.set_server_uuid(source.server_uuid);
  if (!source.epoch.empty()) message.set_epoch(source.epoch.name());
  message.set_connected(source.connected);
  message.set_tls(source.tls);
  return message;
}

// Of a streamer that does not run, a target does nothing, and tries nothing again. What waits for a person still does.
v1::TargetState ToProto(TargetState target, StreamerState streamer) {
  const bool at_rest =
      streamer == StreamerState::kStopped || streamer == StreamerState::kFailed || streamer == StreamerState::kFinished;
  if (at_rest && target != TargetState::kFailed) return v1::TARGET_STATE_UNSPECIFIED;
  return static_cast<v1::TargetState>(target);
}

v1::TargetStatus ToProto(const TargetSnapshot& target, StreamerState streamer) {
  v1::TargetStatus message;
  message.set_name(target.name);
  message.set_type(target.type);
  message.set_healthy(target.error.ok());
  if (!target.error.ok()) *message.mutable_error() = ToProto(target.error, target.error_since);
  *message.mutable_position() = ToProto(target.durable.position);
  if (IsSet(target.last_write)) *message.mutable_last_write() = ToProto(target.last_write);
  message.set_events_written(target.events_written);
  message.set_bytes_written(target.bytes_written);
  message.set_queue_bytes(target.queue_bytes);
  message.set_required(target.required);
  message.set_state(ToProto(target.state, streamer));
  message.set_lag_seconds(target.lag_seconds);
  return message;
}

}  // namespace

v1::Position ToProto(const Position& position) {
  v1::Position message;
  message.set_file(position.file);
  message.set_position(position.offset);
  message.set_gtid(position.gtid_set);
  return message;
}

v1::StreamerStatus ToProto(const StreamerSnapshot& snapshot) {
  v1::StreamerStatus message;
  message.set_name(snapshot.name);
  message.set_desired_state(snapshot.desired_running ? v1::DESIRED_STATE_RUNNING : v1::DESIRED_STATE_STOPPED);
  message.set_state(static_cast<v1::State>(snapshot.state));
  if (!snapshot.error.ok()) *message.mutable_error() = ToProto(snapshot.error, snapshot.error_since);
  if (IsSet(snapshot.next_retry)) *message.mutable_next_retry() = ToProto(snapshot.next_retry);
  message.set_retries(snapshot.retries);
  *message.mutable_position() = ToProto(snapshot.position);
  *message.mutable_read_position() = ToProto(snapshot.read_position);
  message.set_lag_seconds(snapshot.lag_seconds);
  if (!snapshot.source.endpoint.empty()) *message.mutable_source() = ToProto(snapshot.source);
  for (const TargetSnapshot& target : snapshot.targets) *message.add_targets() = ToProto(target, snapshot.state);
  message.set_events_read(snapshot.events_read);
  message.set_bytes_read(snapshot.bytes_read);
  message.set_reconnects(snapshot.reconnects);
  message.set_queue_bytes(snapshot.queue_bytes);
  message.set_queue_budget_bytes(snapshot.queue_budget_bytes);
  message.set_taps(snapshot.taps);
  if (IsSet(snapshot.start_time)) *message.mutable_start_time() = ToProto(snapshot.start_time);
  if (IsSet(snapshot.last_event_time)) *message.mutable_last_event_time() = ToProto(snapshot.last_event_time);
  if (IsSet(snapshot.checkpoint_time)) *message.mutable_checkpoint_time() = ToProto(snapshot.checkpoint_time);
  return message;
}

v1::Streamer ToProto(const StreamerView& view) {
  v1::Streamer message;
  *message.mutable_spec() = ToProto(view.spec, Secrets::kLeftOut);
  message.set_etag(view.etag);
  if (IsSet(view.created)) *message.mutable_create_time() = ToProto(view.created);
  *message.mutable_status() = ToProto(view.snapshot);
  message.set_declared_in(view.declared_in);
  return message;
}

v1::Metric ToProto(const PlainSample& sample, const MetricFamily& family) {
  v1::Metric message;
  message.set_name(sample.name);
  message.set_help(family.help);
  for (const auto& [name, value] : sample.labels) (*message.mutable_labels())[name] = value;
  message.set_value(sample.value);
  return message;
}

v1::Finding ToProto(const Finding& finding) {
  v1::Finding message;
  message.set_severity(finding.status.ok() ? v1::Finding::OK
                       : finding.warning   ? v1::Finding::WARNING
                                           : v1::Finding::ERROR);
  message.set_subject(finding.subject);
  message.set_message(std::string(finding.status.message()));
  if (!finding.status.ok()) message.set_reason(ErrorReason(finding.status));
  return message;
}

v1::LogEntry ToProto(const LogLine& line) {
  v1::LogEntry message;
  message.set_number(line.number);
  *message.mutable_time() = ToProto(line.time);
  message.set_level(line.level == LogLevel::kError     ? v1::LogEntry::ERROR
                    : line.level == LogLevel::kWarning ? v1::LogEntry::WARNING
                                                       : v1::LogEntry::INFO);
  message.set_text(line.text);
  if (line.file.empty()) return message;
  message.mutable_position()->set_file(line.file);
  message.mutable_position()->set_position(line.offset);
  return message;
}

}  // namespace binlogd
