#include "format/temporal_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"

namespace binlogd {
namespace {

constexpr int64_t kSecond = 1000000;
constexpr int64_t kDay = 86400 * kSecond;

// Takes digits, at least one, from the beginning of `text`.
template <typename T>
bool TakeNumber(absl::string_view* text, T* number) {
  constexpr size_t kMostDigits = 9;
  size_t length = 0;
  *number = 0;
  for (; length < kMostDigits && length < text->size() && absl::ascii_isdigit((*text)[length]); ++length)
    *number = *number * 10 + ((*text)[length] - '0');
  text->remove_prefix(length);
  return length > 0;
}

// "HH:MM:SS", perhaps with a fraction, to the end of the text.
bool ParseClock(absl::string_view text, int64_t* microseconds) {
  int64_t hours = 0;
  int64_t minutes = 0;
  int64_t seconds = 0;
  if (!TakeNumber(&text, &hours) || !absl::ConsumePrefix(&text, ":") || !TakeNumber(&text, &minutes) ||
      !absl::ConsumePrefix(&text, ":") || !TakeNumber(&text, &seconds)) {
    return false;
  }
  int64_t fraction = 0;
  if (absl::ConsumePrefix(&text, ".")) {
    const size_t digits = text.size();
    if (digits > 6 || !TakeNumber(&text, &fraction)) return false;
    for (size_t i = digits; i < 6; ++i) fraction *= 10;
  }
  *microseconds = ((hours * 60 + minutes) * 60 + seconds) * kSecond + fraction;
  return text.empty();
}

}  // namespace

bool DateTimeFields::is_invalid() const {
  const absl::CivilDay civil(year, month, day);
  return civil.month() != month || civil.day() != day;
}

int64_t DateTimeFields::epoch_days() const { return absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1); }

int64_t DateTimeFields::epoch_microseconds() const { return epoch_days() * kDay + microseconds; }

bool ParseDateTime(absl::string_view text, DateTimeFields* fields) {
  *fields = DateTimeFields();
  if (!TakeNumber(&text, &fields->year) || !absl::ConsumePrefix(&text, "-") || !TakeNumber(&text, &fields->month) ||
      !absl::ConsumePrefix(&text, "-") || !TakeNumber(&text, &fields->day)) {
    return false;
  }
  if (text.empty()) return true;
  return absl::ConsumePrefix(&text, " ") && ParseClock(text, &fields->microseconds);
}

bool ParseTime(absl::string_view text, int64_t* microseconds) {
  const bool negative = absl::ConsumePrefix(&text, "-");
  if (!ParseClock(text, microseconds)) return false;
  if (negative) *microseconds = -*microseconds;
  return true;
}

}  // namespace binlogd
