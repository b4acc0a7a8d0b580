// Real servers from this machine's cache.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd::testing {

// Where tests/harness/provide keeps the server of that name, which it fetches first if need be: PATH/bin/PROGRAM.
// UNAVAILABLE with the reason when this machine cannot get it. Thread-safe.
absl::StatusOr<std::string> Provide(const std::string& name);

// The last `count` lines of a text.
std::string LastLines(absl::string_view text, size_t count);

}  // namespace binlogd::testing
