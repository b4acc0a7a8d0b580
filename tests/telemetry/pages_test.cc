#include "telemetry/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "rpc/spec_json.h"
#include "streamer/store.h"
#include "telemetry/home_page.h"
#include "telemetry/metrics_text.h"
#include "telemetry/process_metrics.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

using ::testing::AllOf;
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
  for (const MetricSample& sample : ProcessMetrics()) {
    const std::string name = sample.family->name;
    // Nothing was logged, and not much was done yet.
    if (name == "binlogd_log_lines_total" || name == "process_cpu_seconds_total") continue;
    EXPECT_GT(sample.value, 0) << name;
  }
  EXPECT_GE(ProcessMetrics().size(), ProcessFamilies().size());
}

class PagesTest : public ::testing::Test {
 protected:
  PagesTest()
      : manager_(*Store::Open(dir_ / "state", &codec_)),
        pages_(&manager_, &readiness_, [] { return std::vector<MetricSample>(); }) {}

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
  readiness_.Set(absl::UnavailableError("binlogd shuts down"));
  EXPECT_EQ(pages_.Page("/readyz").body, "not ready: binlogd shuts down\n");
  EXPECT_EQ(pages_.Page("/healthz").status, 200);
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
