// Whether a file has changed.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace binlogd {

// What changes when a file is written, or another is put in its place (renamed, or reached over another link).
struct FileStamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = -1;  // -1: cannot be looked at.
  int64_t changed_seconds = 0;
  int64_t changed_nanoseconds = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

// Follows symbolic links.
inline FileStamp StampOf(const std::string& path) {
  struct stat about;
  if (stat(path.c_str(), &about) != 0) return FileStamp();
  // The inode's time, as a file's own can be set back.
  return {about.st_dev, about.st_ino, about.st_size, about.st_ctim.tv_sec, about.st_ctim.tv_nsec};
}

}  // namespace binlogd
