// The folder of a file target: who may use it, and what is ours in it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file.h"
#include "target/begun_files.h"
#include "target/position_log.h"

namespace binlogd {

// Permanent DATA_LOSS (TARGET_DAMAGED): a store does not hold what its position record says, or holds what it should
// not.
absl::Status TargetDamaged(const std::string& what);

// PATH with PATH/.binlogd/lock (held while open), position.log, begun and id; PATH/.binlogd/new stands from when the
// folder was found empty until the first record is durable, so that a folder in which a crash came in between is new
// still. Not thread-safe.
class FileFolder {
 public:
  // Makes the folder when there is none, locks it and reads the last record. `format` must be that of the record.
  // `owner` is shown to whoever finds the folder locked. FAILED_PRECONDITION, permanent: TARGET_IN_USE,
  // TARGET_FORMAT_MISMATCH, or TARGET_PATH_INVALID when the path is not a folder; a new folder that is not empty is
  // TARGET_NOT_EMPTY.
  static absl::StatusOr<std::unique_ptr<FileFolder>> Open(const std::string& path, const std::string& format,
                                                          const std::string& owner);

  const std::string& path() const { return path_; }
  // Random, made once: what was written for this folder is told by it from what was copied into it.
  const std::string& id() const { return id_; }
  const std::optional<PositionRecord>& record() const { return log_.last(); }
  // The files that are data, or may become data.
  BegunFiles& begun() { return begun_; }
  // Durable when it returns. Covers the output file.
  absl::Status Record(PositionRecord record);

 private:
  FileFolder(std::string path, std::string id, std::string format, FileLock lock, PositionLog log, BegunFiles begun)
      : path_(std::move(path)),
        id_(std::move(id)),
        format_(std::move(format)),
        lock_(std::move(lock)),
        log_(std::move(log)),
        begun_(std::move(begun)) {}

  const std::string path_;
  const std::string id_;
  const std::string format_;
  FileLock lock_;
  PositionLog log_;
  BegunFiles begun_;
  bool marked_new_ = true;  // As far as is known.
};

// Whether an open file is what was written, and nothing else: TargetDamaged when it has no name any more, so that what
// is written to it would be gone with it, or less than `least` bytes; ABORTED (TARGET_FILE_CHANGED) when it has more
// than `most`.
absl::Status CheckAsWritten(const FileDescriptor& file, uint64_t least, uint64_t most, const std::string& path);

// Names in a directory, sorted; without "." and "..".
absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path);

// Cuts the file to `length`. TargetDamaged when it is shorter or missing.
absl::StatusOr<FileDescriptor> OpenAtLength(const std::string& path, uint64_t length);

}  // namespace binlogd
