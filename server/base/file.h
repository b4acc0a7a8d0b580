// Files, made durable.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// Opens /dev/null in the place of standard input, output and error where they are closed, so that no file that is
// opened later is taken for one of them. To be called first of all.
void EnsureStandardFiles();

// A file descriptor that is closed when destroyed. Movable.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { Close(); }
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

// open(2), close-on-exec. The status names the path.
absl::StatusOr<FileDescriptor> OpenFile(const std::string& path, int flags, int mode = 0640);

// Writes all of `bytes` at `offset`, however many calls that takes.
absl::Status WriteAt(const FileDescriptor& file, absl::string_view bytes, uint64_t offset, const std::string& path);

// fdatasync(2).
absl::Status SyncFile(const FileDescriptor& file, const std::string& path);

// Makes the names in a directory durable.
absl::Status SyncDirectory(const std::string& path);

// The whole file. NOT_FOUND when there is none; INVALID_ARGUMENT when it is larger than `limit` bytes.
absl::StatusOr<std::string> ReadWholeFile(const std::string& path, size_t limit = 64 << 20);

// What a user of the machine who is neither the file's owner nor in its group must not be able to do.
enum class Protection { kUnwritten, kUnread };
// As ReadWholeFile, of a file that is protected: FAILED_PRECONDITION (FILE_OPEN_TO_EVERYBODY) when it is not. One that
// may not be read may not be written either.
absl::StatusOr<std::string> ReadProtectedFile(const std::string& path, Protection protection, size_t limit);

// Replaces the file as one step that survives a power loss: temporary file, fsync, rename, fsync of the directory.
absl::Status ReplaceFile(const std::string& path, absl::string_view bytes, int mode);
// Where it writes first.
std::string TemporaryFor(const std::string& path);
// Whether ReplaceFile() could write there, as far as that shows before: the folder takes a file.
absl::Status CheckReplaceable(const std::string& path);

// mkdir -p; every directory that is made is durable afterwards. FAILED_PRECONDITION when a part of the path is not a
// directory.
absl::Status MakeDirectories(const std::string& path, int mode);

// Whether one absolute path is the other, or lies inside it, by name alone: symbolic links are not followed.
bool PathsOverlap(const std::string& a, const std::string& b);
// As PathsOverlap, or so after following symbolic links.
bool PlacesOverlap(const std::string& a, const std::string& b);

// A file that only one process at a time may hold (flock(2)). Released when destroyed or when the process ends.
class FileLock {
 public:
  // FAILED_PRECONDITION when another holds it; the message ends with what the holder wrote about itself.
  static absl::StatusOr<FileLock> Acquire(const std::string& path, absl::string_view about_holder);

 private:
  explicit FileLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

}  // namespace binlogd
