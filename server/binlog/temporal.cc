#include "binlog/temporal.h"

#include <array>

namespace binlogd {
namespace {

constexpr int kMostFractionDigits = 6;

// Writes into a buffer on the stack and appends it once.
class Text {
 public:
  void Put(char c) { buffer_[size_++] = c; }
  void PutDigits(uint32_t value, int digits) {
    for (int i = digits - 1; i >= 0; --i, value /= 10) buffer_[size_ + i] = static_cast<char>('0' + value % 10);
    size_ += digits;
  }
  void PutDate(uint32_t year, uint32_t month, uint32_t day) {
    PutDigits(year, 4);
    Put('-');
    PutDigits(month, 2);
    Put('-');
    PutDigits(day, 2);
  }
  void PutTime(uint32_t hour, uint32_t minute, uint32_t second) {
    PutDigits(hour, hour > 99 ? 3 : 2);
    Put(':');
    PutDigits(minute, 2);
    Put(':');
    PutDigits(second, 2);
  }
  void PutFraction(uint32_t microseconds, int digits) {
    if (digits == 0) return;
    Put('.');
    PutDigits(microseconds, kMostFractionDigits);
    size_ -= kMostFractionDigits - digits;
  }
  void AppendTo(std::string* out) const { out->append(buffer_.data(), size_); }

