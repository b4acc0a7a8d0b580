// A cursor over bytes in memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace binlogd {

// Reads little-endian integers and runs of bytes from a view. Every method returns false, and leaves the cursor and the
// output untouched, when fewer bytes remain than it needs. Does not own the bytes. Not thread-safe.
class ByteReader {
 public:
  explicit ByteReader(absl::string_view bytes) : bytes_(bytes) {}

  size_t remaining() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  // What has not been read.
  absl::string_view rest() const { return bytes_; }

  bool ReadU8(uint8_t* value) { return ReadFixed<1>(value); }
  bool ReadU16(uint16_t* value) { return ReadFixed<2>(value); }
  bool ReadU24(uint32_t* value) { return ReadFixed<3>(value); }
  bool ReadU32(uint32_t* value) { return ReadFixed<4>(value); }
  bool ReadU48(uint64_t* value) { return ReadFixed<6>(value); }
  bool ReadU64(uint64_t* value) { return ReadFixed<8>(value); }

  // A little-endian integer of `width` bytes, 1 to 8.
  bool ReadUnsigned(size_t width, uint64_t* value) {
    if (width > 8 || bytes_.size() < width) return false;
    uint64_t result = 0;
    for (size_t i = 0; i < width; ++i) result |= uint64_t{Byte(i)} << (8 * i);
    *value = result;
    bytes_.remove_prefix(width);
    return true;
  }

  // A big-endian integer of `width` bytes, 1 to 8.
  bool ReadBigEndian(size_t width, uint64_t* value) {
    if (width > 8 || bytes_.size() < width) return false;
    uint64_t result = 0;
    for (size_t i = 0; i < width; ++i) result = (result << 8) | Byte(i);
    *value = result;
    bytes_.remove_prefix(width);
    return true;
  }

  // A length-encoded integer (MySQL client/server protocol, "Protocol::LengthEncodedInteger"); 0xfb and 0xff are
  // refused.
  bool ReadLengthEncoded(uint64_t* value) {
    if (bytes_.empty()) return false;
    const uint8_t first = Byte(0);
    if (first < 0xfb) {
      *value = first;
      bytes_.remove_prefix(1);
      return true;
    }
    const size_t width = first == 0xfc ? 2 : first == 0xfd ? 3 : first == 0xfe ? 8 : 0;
    ByteReader after(bytes_.substr(1));
    if (width == 0 || !after.ReadUnsigned(width, value)) return false;
    bytes_ = after.rest();
    return true;
  }

  bool ReadBytes(size_t count, absl::string_view* value) {
    if (bytes_.size() < count) return false;
    *value = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return true;
  }

  bool Skip(size_t count) {
    if (bytes_.size() < count) return false;
    bytes_.remove_prefix(count);
    return true;
  }

 private:
  uint8_t Byte(size_t i) const { return static_cast<uint8_t>(bytes_[i]); }

  template <size_t kWidth, typename T>
  bool ReadFixed(T* value) {
    if (bytes_.size() < kWidth) return false;
    T result = 0;
    for (size_t i = 0; i < kWidth; ++i) result = static_cast<T>(result | (T{Byte(i)} << (8 * i)));
    *value = result;
    bytes_.remove_prefix(kWidth);
    return true;
  }

  absl::string_view bytes_;
};

}  // namespace binlogd
