#include "client/live_view.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/text.h"

namespace binlogd {

void LiveView::Show(const std::string& text) {
  if (output_->terminal()) {
    Redraw(text);
  } else if (text != shown_) {
    output_->Write(absl::StrCat(shown_.empty() ? "" : "\n", text));
  }
  shown_ = text;
}

void LiveView::Redraw(const std::string& text) {
  const Output::Size size = output_->size();
  std::vector<absl::string_view> lines = absl::StrSplit(absl::StripSuffix(text, "\n"), '\n');
  // The cursor stands below the last line.
  if (lines.size() + 1 > size.lines) lines.resize(size.lines - 1);
  std::string screen;
  if (lines_on_screen_ > 0) absl::StrAppend(&screen, "\x1b[", lines_on_screen_, "A\r");
  for (const absl::string_view line : lines) absl::StrAppend(&screen, "\x1b[K", CutPainted(line, size.columns), "\n");
  absl::StrAppend(&screen, "\x1b[J");
  lines_on_screen_ = lines.size();
  output_->Write(screen);
}

}  // namespace binlogd
