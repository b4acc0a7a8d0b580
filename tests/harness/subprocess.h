// Programs that a test runs.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/file.h"

namespace binlogd::testing {

struct SubprocessOptions {
  std::vector<std::string> arguments;    // The program's path, or its name to be looked up in PATH, and its arguments.
  std::vector<std::string> environment;  // "NAME=value", added to this process's own.
  std::string directory;                 // Where it runs; empty: here.
  std::string input;                     // What it reads on standard input.
  std::string log_file;                  // Standard output and error are appended to it, instead of being captured.
};

// A child process. Killed when destroyed, and by the kernel when the thread that started it ends, so start long-lived
// ones from a thread that lives as long. Not thread-safe.
class Subprocess {
 public:
  static absl::StatusOr<std::unique_ptr<Subprocess>> Start(const SubprocessOptions& options);
  ~Subprocess();

  // The exit code, or 128 and the signal's number. DEADLINE_EXCEEDED when it still runs after `timeout`.
  absl::StatusOr<int> Wait(absl::Duration timeout);
  bool running();
  void Signal(int signal_number);
  // SIGTERM, then Wait().
  absl::StatusOr<int> Terminate(absl::Duration timeout);
  // SIGKILL, and waits for its end.
  void Kill();

  pid_t pid() const { return pid_; }
  // What it has written so far; empty with log_file.
  std::string output() const;
  std::string error_output() const;

 private:
  Subprocess() = default;

  pid_t pid_ = -1;
  bool ended_ = false;
  int exit_code_ = -1;
  FileDescriptor output_;
  FileDescriptor error_output_;
};

struct CommandResult {
  int exit_code = -1;
  std::string output;
  std::string error_output;
};

// Runs a program to its end; kills it after `timeout` (DEADLINE_EXCEEDED).
absl::StatusOr<CommandResult> RunCommand(const SubprocessOptions& options, absl::Duration timeout = absl::Seconds(60));

}  // namespace binlogd::testing
