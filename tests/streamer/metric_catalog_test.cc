#include "streamer/metric_catalog.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/match.h"

namespace binlogd {
namespace {

StreamerSnapshot Snapshot() {
  StreamerSnapshot snapshot;
  snapshot.name = "orders";
  snapshot.state = StreamerState::kRetrying;
  snapshot.events_read = 12;
  snapshot.position = Position{"binlog.000007", uint64_t{1} << 40, ""};
  for (const char* name : {"archive", "changes"}) {
    TargetSnapshot target;
    target.name = name;
    snapshot.targets.push_back(target);
  }
  snapshot.targets[1].error = absl::InternalError("x");
  snapshot.targets[1].required = false;
  snapshot.targets[1].state = TargetState::kDetached;
  snapshot.targets[1].lag_seconds = 3;
  return snapshot;
}

double Value(const std::vector<MetricSample>& samples, const std::string& name, const std::string& label,
             const std::string& value) {
  for (const MetricSample& sample : samples) {
    const auto found = sample.labels.find(label);
    if (sample.name == name && found != sample.labels.end() && found->second == value) return sample.value;
  }
  ADD_FAILURE() << "no " << name << " of " << value;
  return -1;
}

TEST(MetricCatalogTest, NamesLabelsAndForms) {
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen;
  std::set<std::string> closed;
  std::string group;
  for (const MetricSample& sample : StreamerMetrics(Snapshot())) {
    EXPECT_TRUE(seen.insert({sample.name, sample.labels}).second) << sample.name;
    EXPECT_EQ(sample.labels.at("streamer"), "orders");
    EXPECT_TRUE(absl::StartsWith(sample.name, "binlogd_")) << sample.name;
    EXPECT_EQ(absl::EndsWith(sample.name, "_total"), sample.is_counter) << sample.name;
    EXPECT_EQ(sample.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << sample.name;
    EXPECT_TRUE(absl::EndsWith(sample.help, ".")) << sample.name;
    if (sample.name != group) {
      EXPECT_TRUE(closed.insert(sample.name).second) << sample.name << " is not together";
      group = sample.name;
    }
  }
}

TEST(MetricCatalogTest, Values) {
  const auto samples = StreamerMetrics(Snapshot());
  EXPECT_EQ(Value(samples, "binlogd_streamer_state", "state", "RETRYING"), 1);
  EXPECT_EQ(Value(samples, "binlogd_streamer_state", "state", "RUNNING"), 0);
  EXPECT_EQ(Value(samples, "binlogd_streamer_events_read_total", "streamer", "orders"), 12);
  EXPECT_EQ(Value(samples, "binlogd_streamer_position_file_number", "streamer", "orders"), 7);
  EXPECT_EQ(Value(samples, "binlogd_streamer_position_bytes", "streamer", "orders"), 1099511627776.0);
  EXPECT_EQ(Value(samples, "binlogd_streamer_last_event_timestamp_seconds", "streamer", "orders"), 0);
  EXPECT_EQ(Value(samples, "binlogd_target_healthy", "target", "archive"), 1);
  EXPECT_EQ(Value(samples, "binlogd_target_healthy", "target", "changes"), 0);
  EXPECT_EQ(Value(samples, "binlogd_target_required", "target", "archive"), 1);
  EXPECT_EQ(Value(samples, "binlogd_target_required", "target", "changes"), 0);
  EXPECT_EQ(Value(samples, "binlogd_target_lag_seconds", "target", "changes"), 3);
  for (const MetricSample& sample : samples) {
    if (sample.name != "binlogd_target_state") continue;
    const bool is_changes = sample.labels.at("target") == "changes";
    EXPECT_EQ(sample.value, sample.labels.at("state") == (is_changes ? "DETACHED" : "FOLLOWING") ? 1 : 0);
  }
}

}  // namespace
}  // namespace binlogd
