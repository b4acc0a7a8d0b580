// Between the messages of binlogd.v1 and the domain.
#pragma once

#include "absl/status/statusor.h"
#include "base/log_history.h"
#include "binlog/event_filter.h"
#include "binlogd/v1/service.pb.h"
#include "streamer/manager.h"
#include "streamer/metric_catalog.h"
#include "streamer/spec.h"
#include "streamer/status.h"
#include "streamer/validator.h"

namespace binlogd {

// Defaults are filled in. INVALID_ARGUMENT names the field of a value that has no meaning (an unknown enum, a duration
// out of range), and a field of a spec that is not known; what the domain can judge is left to CheckSpec.
absl::StatusOr<StreamerSpec> FromProto(const v1::StreamerSpec& message);
absl::StatusOr<FilterSpec> FromProto(const v1::FilterSpec& message);

// Whether secrets given by value are written: only for the store.
enum class Secrets { kLeftOut, kIncluded };
v1::StreamerSpec ToProto(const StreamerSpec& spec, Secrets secrets);

v1::Position ToProto(const Position& position);
v1::StreamerStatus ToProto(const StreamerSnapshot& snapshot);
v1::Streamer ToProto(const StreamerView& view);
v1::Metric ToProto(const PlainSample& sample, const MetricFamily& family);
v1::Finding ToProto(const Finding& finding);
v1::LogEntry ToProto(const LogLine& line);

}  // namespace binlogd
