#include "target/raw_file_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/event_header.h"
#include "target/epoch_record.h"

namespace binlogd {
namespace {

constexpr char kFormat[] = "RAW";
constexpr uint64_t kFlushStep = 8 << 20;

// A file name that a source sent becomes part of a path: it may not leave the folder.
absl::Status CheckFileName(const std::string& name) {
  if (!name.empty() && name.find('/') == std::string::npos && name[0] != '.' && FileSequence(name) != 0) {
    return absl::OkStatus();
  }
  return Permanent(MakeError(absl::StatusCode::kDataLoss, "SOURCE_SENT_BAD_FILE_NAME",
                             absl::StrCat("the source names its log file \"", name, "\", which is not NAME.NUMBER")));
}

}  // namespace

RawFileTarget::RawFileTarget(std::string name, std::string path, std::string owner)
    : Target(std::move(name)), path_(std::move(path)), owner_(std::move(owner)) {}

absl::StatusOr<std::optional<DurablePosition>> RawFileTarget::DoOpen() {
  ASSIGN_OR_RETURN(folder_, FileFolder::Open(path_, kFormat, owner_));
  if (!folder_->record()) return std::nullopt;
  const DurablePosition& durable = folder_->record()->durable;
  epoch_name_ = durable.epoch.name();
  file_name_ = durable.position.file;
  file_path_ = absl::StrCat(path_, "/", epoch_name_, "/", file_name_);
  length_ = durable.position.offset;
  flushing_ = length_;
  ASSIGN_OR_RETURN(file_, OpenAtLength(file_path_, length_));
  RETURN_IF_ERROR(RemoveUncommittedFiles(durable));
  return durable;
}

absl::Status RawFileTarget::RemoveUncommittedFiles(const DurablePosition& durable) {
  const std::string directory = absl::StrCat(path_, "/", epoch_name_);
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(directory));
  const std::string stem = file_name_.substr(0, file_name_.rfind('.') + 1);
  for (const std::string& name : names) {
    if (name.rfind(stem, 0) != 0 || FileSequence(name) <= FileSequence(durable.position.file)) continue;
    const std::string torn = absl::StrCat(directory, "/", name);
    if (unlink(torn.c_str()) != 0) return SystemError(errno, absl::StrCat("cannot remove ", torn));
  }
  return SyncDirectory(directory);
}

absl::Status RawFileTarget::DoBegin(const DurablePosition& start, const EpochStart& epoch) {
  const std::string name = epoch.epoch.name();
  const std::string directory = absl::StrCat(path_, "/", name);
  RETURN_IF_ERROR(CheckFileName(start.position.file));
  if (file_.valid()) RETURN_IF_ERROR(SyncFile(file_, file_path_));
  RETURN_IF_ERROR(MakeDirectories(directory, 0750));
  // What a crash left of an earlier try to begin this epoch was never recorded, so none of it is data.
  RETURN_IF_ERROR(ReplaceFile(absl::StrCat(directory, "/epoch.json"), EpochJson(epoch, absl::Now()), 0640));
  const std::string first = absl::StrCat(directory, "/", start.position.file);
  if (unlink(first.c_str()) != 0 && errno != ENOENT) return SystemError(errno, absl::StrCat("cannot remove ", first));
  RETURN_IF_ERROR(CreateFile(name, start.position.file));
  PositionRecord record;
  record.durable = start;
  return folder_->Record(record);
}

absl::Status RawFileTarget::CreateFile(const std::string& epoch, const std::string& name) {
  const std::string directory = absl::StrCat(path_, "/", epoch);
  const std::string path = absl::StrCat(directory, "/", name);
  absl::StatusOr<FileDescriptor> file = OpenFile(path, O_RDWR | O_CREAT | O_EXCL, 0640);
  if (!file.ok()) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0) return file.status();
    return TargetDamaged(absl::StrCat(path, " is there already and is not ours; nothing is written over"));
  }
  absl::Status written = WriteAt(*file, kFileMagic, 0, path);
  if (written.ok()) written = SyncFile(*file, path);
  if (written.ok()) written = SyncDirectory(directory);
  if (!written.ok()) {
    // Ours and empty of data; gone again, so that the next try can make it.
    unlink(path.c_str());
    return written;
  }
  file_ = *std::move(file);
  file_path_ = path;
  epoch_name_ = epoch;
  file_name_ = name;
  length_ = kFirstEventOffset;
  flushing_ = 0;
  return absl::OkStatus();
}

absl::Status RawFileTarget::NextFile(const Block& block) {
  RETURN_IF_ERROR(CheckFileName(block.start.file));
  if (file_.valid()) RETURN_IF_ERROR(SyncFile(file_, file_path_));
  return CreateFile(block.epoch->epoch.name(), block.start.file);
}

absl::Status RawFileTarget::DoWrite(const Block& block, size_t from, const EncodedBlock*) {
  if (block.epoch->epoch.name() != epoch_name_ || block.start.file != file_name_) RETURN_IF_ERROR(NextFile(block));
  const uint64_t offset = block.start.offset + from;
  if (offset != length_) {
    return absl::InternalError(absl::StrCat(file_path_, " ends at ", length_, ", the next bytes belong at ", offset));
  }
  const absl::string_view bytes = absl::string_view(block.bytes).substr(from);
  RETURN_IF_ERROR(WriteAt(file_, bytes, offset, file_path_));
  length_ += bytes.size();
  if (length_ - flushing_ >= kFlushStep) {
    // Starts the disk early, so that the commit has little left to wait for. A failure shows at the commit.
    (void)sync_file_range(file_.get(), static_cast<off_t>(flushing_), static_cast<off_t>(length_ - flushing_),
                          SYNC_FILE_RANGE_WRITE);
    flushing_ = length_;
  }
  return absl::OkStatus();
}

absl::Status RawFileTarget::DoCommit(const DurablePosition& position) {
  RETURN_IF_ERROR(CheckStillThere(file_, file_path_));
  RETURN_IF_ERROR(SyncFile(file_, file_path_));
  PositionRecord record;
  record.durable = position;
  record.output_file = absl::StrCat(epoch_name_, "/", file_name_);
  record.output_length = length_;
  return folder_->Record(record);
}

void RawFileTarget::DoClose() {
  file_.Close();
  folder_.reset();
  file_name_.clear();
  epoch_name_.clear();
  length_ = 0;
}

}  // namespace binlogd
