// What stands beside a RAW target's files of an epoch.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "binlog/position.h"

namespace binlogd {

// The text of epoch.json (docs/on-disk.md): the source, and why the epoch began, at `began`.
std::string EpochJson(const EpochStart& start, absl::Time began);

}  // namespace binlogd
