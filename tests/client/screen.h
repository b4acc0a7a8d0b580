// What a terminal shows, and a program that runs on one.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/file.h"

namespace binlogd::testing {

// A grid of characters that understands what binlogctl sends; anything else is noted in unknown(). Each character is
// one column wide.
class Screen {
 public:
  Screen(size_t columns, size_t lines);

  void Write(absl::string_view bytes);
  // Lines that no longer fit are cut, as terminals without a history do.
  void Resize(size_t columns, size_t lines);

  // A line without the blanks at its end, counted from 0.
  std::string Line(size_t line) const;
  // All of them, each ending in a newline, without empty ones at the end.
  std::string Text() const;
  bool Shows(absl::string_view text) const { return Text().find(std::string(text)) != std::string::npos; }
  // Whether it is another screen than that of the shell.
  bool alternate() const { return alternate_; }
  bool cursor_hidden() const { return cursor_hidden_; }
  // Rows that are shown in reverse.
  std::vector<size_t> reversed() const;
  const std::string& unknown() const { return unknown_; }
  // Whether any escape sequence was written.
  bool escaped() const { return escaped_; }

 private:
  struct Cell {
    std::string character = " ";
    bool reverse = false;
  };
  using Grid = std::vector<std::vector<Cell>>;

  Grid Blank() const { return Grid(lines_, std::vector<Cell>(columns_)); }
  void Put(absl::string_view character);
  void NewLine();
  void EraseLine(size_t line, size_t from);
  void Control(absl::string_view parameters, char command);
  void SetMode(absl::string_view parameters, bool on);

  size_t columns_;
  size_t lines_;
  Grid grid_;
  Grid shell_grid_;
  std::string pending_;  // The beginning of a sequence or character.
  size_t row_ = 0;
  size_t column_ = 0;  // columns_: behind the last one; the next character goes to the next line.
  bool reverse_ = false;
  bool alternate_ = false;
  bool cursor_hidden_ = false;
  bool escaped_ = false;
  std::string unknown_;
};

// A program on a terminal of its own. Killed when destroyed.
class PseudoTerminal {
 public:
  // `environment`: "NAME=value", added to this process's own.
  PseudoTerminal(std::vector<std::string> arguments, std::vector<std::string> environment, size_t columns = 80,
                 size_t lines = 24);
  ~PseudoTerminal();

  // Reads until the screen is as wanted; false when the program ends before, or 20 s have passed.
  bool Await(const std::function<bool(const Screen&)>& wanted);
  bool AwaitText(absl::string_view text);
  // As if typed.
  void Press(absl::string_view keys);
  void Resize(size_t columns, size_t lines);
  // Reads all up to the program's end; its exit code, or 128 and the signal's number.
  int Wait();

  const Screen& screen() const { return screen_; }
  // Whether lines are edited and shown as they are typed, as a shell wants it.
  bool Cooked() const;

 private:
  // Leads the terminal's session and runs the program: a terminal is reset when its leader ends, and what the program
  // has left behind could not be seen.
  [[noreturn]] void Lead(int tell, char** arguments, std::vector<std::string>& environment);
  // False when nothing more comes.
  bool ReadSome();

  FileDescriptor master_;
  FileDescriptor slave_;
  FileDescriptor ended_;  // Gets the program's wait status.
  pid_t leader_ = -1;
  Screen screen_;
};

}  // namespace binlogd::testing
