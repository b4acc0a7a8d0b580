#include "tests/client/screen.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
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
  int ended[2] = {-1, -1};
  [[maybe_unused]] const int piped = pipe2(ended, O_CLOEXEC);
  ended_ = FileDescriptor(ended[0]);
  FileDescriptor tell(ended[1]);
  leader_ = fork();
  if (leader_ == 0) Lead(tell.get(), pointers.data(), environment);
}

void PseudoTerminal::Lead(int tell, char** arguments, std::vector<std::string>& environment) {
  // Neither outlives the test.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  ioctl(slave_.get(), TIOCSCTTY, 0);
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(slave_.get(), file);
    for (std::string& variable : environment) putenv(variable.data());
    execv(arguments[0], arguments);
    _exit(127);
  }
  signal(SIGINT, SIG_IGN);
  int status = -1;
  waitpid(child, &status, 0);
  [[maybe_unused]] const ssize_t written = write(tell, &status, sizeof(status));
  for (;;) pause();
}

PseudoTerminal::~PseudoTerminal() {
  // With all that it leads.
  kill(-leader_, SIGKILL);
  kill(leader_, SIGKILL);
  waitpid(leader_, nullptr, 0);
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
  for (;;) {
    pollfd files[] = {{master_.get(), POLLIN, 0}, {ended_.get(), POLLIN, 0}};
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return -1;
    poll(files, 2, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (files[0].revents != 0) {
      if (!ReadSome()) return -1;
    } else if (files[1].revents != 0) {
      break;  // All that was written before is read.
    }
  }
  int status = -1;
  if (read(ended_.get(), &status, sizeof(status)) != sizeof(status)) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool PseudoTerminal::Cooked() const {
  termios state = {};
  tcgetattr(slave_.get(), &state);
  return (state.c_lflag & ICANON) != 0 && (state.c_lflag & ECHO) != 0;
}

}  // namespace binlogd::testing
