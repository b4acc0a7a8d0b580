#include "binlog/charset.h"

#include <array>

#include "binlog/utf8.h"

namespace binlogd {
namespace {

struct CollationRange {
  uint16_t first;
  uint16_t last;
  Charset charset;
};

// The servers' numbers, sorted; what is in no range has a character set that is not converted. Numbers from 576 on are
// MariaDB's.
constexpr CollationRange kRanges[] = {
    {5, 5, Charset::kLatin1},     {8, 8, Charset::kLatin1},      {11, 11, Charset::kUtf8},
    {15, 15, Charset::kLatin1},   {31, 31, Charset::kLatin1},    {33, 33, Charset::kUtf8},
    {35, 35, Charset::kUtf16},    {45, 46, Charset::kUtf8},      {47, 49, Charset::kLatin1},
    {54, 55, Charset::kUtf16},    {56, 56, Charset::kUtf16Le},   {60, 61, Charset::kUtf32},
    {62, 62, Charset::kUtf16Le},  {63, 63, Charset::kBinary},    {65, 65, Charset::kUtf8},
    {76, 76, Charset::kUtf8},     {83, 83, Charset::kUtf8},      {90, 90, Charset::kUtf16},
    {94, 94, Charset::kLatin1},   {101, 124, Charset::kUtf16},   {128, 159, Charset::kUtf16},
    {160, 183, Charset::kUtf32},  {192, 247, Charset::kUtf8},    {255, 511, Charset::kUtf8},
    {576, 639, Charset::kUtf8},   {640, 703, Charset::kUtf16},   {736, 767, Charset::kUtf32},
    {2048, 2559, Charset::kUtf8}, {2560, 3071, Charset::kUtf16}, {3072, 3327, Charset::kUtf32},
};

// Code points of bytes 0x80 to 0x9f; the bytes from 0xa0 on are their own code points.
constexpr std::array<uint16_t, 32> kLatin1High = {0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                                  0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008d, 0x017d, 0x008f,
                                                  0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                                  0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

void AppendLatin1(absl::string_view text, std::string* out) {
  while (!text.empty()) {
    const size_t ascii = AsciiPrefix(text);
    out->append(text.data(), ascii);
    text.remove_prefix(ascii);
    if (text.empty()) return;
    const uint8_t byte = static_cast<uint8_t>(text[0]);
    AppendUtf8(byte < 0xa0 ? kLatin1High[byte - 0x80] : byte, out);
    text.remove_prefix(1);
  }
}

bool IsSurrogate(uint32_t unit) { return unit >= 0xd800 && unit < 0xe000; }

bool AppendUtf16(absl::string_view text, bool little_endian, std::string* out) {
  const auto unit = [&](size_t i) -> uint32_t {
    const uint8_t a = static_cast<uint8_t>(text[i]);
    const uint8_t b = static_cast<uint8_t>(text[i + 1]);
    return little_endian ? b << 8 | a : a << 8 | b;
  };
  if (text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    uint32_t code_point = unit(i);
    if (IsSurrogate(code_point)) {
      i += 2;
      if (code_point >= 0xdc00 || i >= text.size() || unit(i) < 0xdc00 || unit(i) >= 0xe000) return false;
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

}  // namespace

Charset CharsetOfCollation(uint32_t collation) {
  if (collation == 0) return Charset::kNotTold;
  // MariaDB's NO PAD variants of the oldest collations.
  constexpr uint32_t kNoPad = 1024;
  if (collation >= kNoPad && collation < 2 * kNoPad) collation -= kNoPad;
  for (const CollationRange& range : kRanges) {
    if (collation < range.first) break;
    if (collation <= range.last) return range.charset;
  }
  return Charset::kOther;
}

bool AppendAsUtf8(Charset charset, absl::string_view text, std::string* out) {
  const size_t before = out->size();
  bool converted = true;
  switch (charset) {
    case Charset::kNotTold:
    case Charset::kUtf8: out->append(text.data(), text.size()); break;
    case Charset::kLatin1: AppendLatin1(text, out); break;
    case Charset::kUtf16:
    case Charset::kUtf16Le: converted = AppendUtf16(text, charset == Charset::kUtf16Le, out); break;
    case Charset::kUtf32: converted = AppendUtf32(text, out); break;
    case Charset::kBinary:
    case Charset::kOther: converted = false; break;
  }
  if (!converted) out->resize(before);
  return converted;
}

}  // namespace binlogd
