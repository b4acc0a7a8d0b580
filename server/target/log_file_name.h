// Names of log files as parts of paths and keys.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace binlogd {

// A file name that a source sent becomes part of a path or a key: it may not lead elsewhere. DATA_LOSS, permanent
// (SOURCE_SENT_BAD_FILE_NAME), unless it is NAME.NUMBER, without control characters.
absl::Status CheckLogFileName(const std::string& name);

}  // namespace binlogd
