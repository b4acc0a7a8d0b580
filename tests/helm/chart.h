// The Helm chart, rendered.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace binlogd::testing {

// helm with these arguments; its standard output. UNAVAILABLE when this machine cannot have it.
absl::StatusOr<std::string> Helm(const std::vector<std::string>& arguments);

// The manifests of a release "test" in the namespace "data", with the file of values VALUES/`values`.yaml and `more`
// options, after Kubernetes' own types have taken them strictly.
absl::StatusOr<std::vector<nlohmann::json>> RenderChart(const std::string& values,
                                                        const std::vector<std::string>& more = {});

// The manifests of a kind.
std::vector<nlohmann::json> OfKind(const std::vector<nlohmann::json>& manifests, const std::string& kind);

// The only one of that kind and name, in `manifests`; fails the test when it is not there.
const nlohmann::json& Find(const std::vector<nlohmann::json>& manifests, const std::string& kind,
                           const std::string& name);

// The Pod's only container, in `pod_spec`.
const nlohmann::json& Container(const nlohmann::json& pod_spec);

// What NOTES.txt tells after an installation with a file of values.
absl::StatusOr<std::string> RenderNotes(const std::string& values);

// Names of the files of values, without their endings.
std::vector<std::string> ValueFiles();

}  // namespace binlogd::testing
