#include "client/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace binlogd {
namespace {

constexpr absl::string_view kOtherScreen = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J";
constexpr absl::string_view kShellScreen = "\x1b[?25h\x1b[?1049l";

// What follows ESC for a key; the forms of xterm and of the Linux console, in both cursor modes.
constexpr struct {
  absl::string_view text;
  Key::Kind kind;
} kSequences[] = {
    {"[A", Key::Kind::kUp},        {"OA", Key::Kind::kUp},   {"[B", Key::Kind::kDown},  {"OB", Key::Kind::kDown},
    {"[5~", Key::Kind::kPageUp},   {"[H", Key::Kind::kHome}, {"[1~", Key::Kind::kHome}, {"OH", Key::Kind::kHome},
    {"[6~", Key::Kind::kPageDown}, {"[F", Key::Kind::kEnd},  {"[4~", Key::Kind::kEnd},  {"OF", Key::Kind::kEnd},
};

// Takes a sequence away that follows ESC.
Key::Kind TakeSequence(absl::string_view* input) {
  for (const auto& known : kSequences) {
    if (absl::ConsumePrefix(input, known.text)) return known.kind;
  }
  if (input->empty()) return Key::Kind::kEscape;
  // An unknown one ends with a letter or "~".
  const bool bracket = (*input)[0] == '[' || (*input)[0] == 'O';
  size_t end = bracket ? 1 : 0;
  while (bracket && end < input->size() && ((*input)[end] < '@' || (*input)[end] > '~')) ++end;
  input->remove_prefix(std::min(end + 1, input->size()));
  return Key::Kind::kOther;
}

Key TakeKey(absl::string_view* input) {
  const char first = (*input)[0];
  input->remove_prefix(1);
  if (first == '\x1b') return {TakeSequence(input)};
  if (first == '\r' || first == '\n') return {Key::Kind::kEnter};
  if (first == '\x7f' || first == '\b') return {Key::Kind::kBackspace};
  if (first >= ' ' && first <= '~') return {Key::Kind::kCharacter, first};
  return {};
}

}  // namespace

std::vector<Key> ParseKeys(absl::string_view input) {
  std::vector<Key> keys;
  while (!input.empty()) keys.push_back(TakeKey(&input));
  return keys;
}

Terminal::Terminal(Output* output) : output_(output) {
  keyboard_ = tcgetattr(STDIN_FILENO, &before_) == 0;
  sigset_t resize;
  sigemptyset(&resize);
  sigaddset(&resize, SIGWINCH);
  pthread_sigmask(SIG_BLOCK, &resize, &signals_before_);
  resized_ = FileDescriptor(signalfd(-1, &resize, SFD_CLOEXEC | SFD_NONBLOCK));
  if (keyboard_) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    // What would stop or end the process while the shell's screen is hidden.
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    raw.c_cc[VQUIT] = _POSIX_VDISABLE;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  output_->Write(kOtherScreen);
}

Terminal::~Terminal() {
  output_->Write(kShellScreen);
  if (keyboard_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
}

std::vector<int> Terminal::files() const {
  return keyboard_ ? std::vector<int>{resized_.get(), STDIN_FILENO} : std::vector<int>{resized_.get()};
}

std::vector<Key> Terminal::TakeKeys() {
  signalfd_siginfo signal;
  while (read(resized_.get(), &signal, sizeof(signal)) > 0) {
  }
  pollfd input = {STDIN_FILENO, POLLIN, 0};
  if (!keyboard_ || poll(&input, 1, 0) <= 0) return {};
  char bytes[256];
  const ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));
  if (size <= 0) keyboard_ = false;  // It is gone, and would be readable for ever.
  return ParseKeys(absl::string_view(bytes, static_cast<size_t>(std::max<ssize_t>(size, 0))));
}

void Terminal::Show(const std::vector<std::string>& lines) {
  std::string screen = "\x1b[H";
  // Cleared first: behind a line that fills its row, the cursor still stands in the last column.
  for (size_t i = 0; i < lines.size(); ++i) absl::StrAppend(&screen, i == 0 ? "\x1b[K" : "\r\n\x1b[K", lines[i]);
  if (lines.size() < output_->size().lines) absl::StrAppend(&screen, "\r\n\x1b[J");
  output_->Write(screen);
}

}  // namespace binlogd
