#include "tests/harness/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace binlogd::testing {

absl::StatusOr<std::unique_ptr<SmallDisk>> SmallDisk::Mount(const std::string& directory, uint64_t bytes) {
  const std::string options = absl::StrCat("size=", bytes, ",mode=0700");
  // Private, so that nobody else sees the mount, and it ends with us.
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      mount("tmpfs", directory.c_str(), "tmpfs", 0, options.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot mount a small disk: ", strerror(errno)));
  }
  return std::unique_ptr<SmallDisk>(new SmallDisk(directory));
}

SmallDisk::~SmallDisk() { umount2(directory_.c_str(), MNT_DETACH); }

absl::Status SmallDisk::Take(double share) {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(Ballast(), O_WRONLY | O_CREAT));
  struct statvfs disk {};
  if (fstatvfs(file.get(), &disk) != 0) return absl::UnavailableError(strerror(errno));
  const auto pages = static_cast<size_t>(std::ceil(share * static_cast<double>(disk.f_bavail)));
  const off_t end = lseek(file.get(), 0, SEEK_END);
  return WriteAt(file, std::string(pages * disk.f_frsize, '\0'), static_cast<uint64_t>(end), Ballast());
}

absl::Status SmallDisk::Fill() {
  ASSIGN_OR_RETURN(const FileDescriptor file, OpenFile(Ballast(), O_WRONLY | O_CREAT));
  // Page by page at the end, because the last that fit are to be taken too.
  for (size_t chunk = 1 << 20; chunk >= 4096;) {
    const std::string zeros(chunk, '\0');
    const off_t end = lseek(file.get(), 0, SEEK_END);
    if (!WriteAt(file, zeros, static_cast<uint64_t>(end), Ballast()).ok()) chunk /= 16;
  }
  return absl::OkStatus();
}

void SmallDisk::Free() { unlink(Ballast().c_str()); }

}  // namespace binlogd::testing
