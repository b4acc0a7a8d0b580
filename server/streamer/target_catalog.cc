#include "streamer/target_catalog.h"

#include <string>

#include "streamer/metric_catalog.h"

namespace binlogd {
namespace {

constexpr TargetState kStates[] = {TargetState::kFollowing, TargetState::kCatchingUp, TargetState::kRetrying,
                                   TargetState::kDetached, TargetState::kFailed};

constexpr MetricFamily kState = {"binlogd_target_state", MetricType::kGauge, "streamer target state",
                                 "1 for the state that the target is in, 0 for the others."};

// A metric with one number a target.
struct TargetMetric {
  MetricFamily family;
  std::optional<double> (*read)(const TargetSnapshot&);
};
using Snapshot = TargetSnapshot;
using Value = std::optional<double>;

double Number(uint64_t number) { return static_cast<double>(number); }

Value Counter(const TargetSnapshot& target, std::atomic<uint64_t> TargetCounters::*counter) {
  return target.counters == nullptr ? 0 : Number((*target.counters.*counter).load(std::memory_order_relaxed));
}

constexpr TargetMetric kMetrics[] = {
    {{"binlogd_target_healthy", MetricType::kGauge, "streamer target",
      "1 while the target's last operation went well."},
     [](const Snapshot& t) -> Value { return t.error.ok() ? 1 : 0; }},
    {{"binlogd_target_required", MetricType::kGauge, "streamer target",
      "1 for a target that the streamer does not go on without."},
     [](const Snapshot& t) -> Value { return t.required ? 1 : 0; }},
    {{"binlogd_target_retries_total", MetricType::kCounter, "streamer target",
      "Times that the target failed and was to be tried again."},
     [](const Snapshot& t) { return Counter(t, &TargetCounters::retries); }},
    {{"binlogd_target_records_written_total", MetricType::kCounter, "streamer target",
      "Records written in the target's format: rows, statements, transaction marks. 0 for a target that takes the "
      "log's bytes."},
     [](const Snapshot& t) { return Counter(t, &TargetCounters::records); }},
    {{"binlogd_target_transactions_written_total", MetricType::kCounter, "streamer target",
      "Transactions written to the target, with those of which the filter left nothing."},
     [](const Snapshot& t) -> Value {
       if (t.counters == nullptr) return 0;
       return Number(t.counters->written.of(EventClass::kGtid) + t.counters->filtered.of(EventClass::kGtid));
     }},
    {{"binlogd_target_written_bytes_total", MetricType::kCounter, "streamer target",
      "Bytes written to the target, before compression."},
     [](const Snapshot& t) { return Counter(t, &TargetCounters::bytes); }},
    {{"binlogd_target_lag_seconds", MetricType::kGauge, "streamer target",
      "How far the target is behind the source: 0 when caught up, growing while the source is ahead or unreachable."},
     [](const Snapshot& t) -> Value { return t.lag_seconds; }},
    {{"binlogd_target_lag_bytes", MetricType::kGauge, "streamer target",
      "Bytes of the source's log, as far as its end is known, that the target does not hold. Absent until the source "
      "was reached."},
     [](const Snapshot& t) -> Value { return t.lag_bytes ? Value(Number(*t.lag_bytes)) : std::nullopt; }},
    {{"binlogd_target_position_file_number", MetricType::kGauge, "streamer target",
      "Number of the source's file that the target's durable position is in."},
     [](const Snapshot& t) -> Value { return Number(FileSequence(t.durable.position.file)); }},
    {{"binlogd_target_position_bytes", MetricType::kGauge, "streamer target",
      "Offset of the target's durable position in that file."},
     [](const Snapshot& t) -> Value { return Number(t.durable.position.offset); }},
    {{"binlogd_target_queue_bytes", MetricType::kGauge, "streamer target",
      "Bytes of the log that wait for the target in memory."},
     [](const Snapshot& t) -> Value { return Number(t.queue_bytes); }},
    {{"binlogd_target_last_write_timestamp_seconds", MetricType::kGauge, "streamer target",
      "When the target last wrote; 0 before the first time."},
     [](const Snapshot& t) -> Value { return UnixSeconds(t.last_write); }},
    {{"binlogd_target_last_commit_timestamp_seconds", MetricType::kGauge, "streamer target",
      "When the target last made something durable; 0 before the first time."},
     [](const Snapshot& t) -> Value {
       constexpr double kNanos = 1e-9;
       return t.counters == nullptr
                  ? 0
                  : static_cast<double>(t.counters->last_commit_nanos.load(std::memory_order_relaxed)) * kNanos;
     }},
};

constexpr MetricFamily kLagTransactions = {"binlogd_target_lag_transactions", MetricType::kGauge, "streamer target",
                                           "Transactions of the source, as far as its GTID set is known, that the "
                                           "target does not hold. Absent without GTIDs."};

struct ClassMetric {
  MetricFamily family;
  EventClassCounters TargetCounters::*counters;
};

constexpr ClassMetric kByClass[] = {
    {{"binlogd_target_events_written_total", MetricType::kCounter, "streamer target kind",
      "Events of the log written to the target. One that decodes counts the events of a compressed transaction one by "
      "one, and no table maps."},
     &TargetCounters::written},
    {{"binlogd_target_events_filtered_total", MetricType::kCounter, "streamer target kind",
      "Events of the log left out by the filter, or because they were delivered in an earlier epoch."},
     &TargetCounters::filtered},
};

struct HistogramMetric {
  MetricFamily family;
  Histogram TargetCounters::*histogram;
  const char* type;  // Of the targets that have it; null: all.
};

constexpr HistogramMetric kHistograms[] = {
    {{"binlogd_target_batch_bytes", MetricType::kHistogram, "streamer target",
      "Bytes, before compression, that became durable together."},
     &TargetCounters::batch_bytes,
     nullptr},
    {{"binlogd_target_write_seconds", MetricType::kHistogram, "streamer target",
      "Time that the target took to take a block or a piece of one."},
     &TargetCounters::write_seconds,
     nullptr},
    {{"binlogd_target_commit_seconds", MetricType::kHistogram, "streamer target",
      "Time that it took to make a batch durable, with its position."},
     &TargetCounters::commit_seconds,
     nullptr},
    {{"binlogd_target_fsync_seconds", MetricType::kHistogram, "streamer target",
      "Time of one fsync of a file that is written. Only of file targets."},
     &TargetCounters::store_seconds,
     "file"},
    {{"binlogd_target_put_seconds", MetricType::kHistogram, "streamer target",
      "Time of one upload of an object, repeated requests included. Only of S3 targets."},
     &TargetCounters::store_seconds,
     "s3"},
    {{"binlogd_target_produce_seconds", MetricType::kHistogram, "streamer target",
      "Time from handing a record to the client until the brokers acknowledged it. Only of Kafka targets."},
     &TargetCounters::store_seconds,
     "kafka"},
};

}  // namespace

double UnixSeconds(absl::Time time) {
  return time == absl::InfinitePast() ? 0 : absl::ToDoubleSeconds(time - absl::UnixEpoch());
}

SourceGtids::SourceGtids(const StreamerSnapshot& snapshot) : all_(snapshot.flavor) {
  for (const std::string* text : {&snapshot.source_end.gtid_set, &snapshot.read_position.gtid_set}) {
    const absl::StatusOr<GtidSet> set = GtidSet::Parse(snapshot.flavor, *text);
    // Of MariaDB's domains the set has the last transaction, and that is the larger one.
    if (set.ok() && !all_.Contains(*set)) all_.Add(*set);
  }
}

std::optional<double> SourceGtids::MissingFrom(const TargetSnapshot& target) const {
  if (all_.empty() || target.durable.position.empty()) return std::nullopt;
  const absl::StatusOr<GtidSet> held = GtidSet::Parse(all_.flavor(), target.durable.position.gtid_set);
  return held.ok() ? Value(Number(all_.CountMissingFrom(*held))) : std::nullopt;
}

std::vector<const MetricFamily*> TargetFamilies() {
  std::vector<const MetricFamily*> families = {&kState};
  for (const TargetMetric& metric : kMetrics) families.push_back(&metric.family);
  families.push_back(&kLagTransactions);
  for (const ClassMetric& metric : kByClass) families.push_back(&metric.family);
  for (const HistogramMetric& metric : kHistograms) families.push_back(&metric.family);
  return families;
}

void AddTargetMetrics(const StreamerSnapshot& snapshot, std::vector<MetricSample>* samples) {
  const std::vector<TargetSnapshot>& targets = snapshot.targets;
  for (const TargetSnapshot& target : targets) {
    for (const TargetState state : kStates) {
      samples->push_back({&kState,
                          {snapshot.name, target.name, std::string(TargetStateName(state))},
                          target.state == state ? 1.0 : 0.0});
    }
  }
  for (const TargetMetric& metric : kMetrics) {
    for (const TargetSnapshot& target : targets) {
      if (const Value value = metric.read(target)) {
        samples->push_back({&metric.family, {snapshot.name, target.name}, *value});
      }
    }
  }
  const SourceGtids gtids(snapshot);
  for (const TargetSnapshot& target : targets) {
    if (const Value value = gtids.MissingFrom(target)) {
      samples->push_back({&kLagTransactions, {snapshot.name, target.name}, *value});
    }
  }
  for (const ClassMetric& metric : kByClass) {
    for (const TargetSnapshot& target : targets) {
      for (size_t i = 0; target.counters != nullptr && i < kEventClasses; ++i) {
        const auto kind = static_cast<EventClass>(i);
        samples->push_back({&metric.family,
                            {snapshot.name, target.name, std::string(EventClassName(kind))},
                            Number((*target.counters.*metric.counters).of(kind))});
      }
    }
  }
  for (const HistogramMetric& metric : kHistograms) {
    for (const TargetSnapshot& target : targets) {
      if (target.counters == nullptr || (metric.type != nullptr && target.type != metric.type)) continue;
      samples->push_back(
          {&metric.family, {snapshot.name, target.name}, 0, (*target.counters.*metric.histogram).Read()});
    }
  }
}

}  // namespace binlogd
