// UTF-8, one character at a time.
#pragma once

#include <cstddef>

#include "absl/strings/string_view.h"

namespace binlogd {

// Bytes (1 to 4) of the character that `text` begins with; 0 when it begins with none: empty, cut short, overlong, a
// surrogate, or beyond U+10FFFF (RFC 3629, section 4).
//   00..7f | c2..df 80..bf | e0 a0..bf 80..bf | e1..ec,ee,ef 80..bf x2 | ed 80..9f 80..bf
//   f0 90..bf 80..bf x2 | f1..f3 80..bf x3 | f4 80..8f 80..bf x2
inline size_t Utf8CharacterLength(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<unsigned char>(text[i]); };
  if (text.empty()) return 0;
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  const unsigned char least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < least || byte(1) > most) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace binlogd
