#include "target/decoded_file_target.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr absl::string_view kPrefix = "events-";

}  // namespace

DecodedFileTarget::DecodedFileTarget(std::string name, Options options)
    : Target(std::move(name)),
      options_(std::move(options)),
      suffix_(absl::StrCat(".", EventFormatSuffix(options_.format))),
      framing_(EventFormatFraming(options_.format)) {}

std::string DecodedFileTarget::FileName(uint64_t sequence) const {
  return absl::StrFormat("%s%08d%s", kPrefix, sequence, suffix_);
}

uint64_t DecodedFileTarget::SequenceOf(const std::string& file_name) const {
  absl::string_view name = file_name;
  uint64_t sequence = 0;
  if (!absl::ConsumePrefix(&name, kPrefix) || !absl::ConsumeSuffix(&name, suffix_) ||
      !absl::SimpleAtoi(name, &sequence)) {
    return 0;
  }
  return sequence;
}

std::string DecodedFileTarget::PathOf(uint64_t sequence) const {
  return absl::StrCat(options_.path, "/", FileName(sequence));
}

absl::StatusOr<std::optional<DurablePosition>> DecodedFileTarget::DoOpen() {
  ASSIGN_OR_RETURN(folder_,
                   FileFolder::Open(options_.path, std::string(EventFormatName(options_.format)), options_.owner));
  if (!folder_->record()) return std::nullopt;
  const PositionRecord& record = *folder_->record();
  end_ = Output{SequenceOf(record.output_file), record.output_length};
  boundary_ = end_;
  if (end_.sequence > 0) {
    ASSIGN_OR_RETURN(file_, OpenAtLength(PathOf(end_.sequence), end_.length));
  }
  RETURN_IF_ERROR(RemoveAfter(end_.sequence));
  return record.durable;
}

absl::Status DecodedFileTarget::RemoveAfter(uint64_t sequence) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(options_.path));
  for (const std::string& name : names) {
    if (SequenceOf(name) <= sequence) continue;
    const std::string torn = absl::StrCat(options_.path, "/", name);
    if (unlink(torn.c_str()) != 0) return SystemError(errno, absl::StrCat("cannot remove ", torn));
  }
  return SyncDirectory(options_.path);
}

absl::Status DecodedFileTarget::DoBegin(const DurablePosition& start, const EpochStart&) {
  // A transaction that was cut off by the end of an epoch comes again as a whole.
  if (boundary_.sequence > 0) {
    ASSIGN_OR_RETURN(file_, OpenAtLength(PathOf(boundary_.sequence), boundary_.length));
    RETURN_IF_ERROR(SyncFile(file_, PathOf(boundary_.sequence)));
  }
  RETURN_IF_ERROR(RemoveAfter(boundary_.sequence));
  end_ = boundary_;
  PositionRecord record;
  record.durable = start;
  record.output_file = boundary_.sequence == 0 ? "" : FileName(boundary_.sequence);
  record.output_length = boundary_.length;
  return folder_->Record(record);
}

absl::Status DecodedFileTarget::OpenNext() {
  if (file_.valid()) RETURN_IF_ERROR(SyncFile(file_, PathOf(end_.sequence)));
  const std::string path = PathOf(end_.sequence + 1);
  ASSIGN_OR_RETURN(FileDescriptor file, OpenFile(path, O_RDWR | O_CREAT | O_TRUNC, 0640));
  RETURN_IF_ERROR(SyncDirectory(options_.path));
  file_ = std::move(file);
  end_ = Output{end_.sequence + 1, 0};
  return absl::OkStatus();
}

size_t DecodedFileTarget::FittingSize(absl::string_view records, uint64_t room) const {
  if (records.size() <= room) return records.size();
  if (framing_ == RecordFraming::kLines) return room == 0 ? 0 : records.rfind('\n', room - 1) + 1;
  size_t fitting = 0;
  for (;;) {
    const size_t size = FramedRecordSize(framing_, records.substr(fitting));
    if (size == 0 || fitting + size > room) return fitting;
    fitting += size;
  }
}

absl::Status DecodedFileTarget::WriteRecords(absl::string_view records) {
  while (!records.empty()) {
    const uint64_t room = end_.length < options_.rotate_bytes ? options_.rotate_bytes - end_.length : 0;
    size_t take = FittingSize(records, room);
    // A record that fits into no file has one for itself.
    if (take == 0 && end_.length == 0) take = FramedRecordSize(framing_, records);
    if (end_.sequence == 0 || take == 0) {
      RETURN_IF_ERROR(OpenNext());
      continue;
    }
    RETURN_IF_ERROR(WriteAt(file_, records.substr(0, take), end_.length, PathOf(end_.sequence)));
    end_.length += take;
    records.remove_prefix(take);
  }
  return absl::OkStatus();
}

absl::Status DecodedFileTarget::DoWrite(const Block&, size_t, const EncodedBlock* encoded) {
  const absl::string_view bytes = encoded->bytes;
  const Output before = end_;
  const Output boundary_before = boundary_;
  absl::Status status = WriteRecords(bytes.substr(0, encoded->boundary_bytes));
  if (status.ok() && encoded->boundary_offset != 0) boundary_ = end_;
  if (status.ok()) status = WriteRecords(bytes.substr(encoded->boundary_bytes));
  if (status.ok()) return status;
  // The same block comes again: its records must go where they began.
  boundary_ = boundary_before;
  if (end_.sequence != before.sequence) {
    absl::StatusOr<FileDescriptor> file = FileDescriptor();
    if (before.sequence > 0) file = OpenFile(PathOf(before.sequence), O_RDWR);
    if (!file.ok()) return absl::AbortedError(absl::StrCat(status.message(), "; ", file.status().message()));
    file_ = *std::move(file);
  }
  end_ = before;
  return status;
}

absl::Status DecodedFileTarget::DoCommit(const DurablePosition& position) {
  if (file_.valid()) {
    RETURN_IF_ERROR(CheckStillThere(file_, PathOf(end_.sequence)));
    RETURN_IF_ERROR(SyncFile(file_, PathOf(end_.sequence)));
  }
  PositionRecord record;
  record.durable = position;
  record.output_file = boundary_.sequence == 0 ? "" : FileName(boundary_.sequence);
  record.output_length = boundary_.length;
  return folder_->Record(record);
}

void DecodedFileTarget::DoClose() {
  file_.Close();
  folder_.reset();
  end_ = boundary_ = Output();
}

}  // namespace binlogd
