#include "binlog/charset.h"

#include <algorithm>
#include <cstddef>

#include "binlog/charset_multi_byte.h"
#include "binlog/charset_tables.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

// Of the character sets of one byte that keep ASCII, the characters from 0x80 on; null for the others.
const char16_t* HighCharacters(Charset charset) {
  switch (charset) {
    case Charset::kLatin1: return kLatin1Characters;
    case Charset::kLatin2: return kLatin2Characters;
    case Charset::kLatin5: return kLatin5Characters;
    case Charset::kLatin7: return kLatin7Characters;
    case Charset::kCp1250: return kCp1250Characters;
    case Charset::kCp1251: return kCp1251Characters;
    case Charset::kCp1256: return kCp1256Characters;
    case Charset::kCp1257: return kCp1257Characters;
    case Charset::kCp850: return kCp850Characters;
    case Charset::kCp852: return kCp852Characters;
    case Charset::kCp866: return kCp866Characters;
    case Charset::kGreek: return kGreekCharacters;
    case Charset::kHebrew: return kHebrewCharacters;
    case Charset::kKoi8r: return kKoi8rCharacters;
    case Charset::kKoi8u: return kKoi8uCharacters;
    case Charset::kDec8: return kDec8Characters;
    case Charset::kHp8: return kHp8Characters;
    case Charset::kMacce: return kMacceCharacters;
    case Charset::kMacroman: return kMacromanCharacters;
    case Charset::kKeybcs2: return kKeybcs2Characters;
    case Charset::kArmscii8: return kArmscii8Characters;
    case Charset::kGeostd8: return kGeostd8Characters;
    case Charset::kTis620: return kTis620Characters;
    default: return nullptr;
  }
}

constexpr char16_t kNone = 0xfffd;

bool AppendSingleByte(const char16_t* high, absl::string_view text, std::string* out) {
  for (;;) {
    const size_t ascii = AsciiPrefix(text);
    out->append(text.data(), ascii);
    text.remove_prefix(ascii);
    if (text.empty()) return true;
    const char16_t character = high[static_cast<uint8_t>(text[0]) - 0x80];
    if (character == kNone) return false;
    AppendUtf8(character, out);
    text.remove_prefix(1);
  }
}

bool AppendSwe7(absl::string_view text, std::string* out) {
  for (const char c : text) {
    const uint8_t byte = static_cast<uint8_t>(c);
    if (byte >= 0x80 || kSwe7Characters[byte] == kNone) return false;
    AppendUtf8(kSwe7Characters[byte], out);
  }
  return true;
}

bool IsSurrogate(uint32_t unit) { return unit >= 0xd800 && unit < 0xe000; }

bool AppendUtf16(absl::string_view text, Charset charset, std::string* out) {
  const auto unit = [&](size_t i) -> uint32_t {
    const uint8_t a = static_cast<uint8_t>(text[i]);
    const uint8_t b = static_cast<uint8_t>(text[i + 1]);
    return charset == Charset::kUtf16Le ? b << 8 | a : a << 8 | b;
  };
  if (text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    uint32_t code_point = unit(i);
    if (IsSurrogate(code_point)) {
      i += 2;
      if (charset == Charset::kUcs2 || code_point >= 0xdc00 || i >= text.size() || unit(i) < 0xdc00 ||
          unit(i) >= 0xe000) {
        return false;
      }
      code_point = 0x10000 + ((code_point - 0xd800) << 10) + (unit(i) - 0xdc00);
    }
    AppendUtf8(code_point, out);
  }
  return true;
}

bool AppendUtf32(absl::string_view text, std::string* out) {
  if (text.size() % 4 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t code_point = 0;
    for (size_t j = i; j < i + 4; ++j) code_point = code_point << 8 | static_cast<uint8_t>(text[j]);
    if (code_point >= 0x110000 || IsSurrogate(code_point)) return false;
    AppendUtf8(code_point, out);
  }
  return true;
}

bool Append(Charset charset, absl::string_view text, std::string* out) {
  switch (charset) {
    case Charset::kNotTold:
    case Charset::kUtf8: out->append(text.data(), text.size()); return true;
    case Charset::kAscii: out->append(text.data(), text.size()); return AsciiPrefix(text) == text.size();
    case Charset::kUcs2:
    case Charset::kUtf16:
    case Charset::kUtf16Le: return AppendUtf16(text, charset, out);
    case Charset::kUtf32: return AppendUtf32(text, out);
    case Charset::kSwe7: return AppendSwe7(text, out);
    case Charset::kBinary:
    case Charset::kOther: return false;
    default: break;
  }
  const char16_t* const high = HighCharacters(charset);
  return high != nullptr ? AppendSingleByte(high, text, out) : AppendMultiByte(charset, text, out);
}

}  // namespace

Charset CharsetOfCollation(Flavor flavor, uint32_t collation) {
  if (collation == 0) return Charset::kNotTold;
  // MariaDB's NO PAD variants. In MySQL these are numbers for collations of one's own making.
  constexpr uint32_t kNoPad = 1024;
  if (collation >= kNoPad && collation < 2 * kNoPad) {
    if (flavor == Flavor::kMySql) return Charset::kOther;
    collation -= kNoPad;
  }
  const CollationRun* const end = kCollations + kCollationCount;
  const CollationRun* const run = std::lower_bound(
      kCollations, end, collation, [](const CollationRun& entry, uint32_t number) { return entry.last < number; });
  return run != end && run->first <= collation ? run->charset : Charset::kOther;
}

bool IsAsciiKept(Charset charset) {
  switch (charset) {
    case Charset::kUcs2:
    case Charset::kUtf16:
    case Charset::kUtf16Le:
    case Charset::kUtf32:
    case Charset::kSwe7: return false;
    default: return true;
  }
}

bool AppendAsUtf8(Charset charset, absl::string_view text, std::string* out) {
  const size_t before = out->size();
  const bool converted = Append(charset, text, out);
  if (!converted) out->resize(before);
  return converted;
}

}  // namespace binlogd
