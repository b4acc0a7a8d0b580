#include "format/base64.h"

#include <cstddef>
#include <cstdint>

namespace binlogd {

void AppendBase64(absl::string_view bytes, std::string* out) {
  constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const size_t begin = out->size();
  out->resize(begin + (bytes.size() + 2) / 3 * 4);
  char* to = &(*out)[begin];
  const auto byte = [bytes](size_t i) -> uint32_t { return static_cast<uint8_t>(bytes[i]); };
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *to++ = kAlphabet[group >> 18];
    *to++ = kAlphabet[group >> 12 & 0x3f];
    *to++ = kAlphabet[group >> 6 & 0x3f];
    *to++ = kAlphabet[group & 0x3f];
  }
  const size_t left = bytes.size() - i;
  if (left == 0) return;
  const uint32_t group = byte(i) << 16 | (left == 2 ? byte(i + 1) << 8 : 0);
  *to++ = kAlphabet[group >> 18];
  *to++ = kAlphabet[group >> 12 & 0x3f];
  *to++ = left == 2 ? kAlphabet[group >> 6 & 0x3f] : '=';
  *to++ = '=';
}

}  // namespace binlogd
