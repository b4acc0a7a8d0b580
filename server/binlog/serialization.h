// Integers of MySQL's serialization format (mysql/serialization), as tagged GTIDs use it.
#pragma once

#include <cstdint>

#include "base/byte_reader.h"

namespace binlogd {

// A variable-length integer: the ones that end the first byte count the bytes that follow it; the value stands in the
// bits above them, little-endian. Eight ones: the value is the 8 bytes that follow. False, and `reader` untouched, when
// the bytes are cut short.
inline bool ReadVariableLength(ByteReader* reader, uint64_t* value) {
  if (reader->empty()) return false;
  size_t more = 0;
  for (uint8_t first = static_cast<uint8_t>(reader->rest()[0]); (first & 1) != 0; first >>= 1) ++more;
  uint64_t raw = 0;
  if (more < 8) {
    if (!reader->ReadUnsigned(more + 1, &raw)) return false;
    *value = raw >> (more + 1);
    return true;
  }
  ByteReader after(reader->rest().substr(1));
  if (!after.ReadUnsigned(8, &raw)) return false;
  *value = raw;
  *reader = after;
  return true;
}

// The same for a signed integer: its sign is the lowest bit.
inline bool ReadVariableLengthSigned(ByteReader* reader, int64_t* value) {
  uint64_t raw = 0;
  if (!ReadVariableLength(reader, &raw)) return false;
  const int64_t magnitude = static_cast<int64_t>(raw >> 1);
  *value = (raw & 1) != 0 ? -magnitude - 1 : magnitude;
  return true;
}

}  // namespace binlogd
