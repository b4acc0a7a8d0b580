// The CRC-32 that closes every event when the file's format description says so.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace binlogd {

// The checksum algorithm byte of a format description event.
enum class ChecksumAlgorithm : uint8_t { kNone = 0, kCrc32 = 1 };

// Whether the last 4 bytes of `event` are the CRC-32 (ISO 3309, little-endian) of the bytes before them. The "in use"
// flag of a format description event counts as clear, as the server clears it without writing the checksum again.
bool ChecksumMatches(absl::string_view event);

}  // namespace binlogd
