// Errors of an event, told with its place.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/event_header.h"

namespace binlogd {

// "FILE: offset N: Event_type: CAUSE". `begin_offset` is where the event begins in the file. A cause without a reason
// of its own (TABLE_MAP_MISSING says more than that something could not be decoded) becomes DECODE_FAILED.
absl::Status EventError(absl::string_view file, uint64_t begin_offset, EventType type, const absl::Status& cause);

}  // namespace binlogd
