#include "client/edited_file.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "config/yaml_tree.h"

namespace binlogd {
namespace {

std::string Variable(const char* name) {
  const char* value = getenv(name);
  return value == nullptr ? "" : value;
}

std::string EditorCommand() {
  for (const char* name : {"VISUAL", "EDITOR"}) {
    if (std::string command = Variable(name); !command.empty()) return command;
  }
  return "vi";
}

// While it lives, Ctrl-C is the editor's alone.
class InterruptsIgnored {
 public:
  InterruptsIgnored() : before_(signal(SIGINT, SIG_IGN)), quit_before_(signal(SIGQUIT, SIG_IGN)) {}
  ~InterruptsIgnored() {
    signal(SIGINT, before_);
    signal(SIGQUIT, quit_before_);
  }

 private:
  const sighandler_t before_;
  const sighandler_t quit_before_;
};

// Runs a line of sh with one argument; returns its wait status, or the errno of a failure to start it.
absl::StatusOr<int> RunShell(std::string line, std::string argument) {
  const InterruptsIgnored ignored;
  std::string shell = "sh", option = "-c";
  line += " \"$1\"";
  char* arguments[] = {shell.data(), option.data(), line.data(), shell.data(), argument.data(), nullptr};
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t usual;
  sigemptyset(&usual);
  for (const int number : {SIGINT, SIGQUIT, SIGPIPE}) sigaddset(&usual, number);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  const int error = posix_spawn(&child, "/bin/sh", nullptr, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return SystemError(error, "cannot run /bin/sh");
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return SystemError(errno, "cannot wait for the editor");
  }
  return status;
}

}  // namespace

absl::StatusOr<EditedFile> EditedFile::Make(absl::string_view name) {
  const std::string directory = Variable("TMPDIR");
  std::string path = absl::StrCat(directory.empty() ? "/tmp" : directory, "/binlogctl-", name, "-XXXXXX.yaml");
  const FileDescriptor file(mkostemps(path.data(), 5, O_CLOEXEC));
  if (!file.valid()) return SystemError(errno, absl::StrCat("cannot make ", path));
  return EditedFile(std::move(path));
}

EditedFile::EditedFile(EditedFile&& other) noexcept : path_(std::exchange(other.path_, "")), kept_(other.kept_) {}

EditedFile::~EditedFile() {
  if (!kept_ && !path_.empty()) unlink(path_.c_str());
}

bool EditedFile::Keep() {
  kept_ = true;
  return access(path_.c_str(), F_OK) == 0;
}

bool EditedFile::Holds(absl::string_view text) const {
  const absl::StatusOr<std::string> held = ReadWholeFile(path_, kMaxYamlBytes);
  return held.ok() && *held == text;
}

absl::StatusOr<std::string> EditedFile::Edit(absl::string_view text) {
  RETURN_IF_ERROR(ReplaceFile(path_, text, 0600));
  const std::string command = EditorCommand();
  ASSIGN_OR_RETURN(const int status, RunShell(command, path_));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "EDITOR_FAILED",
                     absl::StrCat("the editor \"", command, "\" ended with an error; set VISUAL or EDITOR to another"));
  }
  return ReadWholeFile(path_, kMaxYamlBytes);
}

}  // namespace binlogd
