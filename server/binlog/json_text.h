// JSON as text: what decoded JSON columns and the JSON formats share.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// Appends `text` quoted and escaped. False, with `out` untouched, when it is not UTF-8.
bool AppendJsonString(absl::string_view text, std::string* out);

// Appends the shortest number that reads back to the same bits. The value is finite.
void AppendJsonNumber(double value, std::string* out);
void AppendJsonNumber(float value, std::string* out);

}  // namespace binlogd
