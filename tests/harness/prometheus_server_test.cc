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
  const uint16_t nobody = FreePort();
  const auto prometheus = PrometheusServer::Start(nobody, kRules);
  if (absl::IsUnavailable(prometheus.status())) GTEST_SKIP() << prometheus.status();
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  ASSERT_TRUE(WaitUntil([&] { return !(*prometheus)->Query("ALERTS{alertstate='firing'}")->empty(); }));
  const auto up = (*prometheus)->Query("up");
  ASSERT_EQ(up->size(), 1u);
  EXPECT_EQ(up->at(0).value, 0);
  EXPECT_EQ(up->at(0).labels.at("instance"), "127.0.0.1:" + std::to_string(nobody));
  EXPECT_EQ((*prometheus)->Series("up")->size(), 1u);
}

TEST(PrometheusServerTest, SaysWhatIsWrongWithAnExpression) {
  const auto prometheus = PrometheusServer::Start(FreePort(), "");
  if (absl::IsUnavailable(prometheus.status())) GTEST_SKIP() << prometheus.status();
  ASSERT_TRUE(prometheus.ok()) << prometheus.status();
  EXPECT_EQ((*prometheus)->Query("1 + 1")->at(0).value, 2);
  const auto refused = (*prometheus)->Query("sum by (");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("parse error"));
}

TEST(PrometheusServerTest, RefusesRulesThatAreNone) {
  const auto prometheus = PrometheusServer::Start(FreePort(), "groups: [{name: test, rules: [{alert: A, expr: '('}]}]");
  if (absl::IsUnavailable(prometheus.status())) GTEST_SKIP() << prometheus.status();
  EXPECT_THAT(prometheus.status().message(), HasSubstr("unclosed left parenthesis"));
}

}  // namespace
}  // namespace binlogd::testing
