#include "client/log_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/status_text.h"
#include "client/text.h"

namespace binlogd {
namespace {

Colour LevelColour(v1::LogEntry::Level level) {
  switch (level) {
    case v1::LogEntry::WARNING: return Colour::kYellow;
    case v1::LogEntry::ERROR: return Colour::kRed;
    default: return Colour::kNone;
  }
}

}  // namespace

std::string LogEntryText(const v1::LogEntry& entry, absl::TimeZone zone, bool colour) {
  const std::string time = absl::FormatTime("%Y-%m-%d %H:%M:%S", TimeOf(entry.time()), zone);
  const std::string level = absl::StrFormat("%-7s", v1::LogEntry::Level_Name(entry.level()));
  const std::string position = PositionText(entry.position());
  return absl::StrCat(
      Paint(time, Colour::kDim, colour), " ", Paint(level, LevelColour(entry.level()), colour), "  ",
      EscapeText(entry.text()),
      position.empty() ? "" : Paint(absl::StrCat("  (", EscapeText(position), ")"), Colour::kDim, colour), "\n");
}

}  // namespace binlogd
