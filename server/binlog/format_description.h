// The event that opens every file and says how the others are laid out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/checksum.h"
#include "binlog/event_header.h"

namespace binlogd {

// Layout after the header:
//    0   2  binlog version, 4
//    2  50  server version, padded with zeros
//   52   4  creation time, 0 when the event was made for a connection
//   56   1  length of an event header, 19
//   57   n  length of the fixed part of each event type, from type 1 on
//    …   1  checksum algorithm, then 4 bytes of checksum (both only since MySQL 5.6.1 and MariaDB 5.3)
struct FormatDescription {
  std::string server_version;
  uint32_t created = 0;  // The header's timestamp: when the file was opened, seconds since 1970. The same in the event
                         // that a server makes for a connection that starts inside the file.
  uint32_t server_id = 0;
  ChecksumAlgorithm checksum = ChecksumAlgorithm::kNone;
  std::vector<uint8_t> post_header_lengths;  // [type - 1]; a type beyond the end is unknown to the writer.

  // Length of the fixed part of `type`; `fallback` when the writer did not know the type.
  uint8_t PostHeaderLength(EventType type, uint8_t fallback) const;
  // Bytes of checksum at the end of each event that follows: 0 or 4.
  size_t checksum_size() const { return checksum == ChecksumAlgorithm::kCrc32 ? kChecksumSize : 0; }
};

// `event` is a whole format description event. DATA_LOSS when it is cut short, is not version 4, or names an unknown
// checksum algorithm.
absl::StatusOr<FormatDescription> ParseFormatDescription(absl::string_view event);

}  // namespace binlogd
