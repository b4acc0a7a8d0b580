// Which files an argument of a command stands for.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace binlogd {

// A file, or "-": itself. A folder of log files ("NAME.000001", also with .zst, .gz, .enc): those, by number. A RAW
// archive (docs/on-disk.md): the files of all its epochs, by epoch and number. NOT_FOUND when there is nothing of the
// kind; INVALID_ARGUMENT (LOG_FOLDER_AMBIGUOUS) when a folder has logs of several names.
absl::StatusOr<std::vector<std::string>> ExpandLogPath(const std::string& path);

}  // namespace binlogd
