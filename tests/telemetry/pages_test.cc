#include "telemetry/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/file.h"
#include "rpc/spec_json.h"
#include "streamer/store.h"
#include "telemetry/disk_metrics.h"
#include "telemetry/home_page.h"
#include "telemetry/metrics_text.h"
#include "telemetry/process_metrics.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

StreamerView View(const std::string& name) {
  StreamerView view;
  view.snapshot.name = name;
  view.snapshot.state = StreamerState::kRetrying;
  view.snapshot.lag_seconds = 4000;
  view.snapshot.source.endpoint = "db1:3306";
  view.snapshot.position = Position{"binlog.000007", 4711, ""};
  TargetSnapshot target;
  target.name = "archive";
  target.type = "file";
  view.snapshot.targets.push_back(target);
  return view;
}

TEST(HomePageTest, TellsOfStreamersAndTheirTargets) {
  EXPECT_THAT(HomePage({View("orders")}),
              AllOf(StartsWith("<!DOCTYPE html>"), HasSubstr("1 streamer "), HasSubstr("<strong>orders</strong>"),
                    HasSubstr("RETRYING"), HasSubstr("1 h 6 min"), HasSubstr("db1:3306 (not connected)"),
                    HasSubstr("binlog.000007:4711"), HasSubstr("archive (file)"), HasSubstr("name=\"viewport\""),
                    Not(HasSubstr("<script"))));
}

