// A text that is shown again and again as it changes.
#pragma once

#include <string>

#include "client/output.h"

namespace binlogd {

// On a terminal each text takes the place of the one before, cut to the terminal's size. Elsewhere a text that differs
// from the one before is written after an empty line. Does not own the output. Not thread-safe.
class LiveView {
 public:
  explicit LiveView(Output* output) : output_(output) {}

  // `text`: lines, each ending in a newline.
  void Show(const std::string& text);
  // Something else was written to the terminal: what is shown stays there, and the next text comes below.
  void Restart() { lines_on_screen_ = 0; }

 private:
  void Redraw(const std::string& text);

  Output* const output_;
  std::string shown_;
  size_t lines_on_screen_ = 0;
};

}  // namespace binlogd
