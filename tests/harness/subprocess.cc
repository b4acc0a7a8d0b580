#include "tests/harness/subprocess.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd::testing {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(2);

absl::StatusOr<FileDescriptor> MemoryFile(const char* name, absl::string_view content) {
  FileDescriptor file(memfd_create(name, MFD_CLOEXEC));
  if (!file.valid()) return SystemError(errno, "memfd_create");
  if (!content.empty()) RETURN_IF_ERROR(WriteAt(file, content, 0, name));
  return file;
}

std::string ReadAll(const FileDescriptor& file) {
  std::string content;
  char chunk[65536];
  while (true) {
    const ssize_t count = pread(file.get(), chunk, sizeof(chunk), static_cast<off_t>(content.size()));
    if (count <= 0) return content;
    content.append(chunk, static_cast<size_t>(count));
  }
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& text : strings) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Subprocess>> Subprocess::Start(const SubprocessOptions& options) {
  std::unique_ptr<Subprocess> process(new Subprocess);
  ASSIGN_OR_RETURN(const FileDescriptor input, MemoryFile("stdin", options.input));
  if (options.log_file.empty()) {
    ASSIGN_OR_RETURN(process->output_, MemoryFile("stdout", ""));
    ASSIGN_OR_RETURN(process->error_output_, MemoryFile("stderr", ""));
  } else {
    ASSIGN_OR_RETURN(process->output_, OpenFile(options.log_file, O_WRONLY | O_CREAT | O_APPEND));
    ASSIGN_OR_RETURN(process->error_output_, OpenFile(options.log_file, O_WRONLY | O_CREAT | O_APPEND));
  }
  std::vector<std::string> arguments = options.arguments;
  std::vector<std::string> environment = options.environment;
  for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return SystemError(errno, "fork");
  if (pid == 0) {
    // Only what is safe after a fork of a process with threads.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(input.get(), STDIN_FILENO);
    dup2(process->output_.get(), STDOUT_FILENO);
    dup2(process->error_output_.get(), STDERR_FILENO);
    signal(SIGPIPE, SIG_DFL);
    if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) _exit(126);
    execvpe(argv[0], argv.data(), envp.data());
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
  }
  process->pid_ = pid;
  return process;
}

Subprocess::~Subprocess() { Kill(); }

absl::StatusOr<int> Subprocess::Wait(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (running()) {
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("process ", pid_, " still runs after ", absl::FormatDuration(timeout)));
    }
    absl::SleepFor(kPoll);
  }
  return exit_code_;
}

bool Subprocess::running() {
  if (ended_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  ended_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void Subprocess::Signal(int signal_number) {
  if (running()) kill(pid_, signal_number);
}

absl::StatusOr<int> Subprocess::Terminate(absl::Duration timeout) {
  Signal(SIGTERM);
  return Wait(timeout);
}

void Subprocess::Kill() {
  Signal(SIGKILL);
  while (running()) absl::SleepFor(kPoll);
}

std::string Subprocess::output() const { return ReadAll(output_); }

std::string Subprocess::error_output() const { return ReadAll(error_output_); }

absl::StatusOr<CommandResult> RunCommand(const SubprocessOptions& options, absl::Duration timeout) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Subprocess> process, Subprocess::Start(options));
  CommandResult result;
  ASSIGN_OR_RETURN(result.exit_code, process->Wait(timeout));
  result.output = process->output();
  result.error_output = process->error_output();
  return result;
}

}  // namespace binlogd::testing
