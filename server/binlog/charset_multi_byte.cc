#include "binlog/charset_multi_byte.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "binlog/charset_tables.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

constexpr char16_t kNone = 0xfffd;

// A character and the bytes of its code; no bytes when there is no character.
struct Decoded {
  uint32_t code_point = 0;
  size_t size = 0;
};
constexpr Decoded kMalformed;

Decoded Character(char16_t character, size_t size) {
  return character == kNone ? kMalformed : Decoded{character, size};
}

// A table by lead and trail byte, both without gaps.
struct Grid {
  const char16_t* characters;
  uint8_t first_lead;
  uint8_t last_lead;
  uint8_t first_trail;
  uint8_t last_trail;

  char16_t at(uint8_t lead, uint8_t trail) const {
    if (lead < first_lead || lead > last_lead || trail < first_trail || trail > last_trail) return kNone;
    const size_t width = size_t{last_trail} - first_trail + 1;
    return characters[(lead - first_lead) * width + (trail - first_trail)];
  }
};

constexpr Grid kBig5{kBig5Characters, 0xa1, 0xf9, 0x40, 0xfe};
constexpr Grid kEuckr{kEuckrCharacters, 0x81, 0xfd, 0x41, 0xfe};
constexpr Grid kGb18030{kGb18030Characters, 0x81, 0xfe, 0x40, 0xfe};
constexpr Grid kEucjpms{kEucjpmsCharacters, 0xa1, 0xfe, 0xa1, 0xfe};
constexpr Grid kEucjpmsThreeByte{kEucjpmsThreeByteCharacters, 0xa1, 0xfe, 0xa1, 0xfe};
constexpr Grid kCp932{kCp932Characters, 0xeb, 0xfc, 0x40, 0xfc};

uint16_t Code(uint8_t lead, uint8_t trail) { return static_cast<uint16_t>(lead << 8 | trail); }

bool IsIn(const CodeRun* runs, size_t count, uint16_t code) {
  const CodeRun* const end = runs + count;
  const CodeRun* const run =
      std::lower_bound(runs, end, code, [](const CodeRun& entry, uint16_t value) { return entry.last < value; });
  return run != end && run->first <= code;
}

char16_t OwnCharacter(const CodeCharacter* own, size_t count, uint16_t code, char16_t otherwise) {
  for (size_t i = 0; i < count; ++i) {
    if (own[i].code == code) return own[i].character;
  }
  return otherwise;
}

char16_t GbkAt(uint8_t lead, uint8_t trail) {
  return IsIn(kGbkAbsent, kGbkAbsentCount, Code(lead, trail)) ? kNone : kGb18030.at(lead, trail);
}

char16_t Gb2312At(uint8_t lead, uint8_t trail) {
  const uint16_t code = Code(lead, trail);
  if (IsIn(kGb2312Absent, kGb2312AbsentCount, code)) return kNone;
  return OwnCharacter(kGb2312Own, kGb2312OwnCount, code, kGb18030.at(lead, trail));
}

char16_t UjisAt(uint8_t lead, uint8_t trail) {
  const uint16_t code = Code(lead, trail);
  if (IsIn(kUjisAbsent, kUjisAbsentCount, code)) return kNone;
  return OwnCharacter(kUjisOwn, kUjisOwnCount, code, kEucjpms.at(lead, trail));
}

char16_t UjisThreeByteAt(uint8_t second, uint8_t third) {
  const uint16_t code = Code(second, third);
  if (IsIn(kUjisThreeByteAbsent, kUjisThreeByteAbsentCount, code)) return kNone;
  return OwnCharacter(kUjisThreeByteOwn, kUjisThreeByteOwnCount, code, kEucjpmsThreeByte.at(second, third));
}

// The half-width katakana that the Japanese sets have at 0xa1 to 0xdf.
bool IsKatakana(uint8_t byte) { return byte >= 0xa1 && byte <= 0xdf; }
char16_t Katakana(uint8_t byte) { return static_cast<char16_t>(0xff61 + byte - 0xa1); }

// Shift JIS packs two rows of 94 characters of EUC into each lead byte. 0x81 to 0x9f and 0xe0 to 0xea have rows of EUC.
char16_t ShiftedAt(uint8_t lead, uint8_t trail, char16_t (*euc_at)(uint8_t, uint8_t)) {
  const bool is_lead = (lead >= 0x81 && lead <= 0x9f) || (lead >= 0xe0 && lead <= 0xea);
  if (!is_lead || trail < 0x40 || trail > 0xfc || trail == 0x7f) return kNone;
  const bool is_second = trail >= 0x9f;
  const int row = 2 * (lead - (lead < 0xa0 ? 0x81 : 0xc1)) + (is_second ? 1 : 0);
  const int cell = is_second ? trail - 0x9f : trail - 0x40 - (trail > 0x7f ? 1 : 0);
  return euc_at(static_cast<uint8_t>(0xa1 + row), static_cast<uint8_t>(0xa1 + cell));
}

char16_t EucjpmsAt(uint8_t lead, uint8_t trail) { return kEucjpms.at(lead, trail); }
char16_t SjisAt(uint8_t lead, uint8_t trail) { return ShiftedAt(lead, trail, UjisAt); }
char16_t Cp932At(uint8_t lead, uint8_t trail) {
  return lead >= kCp932.first_lead ? kCp932.at(lead, trail) : ShiftedAt(lead, trail, EucjpmsAt);
}
char16_t Big5At(uint8_t lead, uint8_t trail) { return kBig5.at(lead, trail); }
char16_t EuckrAt(uint8_t lead, uint8_t trail) { return kEuckr.at(lead, trail); }

