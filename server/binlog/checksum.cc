#include "binlog/checksum.h"

#include <libdeflate.h>

#include <cstddef>

#include "base/byte_reader.h"
#include "binlog/event_header.h"

namespace binlogd {

bool ChecksumMatches(absl::string_view event) {
  if (event.size() < kEventHeaderSize + kChecksumSize) return false;
  constexpr size_t kTypeOffset = 4;
  constexpr size_t kFlagsOffset = 17;
  const size_t covered = event.size() - kChecksumSize;
  uint32_t crc = 0;
  size_t done = 0;
  if (static_cast<EventType>(event[kTypeOffset]) == EventType::kFormatDescription) {
    const char flags = static_cast<char>(event[kFlagsOffset] & ~kBinlogInUseFlag);
    crc = libdeflate_crc32(crc, event.data(), kFlagsOffset);
    crc = libdeflate_crc32(crc, &flags, 1);
    done = kFlagsOffset + 1;
  }
  crc = libdeflate_crc32(crc, event.data() + done, covered - done);
  uint32_t stated = 0;
  return ByteReader(event.substr(covered)).ReadU32(&stated) && crc == stated;
}

}  // namespace binlogd
