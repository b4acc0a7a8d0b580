#include "tests/helm/chart.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/harness/provide.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/temp_dir.h"
#include "tests/packaging/packages.h"

namespace binlogd::testing {
namespace {

absl::StatusOr<nlohmann::json> CheckManifests(const std::string& text) {
  ASSIGN_OR_RETURN(const std::string home, Provide("helm"));
  SubprocessOptions options;
  options.arguments = {home + "/bin/check-manifests"};
  options.input = text;
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand(options));
  if (result.exit_code != 0) return absl::InvalidArgumentError(result.error_output);
  return nlohmann::json::parse(result.output);
}

}  // namespace

absl::StatusOr<std::string> Helm(const std::vector<std::string>& arguments) {
  ASSIGN_OR_RETURN(const std::string home, Provide("helm"));
  std::vector<std::string> command = {home + "/bin/helm"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  // Nothing of a cluster that this machine may know.
  return OutputOf(command, {"KUBECONFIG=/dev/null"});
}

absl::StatusOr<std::vector<nlohmann::json>> RenderChart(const std::string& values,
                                                        const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"template",    "test", CHART,
                                        "--namespace", "data", absl::StrCat("--values=" VALUES "/", values, ".yaml")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  ASSIGN_OR_RETURN(const std::string text, Helm(arguments));
  ASSIGN_OR_RETURN(const nlohmann::json manifests, CheckManifests(text));
  return std::vector<nlohmann::json>(manifests.begin(), manifests.end());
}

std::vector<nlohmann::json> OfKind(const std::vector<nlohmann::json>& manifests, const std::string& kind) {
  std::vector<nlohmann::json> found;
  for (const nlohmann::json& manifest : manifests) {
    if (manifest["kind"] == kind) found.push_back(manifest);
  }
  return found;
}

const nlohmann::json& Find(const std::vector<nlohmann::json>& manifests, const std::string& kind,
                           const std::string& name) {
  static const auto* const none = new nlohmann::json(nlohmann::json::object());
  const nlohmann::json* found = none;
  for (const nlohmann::json& manifest : manifests) {
    if (manifest["kind"] != kind || manifest["metadata"]["name"] != name) continue;
    EXPECT_EQ(found, none) << kind << " " << name << " is there twice";
    found = &manifest;
  }
  EXPECT_NE(found, none) << kind << " " << name;
  return *found;
}

const nlohmann::json& Container(const nlohmann::json& pod_spec) {
  EXPECT_EQ(pod_spec.at("containers").size(), 1u);
  return pod_spec["containers"].at(0);
}

absl::StatusOr<std::string> RenderNotes(const std::string& values) {
  // Only an installation shows them, and that takes a cluster: a copy of the chart has them in a manifest.
  const TempDir directory;
  const std::string chart = directory / "binlogd";
  std::filesystem::copy(CHART, chart, std::filesystem::copy_options::recursive);
  std::ofstream(chart + "/templates/notes.yaml")
      << R"(notes: {{ include (print $.Template.BasePath "/NOTES.txt") . | toJson }})"
      << "\n";
  ASSIGN_OR_RETURN(const std::string text,
                   Helm({"template", "test", chart, "--namespace=data", "--show-only=templates/notes.yaml",
                         absl::StrCat("--values=" VALUES "/", values, ".yaml")}));
  const size_t start = text.find("notes: ");
  if (start == std::string::npos) return absl::NotFoundError(text);
  return nlohmann::json::parse(text.substr(start + 7)).get<std::string>();
}

std::vector<std::string> ValueFiles() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(VALUES)) names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace binlogd::testing
