// Whole texts in UTF-8; base/utf8.h has the single character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// Length of the longest beginning of `text` that is ASCII.
inline size_t AsciiPrefix(absl::string_view text) {
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (i < text.size() && (text[i] & 0x80) == 0) ++i;
  return i;
}

// Whether the text is well-formed to its end.
bool IsUtf8(absl::string_view text);

// Appends a code point. It is below 0x110000 and no surrogate.
void AppendUtf8(uint32_t code_point, std::string* out);

// The text with U+FFFD for each byte that belongs to no well-formed character.
std::string ReplaceInvalidUtf8(absl::string_view text);

}  // namespace binlogd
