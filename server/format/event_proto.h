// Decoded events as protobuf messages.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/decoder.h"
#include "binlogd/v1/event.pb.h"

namespace binlogd {

// Fills `event`, whatever it held, with a decoded event that ends at `end_offset` of `file`. DATA_LOSS when its rows
// cannot be decoded; the message then holds part of it.
absl::Status ToProto(const DecodedEvent& decoded, absl::string_view file, uint64_t end_offset, v1::Event* event);

}  // namespace binlogd