 private:
  std::array<char, 40> buffer_;
  int size_ = 0;
};

bool IsDate(uint32_t year, uint32_t month, uint32_t day) { return year <= 9999 && month <= 12 && day <= 31; }
bool IsMinuteSecond(uint32_t minute, uint32_t second) { return minute <= 59 && second <= 59; }

bool AppendDatetime(uint32_t year, uint32_t month, uint32_t day, uint32_t hour, uint32_t minute, uint32_t second,
                    uint32_t microseconds, int digits, std::string* out) {
  if (!IsDate(year, month, day) || hour > 23 || !IsMinuteSecond(minute, second) || microseconds > 999999) return false;
  Text text;
  text.PutDate(year, month, day);
  text.Put(' ');
  text.PutTime(hour, minute, second);
  text.PutFraction(microseconds, digits);
  text.AppendTo(out);
  return true;
}

bool AppendTime(bool negative, uint32_t hour, uint32_t minute, uint32_t second, uint32_t microseconds, int digits,
                std::string* out) {
  constexpr uint32_t kMostHours = 838;
  if (hour > kMostHours || !IsMinuteSecond(minute, second) || microseconds > 999999) return false;
  Text text;
  if (negative) text.Put('-');
  text.PutTime(hour, minute, second);
  text.PutFraction(microseconds, digits);
  text.AppendTo(out);
  return true;
}

// The proleptic Gregorian date of a Unix time (after H. Hinnant's civil_from_days), in 32-bit arithmetic, since the
// servers' timestamps are unsigned 32-bit numbers.
bool AppendUnixTime(uint32_t seconds, uint32_t microseconds, int digits, std::string* out) {
  // The zero date. MariaDB has times within the first second of 1970 beside it.
  if (seconds == 0 && microseconds == 0) return AppendDatetime(0, 0, 0, 0, 0, 0, 0, digits, out);
  const uint32_t days = seconds / 86400 + 719468;
  const uint32_t of_day = seconds % 86400;
  const uint32_t era = days / 146097;
  const uint32_t day_of_era = days - era * 146097;
  const uint32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const uint32_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return AppendDatetime(year, month, day, of_day / 3600, of_day / 60 % 60, of_day % 60, microseconds, digits, out);
}

// Bytes of a fraction, and what one unit of their number is.
size_t FractionBytes(int digits) { return static_cast<size_t>(digits + 1) / 2; }
uint32_t FractionUnit(size_t bytes) { return bytes == 1 ? 10000 : bytes == 2 ? 100 : 1; }

bool IsFraction(int digits) { return digits >= 0 && digits <= kMostFractionDigits; }

// Seconds and microseconds of a packed time: 24 bits of fraction below 6 of second, 6 of minute and the hours.
uint32_t PackedSecond(uint64_t hms) { return hms & 0x3f; }
uint32_t PackedMinute(uint64_t hms) { return hms >> 6 & 0x3f; }

// `ymdhms`: 17 bits day, hour, minute and second as above and year * 13 + month on top.
bool AppendPackedParts(uint64_t ymdhms, uint32_t microseconds, int digits, std::string* out) {
  const uint64_t ymd = ymdhms >> 17;
  const uint64_t year_month = ymd >> 5;
  return AppendDatetime(static_cast<uint32_t>(year_month / 13), year_month % 13, ymd & 0x1f, ymdhms >> 12 & 0x1f,
                        PackedMinute(ymdhms), PackedSecond(ymdhms), microseconds, digits, out);
}

// Microseconds in one unit of the last digit.
uint64_t LastDigit(int digits) {
  constexpr std::array<uint32_t, kMostFractionDigits + 1> kUnits = {1000000, 100000, 10000, 1000, 100, 10, 1};
  return kUnits[digits];
}

}  // namespace

// Layout: 3 bytes, little-endian: 5 bits day, 4 month, 15 year.
bool ReadDate(ByteReader* reader, std::string* out) {
  ByteReader rest = *reader;
  uint32_t value = 0;
  if (!rest.ReadU24(&value)) return false;
  const uint32_t year = value >> 9;
  const uint32_t month = value >> 5 & 0x0f;
  const uint32_t day = value & 0x1f;
  if (!IsDate(year, month, day)) return false;
  Text text;
  text.PutDate(year, month, day);
  text.AppendTo(out);
  *reader = rest;
  return true;
}

// Layout, big-endian: 3 bytes: 12 bits hours, 6 minutes, 6 seconds; then 0 to 3 bytes of fraction (units of 10^-2,
// 10^-4, 10^-6). Both as one number, to which 0x800000 in the place of the first bytes was added.
bool ReadTime(int digits, ByteReader* reader, std::string* out) {
  if (!IsFraction(digits)) return false;
  ByteReader rest = *reader;
  const size_t bytes = FractionBytes(digits);
  uint64_t raw = 0;
  if (!rest.ReadBigEndian(3 + bytes, &raw)) return false;
  const int64_t value = static_cast<int64_t>(raw) - (int64_t{0x800000} << (8 * bytes));
  const uint64_t magnitude = static_cast<uint64_t>(value < 0 ? -value : value);
  const uint64_t hms = magnitude >> (8 * bytes);
  const uint32_t fraction = static_cast<uint32_t>(magnitude & ((uint64_t{1} << (8 * bytes)) - 1));
  if (fraction > 999999 || !AppendTime(value < 0, static_cast<uint32_t>(hms >> 12), PackedMinute(hms),
                                       PackedSecond(hms), fraction * FractionUnit(bytes), digits, out)) {
    return false;
  }
  *reader = rest;
  return true;
}

// Layout, big-endian: 5 bytes: 1 bit sign (always 1), 17 bits year * 13 + month, 5 day, 5 hour, 6 minute, 6 second;
// then the fraction as in ReadTime.
bool ReadDatetime(int digits, ByteReader* reader, std::string* out) {
  constexpr uint64_t kSign = uint64_t{1} << 39;
  if (!IsFraction(digits)) return false;
  ByteReader rest = *reader;
  const size_t bytes = FractionBytes(digits);
  uint64_t whole = 0;
  uint64_t fraction = 0;
  if (!rest.ReadBigEndian(5, &whole) || !rest.ReadBigEndian(bytes, &fraction) || (whole & kSign) == 0 ||
      fraction > 999999 ||
      !AppendPackedParts(whole - kSign, static_cast<uint32_t>(fraction) * FractionUnit(bytes), digits, out)) {
    return false;
  }
  *reader = rest;
  return true;
}

// Layout, big-endian: 4 bytes of seconds since 1970, then the fraction as in ReadTime.
bool ReadTimestamp(int digits, ByteReader* reader, std::string* out) {
  if (!IsFraction(digits)) return false;
  ByteReader rest = *reader;
  const size_t bytes = FractionBytes(digits);
  uint64_t seconds = 0;
  uint64_t fraction = 0;
  if (!rest.ReadBigEndian(4, &seconds) || !rest.ReadBigEndian(bytes, &fraction) || fraction > 999999 ||
      !AppendUnixTime(static_cast<uint32_t>(seconds), static_cast<uint32_t>(fraction) * FractionUnit(bytes), digits,
                      out)) {
    return false;
  }
  *reader = rest;
  return true;
}

// Layout: 3 bytes, little-endian, signed: hours * 10000 + minutes * 100 + seconds.
bool ReadOldTime(ByteReader* reader, std::string* out) {
  ByteReader rest = *reader;
  uint32_t raw = 0;
  if (!rest.ReadU24(&raw)) return false;
  const int32_t value = raw >= 0x800000 ? static_cast<int32_t>(raw) - 0x1000000 : static_cast<int32_t>(raw);
  const uint32_t magnitude = static_cast<uint32_t>(value < 0 ? -value : value);
  if (!AppendTime(value < 0, magnitude / 10000, magnitude / 100 % 100, magnitude % 100, 0, 0, out)) return false;
  *reader = rest;
  return true;
}

// Layout: 8 bytes, little-endian: the digits of YYYYMMDDhhmmss as a number.
bool ReadOldDatetime(ByteReader* reader, std::string* out) {
  ByteReader rest = *reader;
  uint64_t value = 0;
  if (!rest.ReadU64(&value) || value > 99991231235959u) return false;
  const uint32_t date = static_cast<uint32_t>(value / 1000000);
  const uint32_t time = static_cast<uint32_t>(value % 1000000);
  if (!AppendDatetime(date / 10000, date / 100 % 100, date % 100, time / 10000, time / 100 % 100, time % 100, 0, 0,
                      out)) {
    return false;
  }
  *reader = rest;
  return true;
}

// Layout: 4 bytes, little-endian: seconds since 1970.
bool ReadOldTimestamp(ByteReader* reader, std::string* out) {
  uint32_t seconds = 0;
  return reader->ReadU32(&seconds) && AppendUnixTime(seconds, 0, 0, out);
}

// Layout: 4, 4, 5, 5, 5 or 6 bytes, big-endian: units of the last digit since -839:00:00.
bool ReadMariaDbTime(int digits, ByteReader* reader, std::string* out) {
  constexpr std::array<uint8_t, kMostFractionDigits + 1> kBytes = {0, 4, 4, 5, 5, 5, 6};
  constexpr int64_t kZero = int64_t{839} * 3600 * 1000000;
  if (!IsFraction(digits) || digits == 0) return false;
  ByteReader rest = *reader;
  uint64_t units = 0;
  if (!rest.ReadBigEndian(kBytes[digits], &units)) return false;
  if (units > 2 * kZero / LastDigit(digits)) return false;
  const int64_t value = static_cast<int64_t>(units * LastDigit(digits)) - kZero;
  const uint64_t magnitude = static_cast<uint64_t>(value < 0 ? -value : value);
  const uint32_t seconds = static_cast<uint32_t>(magnitude / 1000000);
  if (!AppendTime(value < 0, seconds / 3600, seconds / 60 % 60, seconds % 60, magnitude % 1000000, digits, out)) {
    return false;
  }
  *reader = rest;
  return true;
}

// Layout: 6, 6, 7, 7, 7 or 8 bytes, big-endian: units of the last digit; days above them count months of 32 days and
// years of 13 months.
bool ReadMariaDbDatetime(int digits, ByteReader* reader, std::string* out) {
  constexpr std::array<uint8_t, kMostFractionDigits + 1> kBytes = {0, 6, 6, 7, 7, 7, 8};
  constexpr uint64_t kMicrosecondsOfDay = uint64_t{86400} * 1000000;
  constexpr uint64_t kEnd = uint64_t{10000} * 13 * 32 * kMicrosecondsOfDay;
  if (!IsFraction(digits) || digits == 0) return false;
  ByteReader rest = *reader;
  uint64_t units = 0;
  if (!rest.ReadBigEndian(kBytes[digits], &units) || units >= kEnd / LastDigit(digits)) return false;
  const uint64_t value = units * LastDigit(digits);
  const uint32_t days = static_cast<uint32_t>(value / kMicrosecondsOfDay);
  const uint32_t second = static_cast<uint32_t>(value % kMicrosecondsOfDay / 1000000);
  if (!AppendDatetime(days / 32 / 13, days / 32 % 13, days % 32, second / 3600, second / 60 % 60, second % 60,
                      value % 1000000, digits, out)) {
    return false;
  }
  *reader = rest;
  return true;
}

// Layout, big-endian: 4 bytes of seconds since 1970, then 1, 1, 2, 2, 3 or 3 bytes: units of the last digit.
bool ReadMariaDbTimestamp(int digits, ByteReader* reader, std::string* out) {
  if (!IsFraction(digits) || digits == 0) return false;
  ByteReader rest = *reader;
  uint64_t seconds = 0;
  uint64_t units = 0;
  if (!rest.ReadBigEndian(4, &seconds) || !rest.ReadBigEndian(FractionBytes(digits), &units) ||
      units >= 1000000 / LastDigit(digits) ||
      !AppendUnixTime(static_cast<uint32_t>(seconds), static_cast<uint32_t>(units * LastDigit(digits)), digits, out)) {
    return false;
  }
  *reader = rest;
  return true;
}

// Packed forms: 24 bits of microseconds below; above them what ReadTime and ReadDatetime call their first bytes.
bool AppendPackedDate(uint64_t packed, std::string* out) {
  const uint64_t ymd = packed >> 24 >> 17;
  const uint64_t year = (ymd >> 5) / 13;
  const uint32_t month = (ymd >> 5) % 13;
  const uint32_t day = ymd & 0x1f;
  if (year > 9999 || !IsDate(static_cast<uint32_t>(year), month, day)) return false;
  Text text;
  text.PutDate(static_cast<uint32_t>(year), month, day);
  text.AppendTo(out);
  return true;
}

bool AppendPackedTime(uint64_t packed, std::string* out) {
  const bool negative = packed >> 63 != 0;
  const uint64_t magnitude = negative ? uint64_t{0} - packed : packed;
  const uint64_t hms = magnitude >> 24;
  return hms >> 12 <= 838 && AppendTime(negative, static_cast<uint32_t>(hms >> 12), PackedMinute(hms),
                                        PackedSecond(hms), magnitude & 0xffffff, kMostFractionDigits, out);
}

bool AppendPackedDatetime(uint64_t packed, std::string* out) {
  if (packed >> 24 >> 39 != 0) return false;
  return AppendPackedParts(packed >> 24, packed & 0xffffff, kMostFractionDigits, out);
}

}  // namespace binlogd
