#include "tests/harness/prometheus_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/harness/tcp_proxy.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;

constexpr char kRules[] =
    "groups: [{name: test, rules: [{alert: Down, expr: \"up{job='binlogd'} == 0\", for: 1s, annotations: {summary: "
    "\"{{ $labels.instance }} is down\"}}]}]";

TEST(PrometheusServerTest, ScrapesEvaluatesRulesAndAnswers) {
  const auto prometheus = PrometheusServer::Start(kRules);
  if (absl::IsUnavailable(prometheus.status())) GTEST_SKIP() << prometheus.status();
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  EXPECT_TRUE((*prometheus)->Query("up")->empty());
  // Nobody is there.
  ASSERT_TRUE((*prometheus)->Scrape(FreePort()).ok());
  ASSERT_TRUE(WaitUntil([&] { return !(*prometheus)->FiringAlerts()->empty(); }));
  const FiringAlert down = (*prometheus)->FiringAlerts()->at(0);
  EXPECT_EQ(down.labels.at("alertname"), "Down");
  EXPECT_EQ(down.annotations.at("summary"), "binlogd-0 is down");
  const auto up = (*prometheus)->Query("up");
  ASSERT_EQ(up->size(), 1u);
  EXPECT_EQ(up->at(0).value, 0);
  EXPECT_EQ(up->at(0).labels.at("instance"), PrometheusServer::kInstance);
  ASSERT_TRUE((*prometheus)->StopScraping().ok());
  EXPECT_TRUE(WaitUntil([&] { return (*prometheus)->Query("up")->empty(); }));
}

TEST(PrometheusServerTest, SaysWhatIsWrongWithAnExpression) {
  const auto prometheus = PrometheusServer::Start("");
  if (absl::IsUnavailable(prometheus.status())) GTEST_SKIP() << prometheus.status();
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  EXPECT_EQ((*prometheus)->Query("1 + 1")->at(0).value, 2);
  const auto refused = (*prometheus)->Query("sum by (");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("parse error"));
}

TEST(PrometheusServerTest, RefusesRulesThatAreNone) {
  const auto prometheus = PrometheusServer::Start("groups: [{name: test, rules: [{alert: A, expr: '('}]}]");
  if (absl::IsUnavailable(prometheus.status())) GTEST_SKIP() << prometheus.status();
  EXPECT_THAT(std::string(prometheus.status().message()), HasSubstr("unclosed left parenthesis"));
}

}  // namespace
}  // namespace binlogd::testing
