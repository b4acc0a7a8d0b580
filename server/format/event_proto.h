// Decoded events as protobuf messages.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/decoder.h"
#include "binlogd/v1/event.pb.h"
#include "format/row_match.h"

namespace binlogd {

// Fills `event`, whatever it held, with a decoded event that ends at `end_offset` of `file`; with `wanted`, which was
// started with its table, only with the rows that match, of an update with both images when either does. DATA_LOSS when
// its rows cannot be decoded; the message then holds part of it.
absl::Status ToProto(const DecodedEvent& decoded, absl::string_view file, uint64_t end_offset, RowMatcher* wanted,
                     v1::Event* event);
inline absl::Status ToProto(const DecodedEvent& decoded, absl::string_view file, uint64_t end_offset,
                            v1::Event* event) {
  return ToProto(decoded, file, end_offset, nullptr, event);
}

}  // namespace binlogd
