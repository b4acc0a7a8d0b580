// The whole terminal, for a view that is driven by keys.
#pragma once

#include <signal.h>
#include <termios.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "client/output.h"

namespace binlogd {

// What was pressed.
struct Key {
  enum class Kind { kCharacter, kUp, kDown, kPageUp, kPageDown, kHome, kEnd, kEnter, kBackspace, kEscape, kOther };
  Kind kind = Kind::kOther;
  char character = 0;  // Of kCharacter: printable ASCII.
};

// The keys of what a terminal sends at once: a sequence that it sends in pieces is rare, and then does nothing.
std::vector<Key> ParseKeys(absl::string_view input);

// While it lives, the terminal shows another screen than that of the shell, keys are told as they are pressed and
// without an echo, and Ctrl-Z does nothing. Make it after an Interrupt, which gets Ctrl-C, and before the first call of
// a Session. Not thread-safe.
class Terminal {
 public:
  explicit Terminal(Output* output);
  // The terminal is as before.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Readable when there may be keys, or the size has changed. Without a keyboard, only the latter.
  std::vector<int> files() const;
  // What was pressed since the last time; takes note of a change of the size.
  std::vector<Key> TakeKeys();
  // Puts these lines on the screen, from its top.
  void Show(const std::vector<std::string>& lines);

 private:
  Output* const output_;
  bool keyboard_ = false;
  termios before_ = {};
  sigset_t signals_before_ = {};
  FileDescriptor resized_;
};

}  // namespace binlogd
