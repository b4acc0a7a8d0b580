// Character sets, as far as text is brought to UTF-8.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

enum class Charset : uint8_t {
  kNotTold,  // The log does not say.
  kBinary,   // Bytes, not text.
  kUtf8,     // utf8mb4, utf8mb3 and ascii.
  kLatin1,   // MySQL's latin1: Windows-1252, with the C1 controls where that has gaps.
  kUtf16,    // ucs2 and utf16, big-endian.
  kUtf16Le,
  kUtf32,
  kOther,  // Another one, which is not converted.
};

// The character set of a collation by its number on the server; kNotTold for 0.
Charset CharsetOfCollation(uint32_t collation);

// Appends `text` in UTF-8. False, with `out` untouched, when the character set is not converted (kBinary, kOther) or
// the text is malformed in it. Text in kUtf8 and kNotTold is appended as it is.
bool AppendAsUtf8(Charset charset, absl::string_view text, std::string* out);

}  // namespace binlogd
