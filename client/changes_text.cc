#include "client/changes_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/text.h"

namespace binlogd {

std::string EffectText(const v1::FieldChange& change, bool restarts) {
  const std::string target = absl::StrCat("target \"", EscapeText(change.target()), "\" ");
  switch (change.effect()) {
    case v1::FieldChange::AT_ONCE: return "takes effect at once";
    case v1::FieldChange::TARGET_ADDED: return absl::StrCat(target, "is added");
    case v1::FieldChange::TARGET_REMOVED: return absl::StrCat(target, "is removed; what it holds stays");
    case v1::FieldChange::TARGET_MOVED: return absl::StrCat(target, "gets another store; what it holds stays");
    default: return restarts ? "restarts the streamer" : "takes effect with the next start";
  }
}

std::string ChangesText(const v1::ApplyResponse& response) {
  size_t width = 0;
  for (const v1::FieldChange& change : response.changes()) width = std::max(width, TextWidth(change.field()));
  std::string text;
  for (const v1::FieldChange& change : response.changes()) {
    const std::string gap(width - TextWidth(change.field()) + 2, ' ');
    absl::StrAppend(&text, "  ", EscapeText(change.field()), gap, EffectText(change, response.restarts()), "\n");
  }
  return text;
}

}  // namespace binlogd
