#include "target/decoded_file_target.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr absl::string_view kPrefix = "events-";
// So many bytes of an unfinished transaction wait rather than have a frame end before them.
constexpr size_t kMostWaiting = 1 << 20;

}  // namespace

DecodedFileTarget::DecodedFileTarget(std::string name, Options options)
    : Target(std::move(name)),
      options_(std::move(options)),
      suffix_(absl::StrCat(".", EventFormatSuffix(options_.format))),
      framing_(EventFormatFraming(options_.format)) {}

std::string DecodedFileTarget::FileStem(uint64_t sequence) const {
  return absl::StrFormat("%s%08d%s", kPrefix, sequence, suffix_);
}

uint64_t DecodedFileTarget::SequenceOf(absl::string_view file_name) const {
  uint64_t sequence = 0;
  TakeFileForm(&file_name);
  if (!absl::ConsumePrefix(&file_name, kPrefix) || !absl::ConsumeSuffix(&file_name, suffix_) ||
      !absl::SimpleAtoi(file_name, &sequence)) {
    return 0;
  }
  return sequence;
}

std::string DecodedFileTarget::PathOf(const std::string& file_name) const {
  return absl::StrCat(options_.path, "/", file_name);
}

absl::StatusOr<std::optional<DurablePosition>> DecodedFileTarget::DoOpen() {
  ASSIGN_OR_RETURN(keys_, KeyRing::Load(options_.key_files));
  form_ = FileForm{options_.compression, !keys_.empty()};
  const std::string format(EventFormatName(options_.format));
  ASSIGN_OR_RETURN(folder_, FileFolder::Open(options_.path, format, options_.owner));
  FileLedger::Options ledger{options_.path,
                             format,
                             options_.owner,
                             folder_->id(),
                             [this](absl::string_view name) { return SequenceOf(name) != 0; },
                             [this](absl::string_view name) { return SequenceOf(name); }};
  commit_.Reset(folder_->record() ? folder_->record()->durable.source_time : 0);
  if (folder_->record()) {
    const PositionRecord& record = *folder_->record();
    boundary_ = Output{record.output_file, record.output_length,
                       record.output_content != 0 ? record.output_content : record.output_length, record.output_began};
  }
  RETURN_IF_ERROR(folder_->begun().CheckNoForeign(
      "", boundary_.name, [this](absl::string_view name) { return SequenceOf(name) > SequenceOf(boundary_.name); }));
  RETURN_IF_ERROR(ReturnToBoundary());
  if (!folder_->record()) {
    ledger_.emplace(std::move(ledger));
    return std::nullopt;
  }
  ASSIGN_OR_RETURN(ledger_, FileLedger::Load(std::move(ledger)));
  ledger_->Resume(boundary_.name, file_ == nullptr ? "" : file_->key_name());
  const DurablePosition& durable = folder_->record()->durable;
  if (file_ != nullptr) ledger_->NoteTimes({0, durable.source_time});
  RETURN_IF_ERROR(ledger_->Save());
  return durable;
}

absl::Status DecodedFileTarget::ReturnToBoundary() {
  file_.reset();
  waiting_ = Waiting();
  at_boundary_ = false;
  file_name_ = boundary_.name;
  began_ = boundary_.began;
  if (!file_name_.empty()) {
    absl::string_view name = file_name_;
    const FileForm form = TakeFileForm(&name);
    // A file of another form is only ended.
    ASSIGN_OR_RETURN(file_, OutputFile::Reopen(PathOf(file_name_), form, form == form_ ? &keys_ : nullptr,
                                               boundary_.stored_bytes, boundary_.content_bytes));
  }
  return folder_->begun().RemoveAfter(file_name_);
}

absl::Status DecodedFileTarget::DoBegin(const DurablePosition& start, const EpochStart&) {
  // A transaction that was cut off by the end of an epoch comes again as a whole.
  if (at_boundary_) RETURN_IF_ERROR(SetBoundary());
  RETURN_IF_ERROR(ReturnToBoundary());
  if (file_ != nullptr) RETURN_IF_ERROR(file_->Sync(&counters()->store_seconds));
  ledger_->Resume(boundary_.name, file_ == nullptr ? "" : file_->key_name());
  RETURN_IF_ERROR(ledger_->Save());
  return Record(start);
}

absl::Status DecodedFileTarget::OpenNext() {
  std::string digest;
  if (file_ != nullptr) {
    RETURN_IF_ERROR(file_->EndFrame());
    RETURN_IF_ERROR(file_->Sync(&counters()->store_seconds));
    ASSIGN_OR_RETURN(digest, file_->Digest());
  }
  const std::string stem = FileStem(SequenceOf(file_name_) + 1);
  ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> next, folder_->begun().Create(stem, form_, &keys_));
  ManifestFile entry;
  entry.name = absl::StrCat(stem, form_.suffix());
  entry.compression = form_.compression;
  if (file_ != nullptr) ledger_->Close(file_->stored_bytes(), file_->content_bytes(), std::move(digest));
  file_ = std::move(next);
  file_name_ = entry.name;
  began_ = absl::ToUnixSeconds(options_.clock());
  if (form_.encrypted) entry.key_ids.push_back(file_->key_name());
  entry.from = ManifestPlace{written().epoch.name(), written().position};
  ledger_->Begin(std::move(entry));
  return absl::OkStatus();
}

