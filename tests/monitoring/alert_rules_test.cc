// The rules that are shipped: as promtool reads them, and as people need them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "tests/harness/prometheus_server.h"
#include "tests/harness/subprocess.h"
#include "tests/monitoring/monitoring_files.h"

namespace binlogd::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

CommandResult RunTool(std::vector<std::string> arguments) {
  const auto result = RunCommand({std::move(arguments), {}, {}, {}, {}});
  EXPECT_TRUE(result.ok()) << result.status();
  return result.value_or(CommandResult());
}

TEST(AlertRulesTest, AreRules) {
  const auto promtool = Promtool();
  if (!promtool.ok()) GTEST_SKIP() << promtool.status();
  const CommandResult checked = RunTool({*promtool, "check", "rules", "--lint=all", "--lint-fatal", AlertsFile()});
  EXPECT_EQ(checked.exit_code, 0) << checked.output << checked.error_output;
}

TEST(AlertRulesTest, SayHowBadItIsWhatItIsAndWhatToDo) {
  const std::string runbooks = ReadWholeFile(RunbooksFile()).value_or("");
  for (const AlertRule& alert : ShippedAlerts()) {
    SCOPED_TRACE(alert.name);
    EXPECT_THAT(alert.severity, AnyOf("critical", "warning", "info"));
    EXPECT_NE(alert.annotations.at("summary"), "");
    EXPECT_NE(alert.annotations.at("description"), "");
    EXPECT_EQ(alert.annotations.at("runbook_url"), "runbooks.md#" + absl::AsciiStrToLower(alert.name));
    EXPECT_THAT(runbooks, HasSubstr(absl::StrCat("\n## ", alert.name, "\n")));
  }
}

// The files of rules/, each by the name of its alert.
std::set<std::string> TestedAlerts() {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(RuleTestsFolder()))
    names.insert(entry.path().stem().string());
  return names;
}

TEST(AlertRulesTest, AreAllTested) {
  std::set<std::string> shipped;
  for (const AlertRule& alert : ShippedAlerts()) EXPECT_TRUE(shipped.insert(alert.name).second) << alert.name;
  EXPECT_EQ(shipped, TestedAlerts());
}

class AlertRuleTest : public ::testing::TestWithParam<std::string> {};

TEST_P(AlertRuleTest, FiresWhenItMustAndOnlyThen) {
  const auto promtool = Promtool();
  if (!promtool.ok()) GTEST_SKIP() << promtool.status();
  const std::string file = absl::StrCat(RuleTestsFolder(), "/", GetParam(), ".yaml");
  const std::string text = ReadWholeFile(file).value_or("");
  // Both are asked for, and of this alert.
  EXPECT_THAT(text, HasSubstr(absl::StrCat("ALERTS{alertname=\"", GetParam(), "\"")));
  EXPECT_THAT(text, HasSubstr("exp_samples: []"));
  EXPECT_THAT(text, HasSubstr("value: 1\n"));
  const CommandResult tested = RunTool({*promtool, "test", "rules", file});
  EXPECT_EQ(tested.exit_code, 0) << tested.output << tested.error_output;
}

INSTANTIATE_TEST_SUITE_P(Alerts, AlertRuleTest, ::testing::ValuesIn(TestedAlerts()),
                         [](const auto& parameter) { return parameter.param; });

}  // namespace
}  // namespace binlogd::testing