TEST(HomePageTest, EscapesWhatOthersWrote) {
  StreamerView view = View("orders");
  view.snapshot.error = absl::InternalError("<script>alert('&\"')</script>");
  const std::string page = HomePage({view});
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST(HomePageTest, IsBounded) {
  const std::vector<StreamerView> many(kMostOnHomePage + 3, View("orders"));
  EXPECT_THAT(HomePage(many), HasSubstr("<p>3 more: "));
  EXPECT_THAT(HomePage({}), AllOf(HasSubstr("0 streamers"), Not(HasSubstr("<table>"))));
}

TEST(MetricsTextTest, FamiliesStandTogetherAndLabelsAreEscaped) {
  constexpr MetricFamily kGauge = {"a", MetricType::kGauge, "x", "Help of a."};
  constexpr MetricFamily kCounter = {"b_total", MetricType::kCounter, "", "Help of b."};
  constexpr MetricFamily kHistogram = {"c_seconds", MetricType::kHistogram, "", "Help of c."};
  constexpr double kBounds[] = {0.5, 1};
  Histogram histogram(kBounds);
  histogram.Observe(0.75);
  EXPECT_EQ(MetricsText({{&kGauge, {"1"}, 1.5},
                         {&kCounter, {}, 1099511627776.0},
                         {&kGauge, {"\"\\\n"}, 2},
                         {&kHistogram, {}, 0, histogram.Read()}}),
            "# HELP a Help of a.\n# TYPE a gauge\na{x=\"1\"} 1.5\na{x=\"\\\"\\\\\\n\"} 2\n"
            "# HELP b_total Help of b.\n# TYPE b_total counter\nb_total 1099511627776\n"
            "# HELP c_seconds Help of c.\n# TYPE c_seconds histogram\nc_seconds_count 1\nc_seconds_sum 0.75\n"
            "c_seconds_bucket{le=\"0.5\"} 0\nc_seconds_bucket{le=\"1\"} 1\nc_seconds_bucket{le=\"+Inf\"} 1\n");
}

TEST(ProcessMetricsTest, TellsWhatTheProcessUses) {
  for (const MetricSample& sample : ProcessMetrics(true, 1)) {
    const std::string name = sample.family->name;
    // Nothing was logged, and not much was done yet.
    if (name == "binlogd_log_lines_total" || name == "process_cpu_seconds_total") continue;
    EXPECT_GT(sample.value, 0) << name;
  }
  EXPECT_GE(ProcessMetrics(true, 0).size(), ProcessFamilies().size());
}

StreamerView WithFileTarget(const std::string& name, const std::string& folder) {
  StreamerView view = View(name);
  view.spec.name = name;
  FileTargetSpec file;
  file.path = folder;
  view.spec.targets.push_back(TargetSpec{"archive", file, true, {}});
  view.spec.targets.push_back(TargetSpec{"cold", S3TargetSpec(), true, {}});
  return view;
}

// "name{label values} value"
std::vector<std::string> Told(const std::vector<MetricSample>& samples) {
  std::vector<std::string> told;
  for (const MetricSample& sample : samples) {
    told.push_back(absl::StrCat(sample.family->name, "{", absl::StrJoin(sample.label_values, ","), "} ", sample.value));
  }
  return told;
}

TEST(DiskMetricsTest, TellsOfTheStateDirectoryAndOfFileTargets) {
  DiskGauge gauge([](const std::string& folder) -> std::optional<DiskSpace> {
    if (folder == "/state") return DiskSpace{10, 100};
    if (folder == "/archive") return DiskSpace{20, 200};
    return std::nullopt;
  });
  EXPECT_THAT(
      Told(DiskMetrics("/state", {WithFileTarget("orders", "/archive"), WithFileTarget("new", "/not/yet")}, &gauge)),
      ElementsAre("binlogd_state_disk_free_bytes{} 10", "binlogd_target_disk_free_bytes{orders,archive} 20",
                  "binlogd_state_disk_size_bytes{} 100", "binlogd_target_disk_size_bytes{orders,archive} 200"));
}

class PagesTest : public ::testing::Test {
 protected:
  PagesTest()
      : manager_(*Store::Open(dir_ / "state", &codec_)),
        pages_(&manager_, &readiness_, dir_ / "state", [] { return std::vector<MetricSample>(); }) {}

  testing::TempDir dir_;
  SpecJson codec_;
  Manager manager_;
  Readiness readiness_;
  Pages pages_;
};

TEST_F(PagesTest, LivesWhetherItIsReadyOrNot) {
  EXPECT_EQ(pages_.Page("/healthz").status, 200);
  EXPECT_EQ(pages_.Page("/readyz").status, 503);
  EXPECT_EQ(pages_.Page("/readyz").body, "not ready: the streamers are being loaded\n");
  readiness_.Set(absl::OkStatus());
  EXPECT_EQ(pages_.Page("/readyz").status, 200);
  EXPECT_THAT(pages_.Page("/metrics").body, HasSubstr("\nbinlogd_ready 1\n"));
  readiness_.Set(absl::UnavailableError("binlogd shuts down"));
  EXPECT_EQ(pages_.Page("/readyz").body, "not ready: binlogd shuts down\n");
  EXPECT_THAT(pages_.Page("/metrics").body, HasSubstr("\nbinlogd_ready 0\n"));
  EXPECT_EQ(pages_.Page("/healthz").status, 200);
}

TEST_F(PagesTest, WhoseRecordCannotBeReadIsTold) {
  EXPECT_THAT(pages_.Page("/metrics").body, HasSubstr("\nbinlogd_streamers_left_out 0\n"));
  ASSERT_TRUE(MakeDirectories(dir_ / "state/streamers/orders", 0750).ok());
  ASSERT_TRUE(ReplaceFile(dir_ / "state/streamers/orders/streamer.json", "{", 0600).ok());
  ASSERT_TRUE(manager_.Load().ok());
  EXPECT_THAT(pages_.Page("/metrics").body, HasSubstr("\nbinlogd_streamers_left_out 1\n"));
  EXPECT_THAT(pages_.Page("/").body,
              AllOf(HasSubstr("orders could not be loaded"), HasSubstr("streamer.json is damaged")));
}

TEST_F(PagesTest, EachPathHasItsPage) {
  EXPECT_THAT(pages_.Page("/").body, HasSubstr("<h1>binlogd"));
  EXPECT_EQ(pages_.Page("/").content_type, "text/html; charset=utf-8");
  EXPECT_THAT(pages_.Page("/metrics").body, HasSubstr("\nbinlogd_build_info{version=\""));
  EXPECT_EQ(pages_.Page("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
  for (const char* path : {"", "/metrics/", "/favicon.ico", "//", "/../metrics"}) {
    EXPECT_EQ(pages_.Page(path).status, 404) << path;
  }
}

}  // namespace
}  // namespace binlogd
