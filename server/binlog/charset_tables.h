// Tables of the servers' character sets, written by scripts/lib/charset_tables.py from what a server answers. Where
// there is no character stands U+FFFD.
#pragma once

#include <cstddef>
#include <cstdint>

#include "binlog/charset.h"

namespace binlogd {

// Collations with successive numbers of one character set. MariaDB's NO PAD variants, from 1024 to 2047, are not
// listed: each has the character set of the number that is 1024 less.
struct CollationRun {
  uint16_t first;
  uint16_t last;
  Charset charset;
};

// Successive codes that a character set lacks of the one whose table it shares.
struct CodeRun {
  uint16_t first;
  uint16_t last;
};

// A code that stands for another character than in the table that is shared.
struct CodeCharacter {
  uint16_t code;
  char16_t character;
};

// Four-byte codes of gb18030 from `index` on that stand for successive code points from `code_point` on. The index
// counts codes from 0x81308130. 0: no characters.
struct FourByteRun {
  uint16_t index;
  char16_t code_point;
};

extern const CollationRun kCollations[];  // Sorted, as all runs are.
extern const size_t kCollationCount;

// 128 characters, of the bytes from 0x80 on.
extern const char16_t kLatin1Characters[];
extern const char16_t kLatin2Characters[];
extern const char16_t kLatin5Characters[];
extern const char16_t kLatin7Characters[];
extern const char16_t kCp1250Characters[];
extern const char16_t kCp1251Characters[];
extern const char16_t kCp1256Characters[];
extern const char16_t kCp1257Characters[];
extern const char16_t kCp850Characters[];
extern const char16_t kCp852Characters[];
extern const char16_t kCp866Characters[];
extern const char16_t kGreekCharacters[];
extern const char16_t kHebrewCharacters[];
extern const char16_t kKoi8rCharacters[];
extern const char16_t kKoi8uCharacters[];
extern const char16_t kDec8Characters[];
extern const char16_t kHp8Characters[];
extern const char16_t kSwe7Characters[];  // Of the bytes from 0 on; it has no others.
extern const char16_t kMacceCharacters[];
extern const char16_t kMacromanCharacters[];
extern const char16_t kKeybcs2Characters[];
extern const char16_t kArmscii8Characters[];
extern const char16_t kGeostd8Characters[];
extern const char16_t kTis620Characters[];

// Codes of two bytes; charset_multi_byte.cc has the bytes that the rows and columns are for.
extern const char16_t kBig5Characters[];
extern const char16_t kEuckrCharacters[];
extern const char16_t kGb18030Characters[];
extern const FourByteRun kGb18030FourByte[];
extern const size_t kGb18030FourByteCount;
extern const CodeRun kGbkAbsent[];
extern const size_t kGbkAbsentCount;
extern const CodeRun kGb2312Absent[];
extern const size_t kGb2312AbsentCount;
extern const CodeCharacter kGb2312Own[];
extern const size_t kGb2312OwnCount;
extern const char16_t kEucjpmsCharacters[];
extern const char16_t kEucjpmsThreeByteCharacters[];  // By the second and third byte; the first is 0x8f.
extern const CodeRun kUjisAbsent[];
extern const size_t kUjisAbsentCount;
extern const CodeCharacter kUjisOwn[];
extern const size_t kUjisOwnCount;
extern const CodeRun kUjisThreeByteAbsent[];  // Without the first byte.
extern const size_t kUjisThreeByteAbsentCount;
extern const CodeCharacter kUjisThreeByteOwn[];
extern const size_t kUjisThreeByteOwnCount;
extern const char16_t kCp932Characters[];  // The rows beyond those of eucjpms, lead bytes from 0xeb on.

}  // namespace binlogd
