// Reading a file in a place where something else may lie.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace binlogd {

// As ReadWholeFile, but INVALID_ARGUMENT for a folder, a pipe or a device: it never waits for who writes there.
absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t limit = 64 << 20);

}  // namespace binlogd
