// Dates and times from their text, for the formats that have numbers for them.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace binlogd {

// A DATE, DATETIME or TIMESTAMP.
struct DateTimeFields {
  int year = 0;
  int month = 0;
  int day = 0;
  int64_t microseconds = 0;  // Of the day.

  // Whether year, month or day is 0, as in '0000-00-00'.
  bool has_zero() const { return year == 0 || month == 0 || day == 0; }
  // Whether the calendar lacks the day, as '2024-02-31', which a server stores under ALLOW_INVALID_DATES.
  bool is_invalid() const;
  // Days since 1970-01-01 in the proleptic Gregorian calendar. Neither has_zero() nor is_invalid().
  int64_t epoch_days() const;
  int64_t epoch_microseconds() const;
};

// `text` is as the row decoder writes it: "2024-02-29", "2024-02-29 23:59:59.000001". False when it is something else.
bool ParseDateTime(absl::string_view text, DateTimeFields* fields);

// The same of a TIME, "-838:59:59.5".
bool ParseTime(absl::string_view text, int64_t* microseconds);

}  // namespace binlogd
