// Standard output and standard error.
#pragma once

#include <atomic>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// Data goes to standard output, messages to standard error. Ignores SIGPIPE from its construction on: a reader that
// goes away ends the output quietly. Not thread-safe.
class Output {
 public:
  struct Size {
    size_t columns = 80;
    size_t lines = 24;
  };

  Output();

  // Writes data at once. After the reader has gone away, does nothing.
  void Write(absl::string_view data);
  // Writes "binlogctl: MESSAGE" as one line to standard error; control characters are escaped.
  void Message(absl::string_view message);
  // The message of a failure: "binlogctl: MESSAGE (CODE, REASON)".
  void Error(const absl::Status& status);

  // Whether the reader of standard output went away. Thread-safe.
  bool closed() const { return closed_; }
  // What else went wrong with standard output, for example a full disk.
  const absl::Status& status() const { return status_; }

  // Whether standard output is a terminal that can move its cursor.
  bool terminal() const { return terminal_; }
  // Whether to use colours: on such a terminal, unless NO_COLOR is set.
  bool colour() const { return colour_; }
  // The terminal's size now.
  Size size() const;

 private:
  bool terminal_;
  bool colour_;
  std::atomic<bool> closed_ = false;
  absl::Status status_;
};

}  // namespace binlogd
