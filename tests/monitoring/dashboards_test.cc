// The dashboards that are shipped: what Grafana takes in silence and shows wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "tests/harness/prometheus_server.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/temp_dir.h"
#include "tests/monitoring/monitoring_files.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::Contains;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr int kColumns = 24;

class DashboardsTest : public ::testing::TestWithParam<Dashboard> {
 protected:
  const json& panels() const { return GetParam().model.at("panels"); }
};

TEST_P(DashboardsTest, PanelsHaveTheirOwnNumbersAndPlaces) {
  std::set<int> ids;
  std::set<std::pair<int, int>> taken;
  for (const json& panel : panels()) {
    SCOPED_TRACE(panel.at("title"));
    EXPECT_NE(panel.at("title"), "");
    EXPECT_TRUE(ids.insert(panel.at("id").get<int>()).second);
    const json& place = panel.at("gridPos");
    EXPECT_LE(place.at("x").get<int>() + place.at("w").get<int>(), kColumns);
    for (int x = 0; x < place.at("w"); ++x) {
      for (int y = 0; y < place.at("h"); ++y) {
        ASSERT_TRUE(taken.insert({place.at("x").get<int>() + x, place.at("y").get<int>() + y}).second)
            << "overlaps another panel";
      }
    }
  }
}

TEST_P(DashboardsTest, EverythingIsAskedOfTheChosenDatasource) {
  const json chosen = {{"type", "prometheus"}, {"uid", "${datasource}"}};
  int queries = 0;
  for (const json& panel : panels()) {
    if (panel.at("type") == "row") continue;
    SCOPED_TRACE(panel.at("title"));
    EXPECT_EQ(panel.at("datasource"), chosen);
    EXPECT_FALSE(panel.at("targets").empty());
    for (const json& target : panel.at("targets")) {
      EXPECT_EQ(target.at("datasource"), chosen);
      ++queries;
    }
  }
  EXPECT_GT(queries, 20);
  EXPECT_EQ(GetParam().model.at("templating").at("list").at(0).at("type"), "datasource");
}

TEST_P(DashboardsTest, EveryVariableIsDefinedAndUsed) {
  std::set<std::string> defined;
  std::string definitions;
  for (const json& variable : GetParam().model.at("templating").at("list")) {
    defined.insert(variable.at("name").get<std::string>());
    absl::StrAppend(&definitions, variable.value("definition", ""), " ");
  }
  std::set<std::string> used = {"datasource"};
  const std::regex reference(R"(\$([a-z]\w*))");
  const auto collect = [&](const std::string& text) {
    for (std::sregex_iterator match(text.begin(), text.end(), reference), end; match != end; ++match)
      used.insert((*match)[1]);
  };
  for (const PanelQuery& query : Queries(GetParam())) collect(query.expression);
  EXPECT_EQ(used, defined);
  collect(definitions);
  EXPECT_EQ(used, defined);
}

TEST_P(DashboardsTest, LinksLeadToDashboards) {
  std::set<std::string> uids;
  for (const Dashboard& dashboard : ShippedDashboards()) {
    EXPECT_EQ(dashboard.model.at("uid"), dashboard.name);
    EXPECT_TRUE(uids.insert(dashboard.name).second);
  }
  const std::string text = GetParam().model.dump();
  const std::regex link("/d/([a-z-]+)");
  std::set<std::string> linked;
  for (std::sregex_iterator match(text.begin(), text.end(), link), end; match != end; ++match)
    linked.insert((*match)[1]);
  EXPECT_FALSE(linked.empty());
  EXPECT_THAT(uids, IsSupersetOf(linked));
}

TEST_P(DashboardsTest, EveryExpressionIsOne) {
  const auto promtool = Promtool();
  if (!promtool.ok()) GTEST_SKIP() << promtool.status();
  // As a file of rules, which promtool reads.
  json rules = json::array();
  for (const PanelQuery& query : Queries(GetParam())) {
    const std::string expression = WithoutVariables(GetParam(), query.expression);
    EXPECT_FALSE(absl::StrContains(expression, "$")) << query.place << ": " << expression;
    rules.push_back({{"record", absl::StrCat("q", rules.size())}, {"expr", expression}});
  }
  const TempDir directory;
  const json file = {{"groups", {{{"name", GetParam().name}, {"rules", rules}}}}};
  ASSERT_TRUE(ReplaceFile(directory / "rules.yaml", file.dump(), 0600).ok());
  const auto checked = RunCommand({{*promtool, "check", "rules", directory / "rules.yaml"}, {}, {}, {}, {}});
  EXPECT_EQ(checked->exit_code, 0) << checked->output << checked->error_output;
}

INSTANTIATE_TEST_SUITE_P(Shipped, DashboardsTest, ::testing::ValuesIn(ShippedDashboards()), [](const auto& parameter) {
  return std::regex_replace(parameter.param.name, std::regex("-"), "_");
});

TEST(SelectorsTest, AreWhatAnExpressionReads) {
  EXPECT_THAT(Selectors("sum by (le) (rate(binlogd_a_bucket{b=\"c\"}[5m])) and on (job) up == 0 unless binlogd_d"),
              ::testing::ElementsAre("binlogd_a_bucket{b=\"c\"}", "up", "binlogd_d"));
  EXPECT_THAT(Selectors("ALERTS{alertname=~\"Binlogd.+\"}"), Not(Contains("up")));
}

}  // namespace
}  // namespace binlogd::testing
