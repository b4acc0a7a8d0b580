#include "base/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "base/metric.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;

constexpr double kBounds[] = {1, 2.5, 10};

TEST(HistogramTest, CountsAValueInTheFirstBucketThatItFits) {
  Histogram histogram(kBounds);
  for (const double value : {0.5, 1.0, 1.5, 10.0, 11.0}) histogram.Observe(value);
  const HistogramCounts read = histogram.Read();
  EXPECT_THAT(read.counts, ElementsAre(2, 1, 1, 1));
  EXPECT_EQ(read.sum, 24);
  EXPECT_EQ(read.total(), 5u);
  std::vector<uint64_t> cumulative;
  for (const auto& [bound, count] : read.cumulative()) cumulative.push_back(count);
  EXPECT_THAT(cumulative, ElementsAre(2, 3, 4, 5));
  EXPECT_EQ(read.cumulative()[2].bound, 10);
  EXPECT_EQ(read.cumulative()[3].bound, std::numeric_limits<double>::infinity());
}

TEST(HistogramTest, TimerObservesOnce) {
  Histogram histogram(kSecondsBuckets);
  { const HistogramTimer timer(&histogram); }
  EXPECT_EQ(histogram.Read().total(), 1u);
}

TEST(MetricTest, AHistogramBecomesPlainSamples) {
  constexpr MetricFamily kFamily = {"x_seconds", MetricType::kHistogram, "streamer target", "X."};
  Histogram histogram(kBounds);
  histogram.Observe(2);
  histogram.Observe(20);
  const auto plain = PlainSamples({&kFamily, {"orders", "archive"}, 0, histogram.Read()});
  ASSERT_EQ(plain.size(), 6u);
  EXPECT_EQ(plain[0].name, "x_seconds_bucket");
  EXPECT_EQ(plain[0].labels.back(), std::make_pair(std::string("le"), std::string("1")));
  EXPECT_EQ(plain[1].labels.back().second, "2.5");
  EXPECT_EQ(plain[3].labels.back().second, "+Inf");
  EXPECT_EQ(plain[0].value, 0);
  EXPECT_EQ(plain[1].value, 1);
  EXPECT_EQ(plain[2].value, 1);
  EXPECT_EQ(plain[3].value, 2);
  EXPECT_EQ(plain[4].name, "x_seconds_sum");
  EXPECT_EQ(plain[4].value, 22);
  EXPECT_EQ(plain[5].name, "x_seconds_count");
  EXPECT_EQ(plain[5].value, 2);
  EXPECT_EQ(plain[5].labels.size(), 2u);
}

TEST(MetricTest, AGaugeStaysWhatItIs) {
  constexpr MetricFamily kFamily = {"x", MetricType::kGauge, "", "X."};
  const auto plain = PlainSamples({&kFamily, {}, 4});
  ASSERT_EQ(plain.size(), 1u);
  EXPECT_EQ(plain[0].name, "x");
  EXPECT_TRUE(plain[0].labels.empty());
  EXPECT_EQ(plain[0].value, 4);
}

}  // namespace
}  // namespace binlogd
