// The rules and dashboards that are shipped, as tests see them.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace binlogd::testing {

// Where the rules and the dashboards stand.
std::string AlertsFile();
std::string DashboardsFolder();
// Where the tests of promtool stand, one an alert: ALERT.yaml.
std::string RuleTestsFolder();
std::string RunbooksFile();

struct AlertRule {
  std::string name;
  std::string expression;
  std::string severity;
  std::map<std::string, std::string> annotations;
};

// Those of AlertsFile(), in its order. Throws when it is no file of rules.
std::vector<AlertRule> ShippedAlerts();

struct Dashboard {
  std::string name;  // Of the file, without ".json".
  nlohmann::json model;
};

// Those of DashboardsFolder(), by name. Throws when one is not JSON.
std::vector<Dashboard> ShippedDashboards();

// A panel's query.
struct PanelQuery {
  std::string place;       // "fleet, \"Lag\""
  std::string expression;  // As it stands in the dashboard.
  std::string legend;
};
std::vector<PanelQuery> Queries(const Dashboard& dashboard);

// The expression as Grafana would send it with "All" chosen for every variable.
std::string WithoutVariables(const Dashboard& dashboard, std::string expression);

// Every "metric{matchers}" that an expression reads, in its order. Metrics are those of binlogd and of its process,
// "up", and "ALERTS".
std::vector<std::string> Selectors(const std::string& expression);

}  // namespace binlogd::testing
