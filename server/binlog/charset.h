// Character sets: text is brought to UTF-8 as the servers' own CONVERT(… USING utf8mb4) does it.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "binlog/flavor.h"

namespace binlogd {

// All character sets of MySQL 5.7 to 9.7 and MariaDB 10.5 to 11.8.
enum class Charset : uint8_t {
  kNotTold,  // The log does not say.
  kBinary,   // Bytes, not text.
  kUtf8,     // utf8mb4 and utf8mb3.
  kAscii,    // Seven bits; MariaDB lets other bytes in, which then are no characters.
  kUcs2,     // UTF-16 without surrogates, big-endian.
  kUtf16,    // Big-endian.
  kUtf16Le,
  kUtf32,   // Big-endian.
  kLatin1,  // Windows-1252, with the C1 controls where that has gaps.
  kLatin2,
  kLatin5,
  kLatin7,
  kCp1250,
  kCp1251,
  kCp1256,
  kCp1257,
  kCp850,
  kCp852,
  kCp866,
  kGreek,
  kHebrew,
  kKoi8r,
  kKoi8u,
  kDec8,
  kHp8,
  kSwe7,  // The only one that does not hold ASCII as it is, beside UCS-2, UTF-16 and UTF-32.
  kMacce,
  kMacroman,
  kKeybcs2,
  kArmscii8,
  kGeostd8,
  kTis620,
  kBig5,
  kGb2312,
  kGbk,
  kGb18030,
  kSjis,
  kCp932,
  kUjis,
  kEucjpms,
  kEuckr,
  kOther,  // Of a collation whose number is unknown; not converted.
};

// The character set of a collation by its number on the server; kNotTold for 0.
Charset CharsetOfCollation(Flavor flavor, uint32_t collation);

// Whether the bytes below 0x80 are ASCII wherever they stand for themselves, so that ASCII text needs no conversion.
bool IsAsciiKept(Charset charset);

// Appends `text` in UTF-8. False, with `out` untouched, when the character set is not converted (kBinary, kOther), or
// when the text is malformed in it or has a character that Unicode lacks. Text in kUtf8 and kNotTold is appended as it
// is.
bool AppendAsUtf8(Charset charset, absl::string_view text, std::string* out);

}  // namespace binlogd
