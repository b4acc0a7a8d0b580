// What was logged about a streamer, for a person.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "binlogd/v1/service.pb.h"

namespace binlogd {

// "2024-02-29 12:03:44 WARNING  source db1:3306: …  (binlog.000007:4711)", a line ending in a newline.
std::string LogEntryText(const v1::LogEntry& entry, absl::TimeZone zone, bool colour);

}  // namespace binlogd
