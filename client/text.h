// Values as short text for a person.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace binlogd {

// "0 B", "512 B", "1.2 GiB".
std::string BytesText(uint64_t bytes);

// "0", "99999", then "123K", "1.23M", "4.56G".
std::string CountText(uint64_t count);

// "0s", "1.2s", "45s", "3m12s", "2h5m", "3d4h"; negative ones are "0s".
std::string DurationText(absl::Duration duration);

// The text with what could disturb a terminal escaped: control characters, bytes that are not UTF-8 ("\n", "\x1b").
std::string EscapeText(absl::string_view text);

// Number of characters of a UTF-8 text, each taken as one column wide.
size_t TextWidth(absl::string_view text);

// The text cut to `width` characters, the last one then being "…". It must be valid UTF-8, as EscapeText() makes it.
std::string ShortenText(absl::string_view text, size_t width);

// A line of plain and painted text cut to `width` characters; the codes of colours take none, and all of them are kept.
std::string CutPainted(absl::string_view line, size_t width);

// As ShortenText(), of a line of plain and painted text.
std::string ShortenPainted(absl::string_view line, size_t width);

enum class Colour { kNone, kBold, kDim, kReverse, kRed, kGreen, kYellow, kCyan };

// The text between the terminal's codes for a colour; only the text when `on` is false.
std::string Paint(absl::string_view text, Colour colour, bool on);

}  // namespace binlogd
