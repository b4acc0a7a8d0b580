#include "client/output.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "client/text.h"

namespace binlogd {
namespace {

// Writes all of it. Returns 0, or the errno of the failure.
int WriteAll(int fd, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    data.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

bool IsSet(const char* variable) {
  const char* value = getenv(variable);
  return value != nullptr && *value != '\0';
}

bool IsDumb() {
  const char* term = getenv("TERM");
  return term == nullptr || absl::string_view(term) == "dumb";
}

}  // namespace

Output::Output() : terminal_(isatty(STDOUT_FILENO) == 1 && !IsDumb()), colour_(terminal_ && !IsSet("NO_COLOR")) {
  signal(SIGPIPE, SIG_IGN);
}

void Output::Write(absl::string_view data) {
  if (closed_ || !status_.ok()) return;
  const int error = WriteAll(STDOUT_FILENO, data);
  if (error == EPIPE) {
    closed_ = true;
  } else if (error != 0) {
    status_ = SystemError(error, "cannot write to standard output");
  }
}

void Output::Message(absl::string_view message) {
  WriteAll(STDERR_FILENO, absl::StrCat("binlogctl: ", EscapeText(message), "\n"));
}

void Output::Error(const absl::Status& status) {
  const std::string code = absl::StatusCodeToString(status.code());
  const std::string reason = ErrorReason(status);
  Message(absl::StrCat(status.message(), " (", code, reason == code ? "" : absl::StrCat(", ", reason), ")"));
}

Output::Size Output::size() const {
  Size size;
  winsize window = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0 && window.ws_row > 0) {
    size = {window.ws_col, window.ws_row};
  }
  return size;
}

}  // namespace binlogd