bool DecodedFileTarget::MustRotate() const {
  if (file_ == nullptr || file_->form() != form_) return true;
  const absl::Duration age = options_.clock() - absl::FromUnixSeconds(began_);
  return file_->content_bytes() > 0 && began_ != 0 && age >= options_.rotate_age;
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

absl::Status DecodedFileTarget::PlaceUntil(size_t end) {
  if (waiting_.placed < end && MustRotate()) RETURN_IF_ERROR(OpenNext());
  while (waiting_.placed < end) {
    const absl::string_view records =
        absl::string_view(waiting_.records).substr(waiting_.placed, end - waiting_.placed);
    const uint64_t had = file_->content_bytes();
    size_t take = FittingSize(records, had < options_.rotate_bytes ? options_.rotate_bytes - had : 0);
    // A record that fits into no file has one for itself.
    if (take == 0 && had == 0) take = FramedRecordSize(framing_, records);
    if (take == 0) {
      RETURN_IF_ERROR(OpenNext());
      continue;
    }
    RETURN_IF_ERROR(file_->Append(records.substr(0, take)));
    waiting_.placed += take;
    ledger_->NoteTimes(waiting_.times);
  }
  return absl::OkStatus();
}

absl::Status DecodedFileTarget::Place() {
  if (waiting_.boundary) {
    RETURN_IF_ERROR(PlaceUntil(*waiting_.boundary));
    waiting_.boundary.reset();
    at_boundary_ = true;
    ledger_->EndAt(waiting_.place);
  }
  if (waiting_.records.size() - waiting_.placed > (form_.plain() ? 0 : kMostWaiting)) {
    if (at_boundary_) RETURN_IF_ERROR(SetBoundary());
    RETURN_IF_ERROR(PlaceUntil(waiting_.records.size()));
  }
  waiting_.records.erase(0, waiting_.placed);
  waiting_.placed = 0;
  if (waiting_.records.empty()) waiting_.times = EventTimes();
  // What was large may not come again.
  if (waiting_.records.empty() && waiting_.records.capacity() > kMostWaiting) std::string().swap(waiting_.records);
  return absl::OkStatus();
}

absl::Status DecodedFileTarget::SetBoundary() {
  if (file_ != nullptr) {
    RETURN_IF_ERROR(file_->EndFrame());
    boundary_ = Output{file_name_, file_->stored_bytes(), file_->content_bytes(), began_};
  }
  at_boundary_ = false;
  return absl::OkStatus();
}

absl::Status DecodedFileTarget::DoWrite(const Block& block, size_t, const EncodedBlock* encoded) {
  RETURN_IF_ERROR(Place());  // What an earlier call had no room for.
  const size_t before = waiting_.records.size();
  const Output boundary_before = boundary_;
  const bool at_boundary_before = at_boundary_;
  waiting_.times.Add(TimesOf(block));
  waiting_.records.append(encoded->bytes);
  if (encoded->boundary_offset != 0) {
    waiting_.boundary = before + encoded->boundary_bytes;
    waiting_.place = ManifestPlace{block.epoch->epoch.name(),
                                   Position{block.end.file, encoded->boundary_offset, block.end.gtid_set}};
  }
  const absl::Status status = Place();
  if (status.ok()) return status;
  if (waiting_.placed == 0 && waiting_.records.size() > before) {
    // The same block comes again.
    waiting_.records.resize(before);
    waiting_.boundary.reset();
    boundary_ = boundary_before;
    at_boundary_ = at_boundary_before;
    return status;
  }
  // Some of it is in a file. The rest comes there with the next call, which says what is wrong if it still is.
  return absl::IsResourceExhausted(status) ? absl::OkStatus() : status;
}

absl::Status DecodedFileTarget::Record(const DurablePosition& position) {
  PositionRecord record;
  record.durable = position;
  record.output_file = boundary_.name;
  record.output_length = boundary_.stored_bytes;
  if (boundary_.content_bytes != boundary_.stored_bytes) record.output_content = boundary_.content_bytes;
  record.output_began = boundary_.began;
  return folder_->Record(record);
}

absl::Status DecodedFileTarget::DoCommit(const DurablePosition& position) {
  RETURN_IF_ERROR(Place());
  if (at_boundary_) RETURN_IF_ERROR(SetBoundary());
  if (file_ != nullptr) RETURN_IF_ERROR(file_->Sync(&counters()->store_seconds));
  return commit_.Finish(
      *ledger_, position.source_time, [&] { return Record(position); }, [this] { ApplyRetention(); });
}

void DecodedFileTarget::ApplyRetention() {
  if (!options_.retention.deletes()) return;
  const uint64_t boundary = SequenceOf(boundary_.name);
  const auto is_needed = [this, boundary](const ManifestFile& file) { return SequenceOf(file.name) >= boundary; };
  const size_t count = CountExpired(options_.retention, ledger_->Retained(is_needed),
                                    file_ == nullptr ? 0 : file_->stored_bytes(), commit_.times());
  const absl::Status deleted = ledger_->Delete(count);
  if (!deleted.ok()) {
    Log(LogLevel::kWarning, options_.owner, absl::StrCat("retention cannot be applied: ", deleted.message()));
  }
}

void DecodedFileTarget::DoClose() {
  file_.reset();
  ledger_.reset();
  folder_.reset();
  waiting_ = Waiting();
  boundary_ = Output();
  at_boundary_ = false;
  file_name_.clear();
  began_ = 0;
}

}  // namespace binlogd
