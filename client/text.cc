#include "client/text.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/utf8.h"

namespace binlogd {
namespace {

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Whether a terminal may take the character for a command: C0, DEL and C1 (U+0080 to U+009F).
bool IsControl(absl::string_view character) {
  const unsigned char first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
}

void AppendEscaped(absl::string_view bytes, std::string* out) {
  for (const char c : bytes) {
    if (c == '\n') {
      out->append("\\n");
    } else if (c == '\t') {
      out->append("\\t");
    } else if (c == '\r') {
      out->append("\\r");
    } else {
      absl::StrAppendFormat(out, "\\x%02x", static_cast<unsigned char>(c));
    }
  }
}

// Bytes of the code of a colour, or the character, that a line begins with.
size_t PartLength(absl::string_view line) {
  if (line[0] == '\x1b') return std::min(line.find('m'), line.size() - 1) + 1;
  size_t length = 1;
  while (length < line.size() && IsContinuation(line[length])) ++length;
  return length;
}

absl::string_view Code(Colour colour) {
  switch (colour) {
    case Colour::kNone: return "";
    case Colour::kBold: return "\x1b[1m";
    case Colour::kDim: return "\x1b[2m";
    case Colour::kReverse: return "\x1b[7m";
    case Colour::kRed: return "\x1b[31m";
    case Colour::kGreen: return "\x1b[32m";
    case Colour::kYellow: return "\x1b[33m";
    case Colour::kCyan: return "\x1b[36m";
  }
  return "";
}

}  // namespace

std::string BytesText(uint64_t bytes) {
  constexpr absl::string_view kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  // What would round to 1024.0 belongs to the next unit.
  for (; value >= 1023.95 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string CountText(uint64_t count) {
  if (count < 100'000) return absl::StrCat(count);
  if (count < 1'000'000) return absl::StrCat(count / 1000, "K");
  constexpr absl::string_view kUnits[] = {"M", "G", "T", "P", "E"};
  double value = static_cast<double>(count) / 1e6;
  size_t unit = 0;
  for (; value >= 999.995 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  return absl::StrFormat("%.2f%s", value, kUnits[unit]);
}

std::string DurationText(absl::Duration duration) {
  if (duration < absl::Milliseconds(50)) return "0s";
  if (duration < absl::Seconds(10)) return absl::StrFormat("%.1fs", absl::ToDoubleSeconds(duration));
  const int64_t seconds = absl::ToInt64Seconds(duration);
  if (seconds < 60) return absl::StrCat(seconds, "s");
  if (seconds < 3600) return absl::StrCat(seconds / 60, "m", seconds % 60, "s");
  if (seconds < 86400) return absl::StrCat(seconds / 3600, "h", seconds / 60 % 60, "m");
  return absl::StrCat(seconds / 86400, "d", seconds / 3600 % 24, "h");
}

std::string EscapeText(absl::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const size_t length = Utf8CharacterLength(text);
    const absl::string_view character = text.substr(0, std::max<size_t>(length, 1));
    if (length == 0 || IsControl(character)) {
      AppendEscaped(character, &escaped);
    } else {
      absl::StrAppend(&escaped, character);
    }
    text.remove_prefix(character.size());
  }
  return escaped;
}

size_t TextWidth(absl::string_view text) {
  return text.size() - static_cast<size_t>(std::count_if(text.begin(), text.end(), IsContinuation));
}

std::string ShortenText(absl::string_view text, size_t width) {
  if (TextWidth(text) <= width) return std::string(text);
  size_t end = 0;
  for (size_t characters = 0; end < text.size(); ++end) {
    if (!IsContinuation(text[end]) && ++characters >= std::max<size_t>(width, 1)) break;
  }
  return absl::StrCat(text.substr(0, end), "…");
}

std::string CutPainted(absl::string_view line, size_t width) {
  std::string cut;
  size_t columns = 0;
  while (!line.empty()) {
    const absl::string_view part = line.substr(0, PartLength(line));
    line.remove_prefix(part.size());
    if (part[0] != '\x1b' && ++columns > width) continue;
    absl::StrAppend(&cut, part);
  }
  return cut;
}

std::string ShortenPainted(absl::string_view line, size_t width) {
  size_t columns = 0;
  for (absl::string_view rest = line; !rest.empty(); rest.remove_prefix(PartLength(rest))) columns += rest[0] != '\x1b';
  if (columns <= width) return std::string(line);
  return absl::StrCat(CutPainted(line, std::max<size_t>(width, 1) - 1), "…");
}

std::string Paint(absl::string_view text, Colour colour, bool on) {
  if (!on || colour == Colour::kNone) return std::string(text);
  return absl::StrCat(Code(colour), text, "\x1b[0m");
}

}  // namespace binlogd
