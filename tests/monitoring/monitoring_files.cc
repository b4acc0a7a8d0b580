#include "tests/monitoring/monitoring_files.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace binlogd::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

}  // namespace

std::string AlertsFile() { return MONITORING_FILES "/alerts.yaml"; }
std::string DashboardsFolder() { return MONITORING_FILES "/dashboards"; }
std::string RuleTestsFolder() { return MONITORING_TESTS "/rules"; }
std::string RunbooksFile() { return MONITORING_DOCS "/runbooks.md"; }

std::vector<AlertRule> ShippedAlerts() {
  std::vector<AlertRule> alerts;
  for (const YAML::Node& group : YAML::LoadFile(AlertsFile())["groups"]) {
    for (const YAML::Node& rule : group["rules"]) {
      alerts.push_back({rule["alert"].as<std::string>(), rule["expr"].as<std::string>(),
                        rule["labels"]["severity"].as<std::string>(""),
                        rule["annotations"].as<std::map<std::string, std::string>>()});
    }
  }
  return alerts;
}

std::vector<Dashboard> ShippedDashboards() {
  std::vector<Dashboard> dashboards;
  for (const fs::directory_entry& entry : fs::directory_iterator(DashboardsFolder())) {
    std::ifstream file(entry.path());
    dashboards.push_back({entry.path().stem().string(), json::parse(file)});
  }
  std::sort(dashboards.begin(), dashboards.end(),
            [](const Dashboard& left, const Dashboard& right) { return left.name < right.name; });
  return dashboards;
}

std::vector<PanelQuery> Queries(const Dashboard& dashboard) {
  std::vector<PanelQuery> queries;
  for (const json& panel : dashboard.model.at("panels")) {
    for (const json& target : panel.value("targets", json::array())) {
      queries.push_back({absl::StrCat(dashboard.name, ", \"", panel.at("title").get<std::string>(), "\""),
                         target.at("expr"), target.value("legendFormat", "")});
    }
  }
  return queries;
}

std::string WithoutVariables(const Dashboard& dashboard, std::string expression) {
  for (const char* interval : {"$__rate_interval", "$__range"})
    expression = absl::StrReplaceAll(expression, {{interval, "5m"}});
  for (const json& variable : dashboard.model.at("templating").at("list")) {
    expression = absl::StrReplaceAll(expression, {{absl::StrCat("$", variable.at("name").get<std::string>()), ".+"}});
  }
  return expression;
}

std::vector<std::string> Selectors(const std::string& expression) {
  static const std::regex kSelector(R"(\b(binlogd_\w+|process_\w+|up\b|ALERTS\b)(\{[^}]*\})?)");
  std::vector<std::string> selectors;
  for (std::sregex_iterator match(expression.begin(), expression.end(), kSelector), end; match != end; ++match) {
    selectors.push_back(match->str());
  }
  return selectors;
}

}  // namespace binlogd::testing
