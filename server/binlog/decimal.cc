#include "binlog/decimal.h"

#include <array>

namespace binlogd {
namespace {

constexpr int kMostDigits = 81;  // Nine full groups, the most that the servers' decimal type can hold.
constexpr int kGroupDigits = 9;
constexpr std::array<uint8_t, kGroupDigits + 1> kGroupBytes = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr std::array<uint32_t, kGroupDigits + 1> kPowers = {1,      10,      100,      1000,      10000,
                                                            100000, 1000000, 10000000, 100000000, 1000000000};

// A run of digits of the number; the sign's bits have been taken off.
class DigitReader {
 public:
  DigitReader(ByteReader* reader, bool negative) : reader_(reader), mask_(negative ? 0xff : 0) {}

  // Writes `digits` (1 to 9) digits at `to`. The first byte of the whole number has its highest bit inverted.
  bool ReadGroup(int digits, char* to) {
    const size_t width = kGroupBytes[digits];
    absl::string_view bytes;
    if (!reader_->ReadBytes(width, &bytes)) return false;
    uint32_t value = 0;
    for (const char c : bytes) {
      uint8_t byte = static_cast<uint8_t>(c) ^ mask_;
      if (first_) byte ^= 0x80;
      first_ = false;
      value = value << 8 | byte;
    }
    if (value >= kPowers[digits]) return false;
    for (int i = digits - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
    return true;
  }

 private:
  ByteReader* reader_;
  uint8_t mask_;
  bool first_ = true;
};

}  // namespace

// Layout, big-endian: the digits before the point in groups of 9 from the point leftwards, then those after it in
// groups of 9 rightwards; 4 bytes for a whole group, fewer for the odd one at each end. The highest bit of the first
// byte is inverted, so that it is 1 for positive numbers; all bits of a negative number are inverted.
bool ReadDecimal(int precision, int scale, ByteReader* reader, std::string* out) {
  if (precision < 1 || precision > kMostDigits || scale < 0 || scale > precision || reader->empty()) return false;
  const bool negative = (static_cast<uint8_t>(reader->rest()[0]) & 0x80) == 0;
  ByteReader rest = *reader;
  DigitReader digits(&rest, negative);
  std::array<char, kMostDigits + 1> whole;  // One more for a group that is read at its end.
  int whole_size = 0;
  const int whole_digits = precision - scale;
  for (int left = whole_digits; left > 0;) {
    const int group = left % kGroupDigits != 0 ? left % kGroupDigits : kGroupDigits;
    if (!digits.ReadGroup(group, whole.data() + whole_size)) return false;
    whole_size += group;
    left -= group;
  }
  std::array<char, kMostDigits + 1> fraction;
  for (int done = 0; done < scale;) {
    const int group = scale - done < kGroupDigits ? scale - done : kGroupDigits;
    if (!digits.ReadGroup(group, fraction.data() + done)) return false;
    done += group;
  }
  int zeros = 0;
  while (zeros < whole_size && whole[zeros] == '0') ++zeros;
  if (negative) out->push_back('-');
  if (zeros == whole_size) {
    out->push_back('0');
  } else {
    out->append(whole.data() + zeros, whole_size - zeros);
  }
  if (scale > 0) {
    out->push_back('.');
    out->append(fraction.data(), scale);
  }
  *reader = rest;
  return true;
}

}  // namespace binlogd
