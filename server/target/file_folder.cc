#include "target/file_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "target/random_token.h"

namespace binlogd {
namespace {

constexpr char kOurs[] = ".binlogd";
constexpr char kLostAndFound[] = "lost+found";
constexpr char kNew[] = "new";
constexpr char kId[] = "id";

absl::Status CheckEmpty(const std::string& path) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(path));
  for (const std::string& name : names) {
    if (name == kOurs || name == kLostAndFound) continue;
    return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_NOT_EMPTY",
                               absl::StrCat(path, " has no position record but is not empty (it holds ", name,
                                            "); nothing is written over: name an empty folder, or restore ", path, "/",
                                            kOurs, "/position.log")));
  }
  return absl::OkStatus();
}

// One that is damaged is made anew, as one that is missing.
absl::StatusOr<std::string> ReadOrMakeId(const std::string& ours) {
  const std::string path = absl::StrCat(ours, "/", kId);
  const absl::StatusOr<std::string> text = ReadWholeFile(path);
  if (!text.ok() && !absl::IsNotFound(text.status()) && !absl::IsInvalidArgument(text.status())) return text.status();
  absl::string_view id = text.ok() ? *text : absl::string_view();
  const bool is_one = absl::ConsumeSuffix(&id, "\n") && id.size() == RandomToken().size() &&
                      std::all_of(id.begin(), id.end(), absl::ascii_isxdigit);
  if (is_one) return std::string(id);
  const std::string made = RandomToken();
  RETURN_IF_ERROR(ReplaceFile(path, made + "\n", 0640));
  return made;
}

// A folder that has a record is new no more, even if its record should be lost.
absl::Status RemoveMark(const std::string& ours) {
  const std::string mark = absl::StrCat(ours, "/", kNew);
  if (unlink(mark.c_str()) == 0) return SyncDirectory(ours);
  return errno == ENOENT ? absl::OkStatus() : SystemError(errno, absl::StrCat("cannot remove ", mark));
}

}  // namespace

absl::Status TargetDamaged(const std::string& what) {
  return Permanent(MakeError(absl::StatusCode::kDataLoss, "TARGET_DAMAGED",
                             absl::StrCat(what, "; restore it from a copy, or move the folder away and start over")));
}

absl::StatusOr<std::unique_ptr<FileFolder>> FileFolder::Open(const std::string& path, const std::string& format,
                                                             const std::string& owner) {
  const std::string ours = absl::StrCat(path, "/", kOurs);
  if (absl::Status made = MakeDirectories(ours, 0750); !made.ok()) {
    if (!absl::IsFailedPrecondition(made)) return made;
    return Permanent(MakeError(made.code(), "TARGET_PATH_INVALID", absl::StrCat(made.message(), "; name a folder")));
  }
  absl::StatusOr<FileLock> lock = FileLock::Acquire(absl::StrCat(ours, "/lock"), owner);
  if (!lock.ok()) {
    if (!absl::IsFailedPrecondition(lock.status())) return lock.status();
    return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_IN_USE",
                               absl::StrCat(lock.status().message(), "; give each target a folder of its own")));
  }
  ASSIGN_OR_RETURN(PositionLog log, PositionLog::Open(absl::StrCat(ours, "/position.log")));
  ASSIGN_OR_RETURN(BegunFiles begun, BegunFiles::Open(path));
  RETURN_IF_ERROR(SyncDirectory(ours));
  if (!log.last()) {
    if (access(absl::StrCat(ours, "/", kNew).c_str(), F_OK) != 0) {
      RETURN_IF_ERROR(CheckEmpty(path));
      RETURN_IF_ERROR(ReplaceFile(absl::StrCat(ours, "/", kNew), "", 0640));
    }
  } else if (log.last()->format != format) {
    return Permanent(
        MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_FORMAT_MISMATCH",
                  absl::StrCat(path, " holds format ", log.last()->format, ", not ", format, "; name another folder")));
  }
  ASSIGN_OR_RETURN(std::string id, ReadOrMakeId(ours));
  return std::unique_ptr<FileFolder>(
      new FileFolder(path, std::move(id), format, *std::move(lock), std::move(log), std::move(begun)));
}

absl::Status FileFolder::Record(PositionRecord record) {
  record.format = format_;
  RETURN_IF_ERROR(log_.Append(record));
  RETURN_IF_ERROR(begun_.Cover(record.output_file));
  if (!marked_new_) return absl::OkStatus();
  RETURN_IF_ERROR(RemoveMark(absl::StrCat(path_, "/", kOurs)));
  marked_new_ = false;
  return absl::OkStatus();
}

absl::Status CheckAsWritten(const FileDescriptor& file, uint64_t least, uint64_t most, const std::string& path) {
  struct stat info;
  if (fstat(file.get(), &info) != 0) return SystemError(errno, absl::StrCat("cannot stat ", path));
  if (info.st_nlink == 0) return TargetDamaged(absl::StrCat(path, " was removed while it was written"));
  const uint64_t size = static_cast<uint64_t>(info.st_size);
  if (size < least) {
    return TargetDamaged(absl::StrCat(path, " was cut while it was written: it has ", size, " bytes and not ", least,
                                      " (does a log rotator know it? it must leave the folder alone)"));
  }
  if (size <= most) return absl::OkStatus();
  return MakeError(absl::StatusCode::kAborted, "TARGET_FILE_CHANGED",
                   absl::StrCat(path, " has ", size, " bytes and not ", most,
                                ": something else writes to it, and must not; what is not ours is cut off"));
}

absl::StatusOr<std::vector<std::string>> ListDirectory(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return SystemError(error.value(), absl::StrCat("cannot list ", path));
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<FileDescriptor> OpenAtLength(const std::string& path, uint64_t length) {
  absl::StatusOr<FileDescriptor> file = OpenFile(path, O_RDWR);
  if (absl::IsNotFound(file.status())) return TargetDamaged(absl::StrCat(path, " is gone"));
  if (!file.ok()) return file;
  struct stat info;
  if (fstat(file->get(), &info) != 0) return SystemError(errno, absl::StrCat("cannot stat ", path));
  const uint64_t size = static_cast<uint64_t>(info.st_size);
  if (size < length) {
    return TargetDamaged(absl::StrCat(path, " has ", size, " bytes, but ", length, " were durable"));
  }
  if (size > length && ftruncate(file->get(), static_cast<off_t>(length)) != 0) {
    return SystemError(errno, absl::StrCat("cannot truncate ", path));
  }
  return file;
}

}  // namespace binlogd
