#include "base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

absl::Status WriteAll(int fd, absl::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError(errno, absl::StrCat("cannot write ", path));
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadAll(const FileDescriptor& file, const std::string& path, size_t limit) {
  std::string bytes;
  char buffer[65536];
  for (;;) {
    const ssize_t got = read(file.get(), buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(errno, absl::StrCat("cannot read ", path));
    if (got == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
    if (bytes.size() > limit) {
      return absl::InvalidArgumentError(absl::StrCat(path, " is larger than ", limit, " bytes"));
    }
  }
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.fd_;
    other.fd_ = -1;
  }
  return *this;
}

void FileDescriptor::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

absl::StatusOr<FileDescriptor> OpenFile(const std::string& path, int flags, int mode) {
  int fd;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return SystemError(errno, absl::StrCat("cannot open ", path));
  return FileDescriptor(fd);
}

absl::Status WriteAt(const FileDescriptor& file, absl::string_view bytes, uint64_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError(errno, absl::StrCat("cannot write ", path));
    }
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return absl::OkStatus();
}

absl::Status SyncFile(const FileDescriptor& file, const std::string& path) {
  if (fdatasync(file.get()) != 0) return SystemError(errno, absl::StrCat("cannot fsync ", path));
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  ASSIGN_OR_RETURN(const FileDescriptor directory, OpenFile(path, O_RDONLY | O_DIRECTORY));
  if (fsync(directory.get()) != 0) return SystemError(errno, absl::StrCat("cannot fsync ", path));
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t limit) {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDONLY));
  return ReadAll(file, path, limit);
}

absl::StatusOr<std::string> ReadProtectedFile(const std::string& path, Protection protection, size_t limit) {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDONLY));
  struct stat about;
  if (fstat(file.get(), &about) != 0) return SystemError(errno, absl::StrCat("cannot look at ", path));
  const bool secret = protection == Protection::kUnread;
  if ((about.st_mode & (secret ? S_IROTH | S_IWOTH : S_IWOTH)) != 0) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "FILE_OPEN_TO_EVERYBODY",
        absl::StrCat(path, secret ? " is open to everybody on this machine; chmod o= it, and replace what it holds if "
                                    "somebody may have read it"
                                  : " may be written by everybody on this machine; chmod o-w it"));
  }
  return ReadAll(file, path, limit);
}

std::string TemporaryFor(const std::string& path) { return absl::StrCat(path, ".new"); }

absl::Status CheckReplaceable(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(absl::StrCat(path, " is a directory"));
  }
  const std::string temporary = TemporaryFor(path);
  RETURN_IF_ERROR(OpenFile(temporary, O_WRONLY | O_CREAT, 0600).status());
  if (unlink(temporary.c_str()) != 0) return SystemError(errno, absl::StrCat("cannot remove ", temporary));
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& path, absl::string_view bytes, int mode) {
  const std::string temporary = TemporaryFor(path);
  {
    ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(temporary, O_WRONLY | O_CREAT | O_TRUNC, mode));
    if (fchmod(file.get(), static_cast<mode_t>(mode)) != 0)
      return SystemError(errno, absl::StrCat("cannot chmod ", temporary));
    RETURN_IF_ERROR(WriteAll(file.get(), bytes, temporary));
    if (fsync(file.get()) != 0) return SystemError(errno, absl::StrCat("cannot fsync ", temporary));
  }
  if (rename(temporary.c_str(), path.c_str()) != 0)
    return SystemError(errno, absl::StrCat("cannot rename ", temporary, " to ", path));
  return SyncDirectory(ParentOf(path));
}

absl::Status MakeDirectories(const std::string& path, int mode) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(path, " is not a directory"));
  }
  if (errno == ENOTDIR) return absl::FailedPreconditionError(absl::StrCat(ParentOf(path), " is not a directory"));
  if (errno != ENOENT) return SystemError(errno, absl::StrCat("cannot use ", path));
  const std::string parent = ParentOf(path);
  if (parent != path) RETURN_IF_ERROR(MakeDirectories(parent, mode));
  if (mkdir(path.c_str(), static_cast<mode_t>(mode)) != 0 && errno != EEXIST) {
    return SystemError(errno, absl::StrCat("cannot make directory ", path));
  }
  return SyncDirectory(parent);
}

bool PathsOverlap(const std::string& a, const std::string& b) {
  const auto as_folder = [](const std::string& path) {
    std::string folder = std::filesystem::path(path).lexically_normal().string();
    if (folder.empty() || folder.back() != '/') folder.push_back('/');
    return folder;
  };
  const std::string x = as_folder(a);
  const std::string y = as_folder(b);
  return absl::StartsWith(x, y) || absl::StartsWith(y, x);
}

bool PlacesOverlap(const std::string& a, const std::string& b) {
  std::error_code error;
  const std::filesystem::path x = std::filesystem::weakly_canonical(a, error);
  const std::filesystem::path y = std::filesystem::weakly_canonical(b, error);
  return PathsOverlap(a, b) || PathsOverlap(x.empty() ? a : x.string(), y.empty() ? b : y.string());
}

absl::StatusOr<FileLock> FileLock::Acquire(const std::string& path, absl::string_view about_holder) {
  ASSIGN_OR_RETURN(FileDescriptor file, OpenFile(path, O_RDWR | O_CREAT, 0600));
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError(errno, absl::StrCat("cannot lock ", path));
    const absl::StatusOr<std::string> holder = ReadWholeFile(path, 4096);
    return absl::FailedPreconditionError(
        absl::StrCat(path, " is held by ", holder.ok() && !holder->empty() ? *holder : "another process"));
  }
  if (ftruncate(file.get(), 0) != 0) return SystemError(errno, absl::StrCat("cannot write ", path));
  RETURN_IF_ERROR(WriteAt(file, about_holder, 0, path));
  return FileLock(std::move(file));
}

void EnsureStandardFiles() {
  int opened = 0;
  do {
    opened = open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened > STDERR_FILENO) close(opened);
}

}  // namespace binlogd
