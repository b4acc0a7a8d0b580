// Text with a checksum before it, as positions are kept.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// 8 hexadecimal digits (CRC-32 of the text), a space, the text.
std::string CheckedLine(absl::string_view text);

// The inverse; `text` points into `line`. False when the line is not what CheckedLine made.
bool ParseCheckedLine(absl::string_view line, absl::string_view* text);

}  // namespace binlogd
