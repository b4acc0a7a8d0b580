#include "target/position_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "target/checked_line.h"

namespace binlogd {
namespace {

constexpr uint64_t kRewriteAt = 1 << 20;
constexpr size_t kMostBytes = 16 << 20;

}  // namespace

absl::StatusOr<PositionLog> PositionLog::Open(const std::string& path) {
  const absl::StatusOr<std::string> bytes = ReadWholeFile(path, kMostBytes);
  if (!bytes.ok() && !absl::IsNotFound(bytes.status())) return bytes.status();
  const bool is_new = !bytes.ok();
  ASSIGN_OR_RETURN(FileDescriptor file, OpenFile(path, O_RDWR | O_CREAT, 0640));
  PositionLog log(path, std::move(file));
  if (is_new) return log;
  absl::string_view rest = *bytes;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    PositionRecord record;
    absl::string_view json;
    if (end == absl::string_view::npos || !ParseCheckedLine(rest.substr(0, end), &json)) break;
    if (!ParsePositionRecord(json, &record)) {
      return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_FORMAT_MISMATCH",
                                 absl::StrCat(path, ": the record at offset ", log.length_,
                                              " was not written by this version of binlogd; run the newer one")));
    }
    log.last_ = std::move(record);
    log.length_ += end + 1;
    rest.remove_prefix(end + 1);
  }
  // A crash tears the last line only.
  const size_t bad_end = rest.find('\n');
  const bool more_after_bad = bad_end != absl::string_view::npos && bad_end + 1 < rest.size();
  if (more_after_bad) {
    return Permanent(MakeError(
        absl::StatusCode::kDataLoss, "TARGET_DAMAGED",
        absl::StrCat(
            path, ": the record at offset ", log.length_,
            " is damaged, so it is not known how far the data beside it is durable; restore the file from a copy, "
            "or move the folder away and start over")));
  }
  if (ftruncate(log.file_.get(), static_cast<off_t>(log.length_)) != 0) {
    return SystemError(errno, absl::StrCat("cannot truncate ", path));
  }
  // Its writer may have been killed before the last record was durable.
  RETURN_IF_ERROR(SyncFile(log.file_, path));
  return log;
}

bool PositionLog::IsAsWritten() const {
  struct stat info;
  return fstat(file_.get(), &info) == 0 && info.st_nlink > 0 && static_cast<uint64_t>(info.st_size) == length_;
}

absl::Status PositionLog::Append(const PositionRecord& record) {
  const std::string line = CheckedLine(PositionRecordJson(record)) + "\n";
  if (length_ > kRewriteAt || !IsAsWritten()) {
    RETURN_IF_ERROR(ReplaceFile(path_, line, 0640));
    ASSIGN_OR_RETURN(file_, OpenFile(path_, O_RDWR));
    length_ = line.size();
  } else {
    RETURN_IF_ERROR(WriteAt(file_, line, length_, path_));
    RETURN_IF_ERROR(SyncFile(file_, path_));
    length_ += line.size();
  }
  last_ = record;
  return absl::OkStatus();
}

}  // namespace binlogd
