#include "tests/client/screen.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/utf8.h"

namespace binlogd::testing {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

}  // namespace

Screen::Screen(size_t columns, size_t lines) : columns_(columns), lines_(lines), grid_(Blank()) {}

void Screen::Write(absl::string_view bytes) {
  pending_.append(bytes.data(), bytes.size());
  absl::string_view rest = pending_;
  while (!rest.empty()) {
    if (rest[0] == '\x1b') {
      const size_t end = rest.size() < 2 ? rest.npos : rest.find_first_not_of("0123456789;?", 2);
      if (end == rest.npos) break;
      escaped_ = true;
      if (rest[1] != '[') unknown_ += "ESC";
      Control(rest.substr(2, end - 2), rest[end]);
      rest.remove_prefix(end + 1);
      continue;
    }
    const size_t length = Utf8CharacterLength(rest);
    if (length == 0 && rest.size() < 4) break;
    Put(rest.substr(0, std::max<size_t>(length, 1)));
    rest.remove_prefix(std::max<size_t>(length, 1));
  }
  pending_ = std::string(rest);
}

void Screen::Put(absl::string_view character) {
  if (character == "\r") {
    column_ = 0;
  } else if (character == "\n") {
    NewLine();
  } else if (character.size() == 1 && (character[0] < ' ' || character[0] > '~')) {
    absl::StrAppend(&unknown_, "byte ", static_cast<int>(character[0]), " ");
  } else {
    if (column_ == columns_) {
      column_ = 0;
      NewLine();
    }
    grid_[row_][column_++] = {std::string(character), reverse_};
  }
}

void Screen::NewLine() {
  if (++row_ < lines_) return;
  row_ = lines_ - 1;
  grid_.erase(grid_.begin());
  grid_.emplace_back(columns_);
}

void Screen::EraseLine(size_t line, size_t from) {
  for (size_t i = std::min(from, columns_ - 1); i < columns_; ++i) grid_[line][i] = Cell();
}

void Screen::Control(absl::string_view parameters, char command) {
  uint64_t number = 0;
  const bool one = absl::SimpleAtoi(parameters, &number);
  if (command == 'm') {
    reverse_ = parameters == "7";
  } else if (command == 'H' && parameters.empty()) {
    row_ = column_ = 0;
  } else if (command == 'A' && one) {
    row_ -= std::min<size_t>(row_, number);
  } else if (command == 'K' && parameters.empty()) {
    EraseLine(row_, column_);
  } else if (command == 'J' && parameters.empty()) {
    EraseLine(row_, column_);
    for (size_t line = row_ + 1; line < lines_; ++line) EraseLine(line, 0);
  } else if (command == 'J' && parameters == "2") {
    grid_ = Blank();
  } else if (command == 'h' || command == 'l') {
    SetMode(parameters, command == 'h');
  } else {
    absl::StrAppend(&unknown_, "CSI ", parameters, std::string(1, command), " ");
  }
}

void Screen::SetMode(absl::string_view parameters, bool on) {
  if (parameters == "?25") {
    cursor_hidden_ = !on;
  } else if (parameters == "?1049") {
    if (on) {
      shell_grid_ = grid_;
      grid_ = Blank();
    } else {
      grid_ = shell_grid_;
    }
    alternate_ = on;
  } else {
    absl::StrAppend(&unknown_, "mode ", parameters, " ");
  }
}

void Screen::Resize(size_t columns, size_t lines) {
  columns_ = columns;
  lines_ = lines;
  for (Grid* grid : {&grid_, &shell_grid_}) {
    grid->resize(lines);
    for (std::vector<Cell>& line : *grid) line.resize(columns);
  }
  row_ = std::min(row_, lines - 1);
  column_ = std::min(column_, columns);
}

std::string Screen::Line(size_t line) const {
  std::string text;
  for (const Cell& cell : grid_[line]) text += cell.character;
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

std::string Screen::Text() const {
  std::string text;
  for (size_t line = 0; line < lines_; ++line) absl::StrAppend(&text, Line(line), "\n");
  return text.substr(0, text.find_last_not_of('\n') + 2);
}

std::vector<size_t> Screen::reversed() const {
  std::vector<size_t> rows;
  for (size_t line = 0; line < lines_; ++line) {
    if (grid_[line][0].reverse) rows.push_back(line);
  }
  return rows;
}

PseudoTerminal::PseudoTerminal(std::vector<std::string> arguments, std::vector<std::string> environment, size_t columns,
                               size_t lines)
    : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)), screen_(columns, lines) {
  grantpt(master_.get());
  unlockpt(master_.get());
  char name[128] = {};
  ptsname_r(master_.get(), name, sizeof(name));
  slave_ = FileDescriptor(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
  const winsize size = {static_cast<uint16_t>(lines), static_cast<uint16_t>(columns), 0, 0};
  ioctl(master_.get(), TIOCSWINSZ, &size);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  child_ = fork();
  if (child_ != 0) return;
  setsid();
  ioctl(slave_.get(), TIOCSCTTY, 0);
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(slave_.get(), file);
  for (std::string& variable : environment) putenv(variable.data());
  execv(pointers[0], pointers.data());
  _exit(127);
}

PseudoTerminal::~PseudoTerminal() {
  if (child_ <= 0) return;
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

bool PseudoTerminal::ReadSome() {
  char bytes[4096];
  const ssize_t size = read(master_.get(), bytes, sizeof(bytes));
  if (size > 0) screen_.Write(absl::string_view(bytes, static_cast<size_t>(size)));
  return size > 0;
}

bool PseudoTerminal::Await(const std::function<bool(const Screen&)>& wanted) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!wanted(screen_)) {
    pollfd file = {master_.get(), POLLIN, 0};
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    if (poll(&file, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) > 0 && !ReadSome()) return false;
  }
  return true;
}

bool PseudoTerminal::AwaitText(absl::string_view text) {
  return Await([text](const Screen& screen) { return screen.Shows(text); });
}

void PseudoTerminal::Press(absl::string_view keys) {
  [[maybe_unused]] const ssize_t written = write(master_.get(), keys.data(), keys.size());
}

void PseudoTerminal::Resize(size_t columns, size_t lines) {
  screen_.Resize(columns, lines);
  const winsize size = {static_cast<uint16_t>(lines), static_cast<uint16_t>(columns), 0, 0};
  ioctl(master_.get(), TIOCSWINSZ, &size);
}

int PseudoTerminal::Wait() {
  const absl::Time deadline = absl::Now() + kPatience;
  int status = 0;
  for (pid_t ended = 0; ended == 0 && absl::Now() < deadline;) {
    // The slave stays open, so that its end cannot be read: what is there is taken, again and again.
    pollfd file = {master_.get(), POLLIN, 0};
    if (poll(&file, 1, 20) > 0) {
      ReadSome();
      continue;
    }
    ended = waitpid(child_, &status, WNOHANG);
    if (ended == child_) child_ = -1;
  }
  if (child_ > 0) return -1;
  pollfd file = {master_.get(), POLLIN, 0};
  while (poll(&file, 1, 0) > 0 && ReadSome()) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool PseudoTerminal::Cooked() const {
  termios state = {};
  tcgetattr(slave_.get(), &state);
  return (state.c_lflag & ICANON) != 0 && (state.c_lflag & ECHO) != 0;
}

}  // namespace binlogd::testing
