#include "base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace binlogd {

absl::StatusOr<std::string> ReadRegularFile(const std::string& path, size_t limit) {
  // Else the open alone waits for a pipe's writer.
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(path, O_RDONLY | O_NONBLOCK));
  struct stat about;
  if (fstat(file.get(), &about) != 0) return SystemError(errno, absl::StrCat("cannot look at ", path));
  if (!S_ISREG(about.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, " is not a file"));
  const size_t size = static_cast<size_t>(about.st_size);
  if (size > limit) return absl::InvalidArgumentError(absl::StrCat(path, " is larger than ", limit, " bytes"));
  std::string bytes(size, '\0');
  size_t filled = 0;
  while (filled < size) {
    const ssize_t got = read(file.get(), &bytes[filled], size - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(errno, absl::StrCat("cannot read ", path));
    if (got == 0) break;  // It was cut meanwhile.
    filled += static_cast<size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace binlogd
