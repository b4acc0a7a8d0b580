// Decoded events as lines for a person.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "binlogd/v1/service.pb.h"

namespace binlogd {

struct EventTextStyle {
  bool colour = false;
  // In which the times are shown.
  absl::TimeZone zone;
  // Columns of a line at most; 0: any number.
  size_t width = 0;
};

// One line a row change, or one for any other event, each ending in a newline:
//   12:03:44 shop.orders  UPDATE  id=7 total=10.00→12.00
//   12:03:44 shop  QUERY   CREATE TABLE …
// An update shows its first column and those that changed. Long values are cut, control characters are escaped.
std::string EventText(const v1::Event& event, const EventTextStyle& style);

// What a gap means, without a newline.
std::string GapText(const v1::TapResponse::Gap& gap);

}  // namespace binlogd
