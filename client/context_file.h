// The file that holds several servers and how each is reached.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlogd/v1/client.pb.h"

namespace binlogd {

// $XDG_CONFIG_HOME/binlogd/config.yaml, or ~/.config/binlogd/config.yaml. FAILED_PRECONDITION (NO_HOME) when neither
// variable is set.
absl::StatusOr<std::string> ContextFilePath();

// What the file holds; empty when there is none. INVALID_ARGUMENT names what is wrong in it, with its line.
absl::StatusOr<v1::ClientConfig> ReadContexts();

// Replaces the file, which nobody else can read.
absl::Status WriteContexts(const v1::ClientConfig& config);

// Its place in config.contexts; NOT_FOUND (CONTEXT_NOT_FOUND) when there is none of that name.
absl::StatusOr<int> FindContext(const v1::ClientConfig& config, absl::string_view name);

// Sets a field of a context from "KEY=VALUE"; an empty value clears it, and a file's path is made absolute.
absl::Status SetContextField(absl::string_view assignment, v1::ConfigContext* context);

// "server=", "tls=", …: what SetContextField() takes.
std::vector<std::string> ContextAssignments();

}  // namespace binlogd
