#include "streamer/metric_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "absl/strings/match.h"

namespace binlogd {
namespace {

using Labels = std::vector<std::string>;

StreamerSnapshot Snapshot() {
  StreamerSnapshot snapshot;
  snapshot.name = "orders";
  snapshot.state = StreamerState::kRetrying;
  snapshot.events_by_class[static_cast<size_t>(EventClass::kWrite)] = 12;
  snapshot.events_by_class[static_cast<size_t>(EventClass::kGtid)] = 5;
  snapshot.bytes_by_class[static_cast<size_t>(EventClass::kWrite)] = 1200;
  snapshot.position = Position{"binlog.000007", uint64_t{1} << 40, ""};
  for (const char* name : {"archive", "changes"}) {
    TargetSnapshot target;
    target.name = name;
    target.type = "file";
    target.counters = std::make_shared<TargetCounters>();
    snapshot.targets.push_back(target);
  }
  snapshot.targets[1].type = "kafka";
  snapshot.targets[1].error = absl::InternalError("x");
  snapshot.targets[1].required = false;
  snapshot.targets[1].state = TargetState::kDetached;
  snapshot.targets[1].lag_seconds = 3;
  return snapshot;
}

const MetricSample* Find(const std::vector<MetricSample>& samples, const std::string& name, const Labels& labels) {
  for (const MetricSample& sample : samples) {
    if (sample.family->name == name && sample.label_values == labels) return &sample;
  }
  return nullptr;
}

double Value(const std::vector<MetricSample>& samples, const std::string& name, const Labels& labels) {
  const MetricSample* const sample = Find(samples, name, labels);
  if (sample == nullptr) ADD_FAILURE() << "no " << name;
  return sample == nullptr ? -1 : sample->value;
}

TEST(MetricCatalogTest, SamplesHaveTheirFamiliesLabelsAndStandTogether) {
  std::set<std::pair<const MetricFamily*, Labels>> seen;
  std::set<const MetricFamily*> closed;
  const MetricFamily* group = nullptr;
  for (const MetricSample& sample : StreamerMetrics(Snapshot())) {
    EXPECT_TRUE(seen.insert({sample.family, sample.label_values}).second) << sample.family->name;
    EXPECT_EQ(sample.label_values.size(), LabelNames(*sample.family).size()) << sample.family->name;
    EXPECT_EQ(sample.label_values[0], "orders");
    EXPECT_EQ(sample.histogram.has_value(), sample.family->type == MetricType::kHistogram) << sample.family->name;
    if (sample.family == group) continue;
    EXPECT_TRUE(closed.insert(sample.family).second) << sample.family->name << " is not together";
    group = sample.family;
  }
}

TEST(MetricCatalogTest, EverySampleIsOfAListedFamily) {
  std::set<const MetricFamily*> listed;
  for (const MetricFamily* family : StreamerFamilies()) listed.insert(family);
  for (const MetricFamily* family : TargetFamilies()) listed.insert(family);
  for (const MetricSample& sample : StreamerMetrics(Snapshot())) {
    EXPECT_TRUE(listed.contains(sample.family)) << sample.family->name;
  }
}

TEST(MetricCatalogTest, Values) {
  const auto samples = StreamerMetrics(Snapshot());
  EXPECT_EQ(Value(samples, "binlogd_streamer_state", {"orders", "RETRYING"}), 1);
  EXPECT_EQ(Value(samples, "binlogd_streamer_state", {"orders", "RUNNING"}), 0);
  EXPECT_EQ(Value(samples, "binlogd_streamer_events_read_total", {"orders", "write"}), 12);
  EXPECT_EQ(Value(samples, "binlogd_streamer_read_bytes_total", {"orders", "write"}), 1200);
  EXPECT_EQ(Value(samples, "binlogd_streamer_transactions_read_total", {"orders"}), 5);
  EXPECT_EQ(Value(samples, "binlogd_streamer_position_file_number", {"orders"}), 7);
  EXPECT_EQ(Value(samples, "binlogd_streamer_position_bytes", {"orders"}), 1099511627776.0);
  EXPECT_EQ(Value(samples, "binlogd_streamer_last_event_timestamp_seconds", {"orders"}), 0);
  EXPECT_EQ(Value(samples, "binlogd_target_healthy", {"orders", "archive"}), 1);
  EXPECT_EQ(Value(samples, "binlogd_target_healthy", {"orders", "changes"}), 0);
  EXPECT_EQ(Value(samples, "binlogd_target_required", {"orders", "archive"}), 1);
  EXPECT_EQ(Value(samples, "binlogd_target_required", {"orders", "changes"}), 0);
  EXPECT_EQ(Value(samples, "binlogd_target_lag_seconds", {"orders", "changes"}), 3);
  EXPECT_EQ(Value(samples, "binlogd_target_state", {"orders", "changes", "DETACHED"}), 1);
  EXPECT_EQ(Value(samples, "binlogd_target_state", {"orders", "archive", "DETACHED"}), 0);
}

TEST(MetricCatalogTest, CountersOfATarget) {
  StreamerSnapshot snapshot = Snapshot();
  const auto counters = std::make_shared<TargetCounters>();
  counters->written.Add(EventClass::kGtid, 3);
  counters->filtered.Add(EventClass::kGtid, 1);
  counters->filtered.Add(EventClass::kUpdate, 9);
  counters->retries = 2;
  counters->decode_errors = 4;
  counters->store_seconds.Observe(0.02);
  snapshot.tap_decode_errors = 1;
  snapshot.targets[0].counters = counters;
  const auto samples = StreamerMetrics(snapshot);
  EXPECT_EQ(Value(samples, "binlogd_target_events_written_total", {"orders", "archive", "gtid"}), 3);
  EXPECT_EQ(Value(samples, "binlogd_target_events_filtered_total", {"orders", "archive", "update"}), 9);
  EXPECT_EQ(Value(samples, "binlogd_target_transactions_written_total", {"orders", "archive"}), 4);
  EXPECT_EQ(Value(samples, "binlogd_target_retries_total", {"orders", "archive"}), 2);
  EXPECT_EQ(Value(samples, "binlogd_streamer_decode_errors_total", {"orders"}), 5);
  const MetricSample* const fsync = Find(samples, "binlogd_target_fsync_seconds", {"orders", "archive"});
  ASSERT_NE(fsync, nullptr);
  EXPECT_EQ(fsync->histogram->total(), 1u);
  EXPECT_EQ(Find(samples, "binlogd_target_fsync_seconds", {"orders", "changes"}), nullptr);
  EXPECT_EQ(Find(samples, "binlogd_target_produce_seconds", {"orders", "archive"}), nullptr);
  EXPECT_NE(Find(samples, "binlogd_target_produce_seconds", {"orders", "changes"}), nullptr);
}

TEST(MetricCatalogTest, LagIsThatOfTheRequiredTargetThatLacksMost) {
  StreamerSnapshot snapshot = Snapshot();
  const std::string source = "3e11fa47-71ca-11e1-9e33-c80aa9429562:";
  snapshot.source_end.gtid_set = source + "1-100";
  snapshot.read_position.gtid_set = source + "1-90";
  snapshot.targets[0].durable.position = Position{"binlog.000007", 4, source + "1-60:70"};
  snapshot.targets[0].lag_bytes = 7;
  snapshot.targets[1].durable.position = Position{"binlog.000007", 4, ""};
  snapshot.targets[1].lag_bytes = 9;
  auto samples = StreamerMetrics(snapshot);
  EXPECT_EQ(Value(samples, "binlogd_streamer_lag_bytes", {"orders"}), 7);
  EXPECT_EQ(Value(samples, "binlogd_target_lag_bytes", {"orders", "changes"}), 9);
  EXPECT_EQ(Value(samples, "binlogd_streamer_lag_transactions", {"orders"}), 39);
  EXPECT_EQ(Value(samples, "binlogd_target_lag_transactions", {"orders", "changes"}), 100);
  snapshot.targets[0].lag_bytes.reset();
  samples = StreamerMetrics(snapshot);
  EXPECT_EQ(Find(samples, "binlogd_streamer_lag_bytes", {"orders"}), nullptr);
  EXPECT_EQ(Find(samples, "binlogd_target_lag_bytes", {"orders", "archive"}), nullptr);
}

}  // namespace
}  // namespace binlogd
