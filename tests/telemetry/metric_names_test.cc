#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "base/file.h"
#include "tests/telemetry/metrics_page.h"

namespace binlogd {
namespace {

using testing::MetricSections;

std::vector<const MetricFamily*> AllFamilies() {
  std::vector<const MetricFamily*> all;
  for (const auto& section : MetricSections()) all.insert(all.end(), section.families.begin(), section.families.end());
  return all;
}

// https://prometheus.io/docs/practices/naming/
TEST(MetricNamesTest, FollowTheConventions) {
  for (const MetricFamily* family : AllFamilies()) {
    const std::string name = family->name;
    EXPECT_TRUE(absl::StartsWith(name, "binlogd_") || absl::StartsWith(name, "process_")) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
    EXPECT_EQ(absl::EndsWith(name, "_total"), family->type == MetricType::kCounter) << name;
    // What Prometheus itself adds to a histogram's name.
    for (const char* taken : {"_count", "_sum", "_bucket"}) EXPECT_FALSE(absl::EndsWith(name, taken)) << name;
    // Base units only.
    for (const char* unit : {"milli", "micro", "nano", "minutes", "hours", "_ms", "_us", "kilo", "mega", "_kb", "_mb",
                             "percent", "bits"}) {
      EXPECT_FALSE(absl::StrContains(name, unit)) << name;
    }
    if (family->type == MetricType::kHistogram) {
      EXPECT_TRUE(absl::EndsWith(name, "_seconds") || absl::EndsWith(name, "_bytes")) << name;
    }
    EXPECT_TRUE(absl::EndsWith(family->help, ".")) << name;
    // A label that is in the name says it twice; `le` and `quantile` are Prometheus' own.
    for (const std::string& label : LabelNames(*family)) {
      EXPECT_EQ(label.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
      EXPECT_TRUE(label != "le" && label != "quantile") << name;
    }
  }
}

TEST(MetricNamesTest, AreNotUsedTwice) {
  std::set<std::string> names;
  for (const MetricFamily* family : AllFamilies()) EXPECT_TRUE(names.insert(family->name).second) << family->name;
}

TEST(MetricNamesTest, DocumentsAreMadeFromThem) {
  const absl::StatusOr<std::string> page = ReadWholeFile(METRICS_PAGE);
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_TRUE(*page == testing::MetricsPage())
      << "docs/metrics.md is stale: build/tests/telemetry/write_metrics_page > docs/metrics.md";
}

}  // namespace
}  // namespace binlogd