uint8_t ByteAt(absl::string_view text, size_t i) { return static_cast<uint8_t>(text[i]); }

// Each decodes the character at the beginning of `text`, whose first byte is 0x80 or more.

template <char16_t (*at)(uint8_t, uint8_t)>
Decoded DecodeTwoByte(absl::string_view text) {
  return text.size() < 2 ? kMalformed : Character(at(ByteAt(text, 0), ByteAt(text, 1)), 2);
}

template <char16_t (*at)(uint8_t, uint8_t)>
Decoded DecodeShifted(absl::string_view text) {
  return IsKatakana(ByteAt(text, 0)) ? Character(Katakana(ByteAt(text, 0)), 1) : DecodeTwoByte<at>(text);
}

template <char16_t (*at)(uint8_t, uint8_t), char16_t (*three_byte_at)(uint8_t, uint8_t)>
Decoded DecodeEucJapanese(absl::string_view text) {
  constexpr uint8_t kKatakanaFollows = 0x8e;
  constexpr uint8_t kTwoBytesFollow = 0x8f;
  const uint8_t lead = ByteAt(text, 0);
  if (lead == kKatakanaFollows) {
    return text.size() > 1 && IsKatakana(ByteAt(text, 1)) ? Character(Katakana(ByteAt(text, 1)), 2) : kMalformed;
  }
  if (lead != kTwoBytesFollow) return DecodeTwoByte<at>(text);
  return text.size() < 3 ? kMalformed : Character(three_byte_at(ByteAt(text, 1), ByteAt(text, 2)), 3);
}

char16_t EucjpmsThreeByteAt(uint8_t second, uint8_t third) { return kEucjpmsThreeByte.at(second, third); }

// Four bytes, 0x81 to 0xfe and '0' to '9' by turns, count the code points that have no shorter code. Those beyond the
// Basic Multilingual Plane are counted from 0x90308130.
Decoded DecodeGb18030(absl::string_view text) {
  constexpr uint32_t kSupplementary = 15 * 10 * 126 * 10;
  const auto is_digit = [&text](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  const auto is_high = [&text](size_t i) { return ByteAt(text, i) >= 0x81 && ByteAt(text, i) <= 0xfe; };
  if (text.size() < 2) return kMalformed;
  if (!is_digit(1)) return Character(kGb18030.at(ByteAt(text, 0), ByteAt(text, 1)), 2);
  if (text.size() < 4 || !is_high(0) || !is_high(2) || !is_digit(3)) return kMalformed;
  const uint32_t index =
      (((ByteAt(text, 0) - 0x81u) * 10 + (ByteAt(text, 1) - '0')) * 126 + (ByteAt(text, 2) - 0x81u)) * 10 +
      (ByteAt(text, 3) - '0');
  if (index >= kSupplementary) {
    const uint32_t code_point = 0x10000 + (index - kSupplementary);
    return code_point < 0x110000 ? Decoded{code_point, 4} : kMalformed;
  }
  const FourByteRun* const end = kGb18030FourByte + kGb18030FourByteCount;
  const FourByteRun* const after = std::upper_bound(
      kGb18030FourByte, end, index, [](uint32_t value, const FourByteRun& run) { return value < run.index; });
  if (after == kGb18030FourByte || after[-1].code_point == 0) return kMalformed;
  return Decoded{after[-1].code_point + (index - after[-1].index), 4};
}

bool AppendDecoded(absl::string_view text, Decoded (*decode)(absl::string_view), std::string* out) {
  for (;;) {
    const size_t ascii = AsciiPrefix(text);
    out->append(text.data(), ascii);
    text.remove_prefix(ascii);
    if (text.empty()) return true;
    const Decoded decoded = decode(text);
    if (decoded.size == 0) return false;
    AppendUtf8(decoded.code_point, out);
    text.remove_prefix(decoded.size);
  }
}

}  // namespace

bool AppendMultiByte(Charset charset, absl::string_view text, std::string* out) {
  switch (charset) {
    case Charset::kBig5: return AppendDecoded(text, DecodeTwoByte<Big5At>, out);
    case Charset::kGb2312: return AppendDecoded(text, DecodeTwoByte<Gb2312At>, out);
    case Charset::kGbk: return AppendDecoded(text, DecodeTwoByte<GbkAt>, out);
    case Charset::kGb18030: return AppendDecoded(text, DecodeGb18030, out);
    case Charset::kSjis: return AppendDecoded(text, DecodeShifted<SjisAt>, out);
    case Charset::kCp932: return AppendDecoded(text, DecodeShifted<Cp932At>, out);
    case Charset::kUjis: return AppendDecoded(text, DecodeEucJapanese<UjisAt, UjisThreeByteAt>, out);
    case Charset::kEucjpms: return AppendDecoded(text, DecodeEucJapanese<EucjpmsAt, EucjpmsThreeByteAt>, out);
    case Charset::kEuckr: return AppendDecoded(text, DecodeTwoByte<EuckrAt>, out);
    default: return false;
  }
}

}  // namespace binlogd
