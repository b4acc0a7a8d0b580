#include "target/raw_file_target.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "binlog/event_header.h"
#include "binlog/gtid_set.h"
#include "target/epoch_record.h"
#include "target/log_file_name.h"

namespace binlogd {
namespace {

constexpr char kFormat[] = "RAW";
constexpr char kEpochJson[] = "epoch.json";
constexpr char kManifestJson[] = "manifest.json";

absl::Status RemoveIfThere(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot remove ", path));
}

// The GTIDs before a file, as the event at its beginning states them.
std::optional<std::string> StatedGtids(const Block& block) {
  for (const BlockEvent& event : block.events) {
    if (event.type != EventType::kPreviousGtids && event.type != EventType::kMariaDbGtidList) continue;
    absl::string_view body = block.event(event).substr(kEventHeaderSize);
    body.remove_suffix(std::min(body.size(), block.format->checksum_size()));
    const absl::StatusOr<GtidSet> set =
        event.type == EventType::kPreviousGtids ? GtidSet::ParsePreviousGtids(body) : GtidSet::ParseGtidList(body);
    if (set.ok()) return set->ToString();
  }
  return std::nullopt;
}

}  // namespace

RawFileTarget::RawFileTarget(std::string name, FileTargetOptions options)
    : Target(std::move(name)), options_(std::move(options)) {}

std::string RawFileTarget::Directory(const std::string& epoch) const { return absl::StrCat(options_.path, "/", epoch); }

uint64_t RawFileTarget::SequenceOf(absl::string_view name) const {
  TakeFileForm(&name);
  const std::string stem = file_name_.substr(0, file_name_.rfind('.') + 1);
  return absl::StartsWith(name, stem) ? FileSequence(name) : 0;
}

FileLedger::Options RawFileTarget::LedgerOptions(const std::string& epoch) const {
  // Of any log: an epoch may be that of a server which calls its files otherwise.
  const auto is_name = [](absl::string_view name) {
    TakeFileForm(&name);
    return CheckLogFileName(std::string(name)).ok();
  };
  return {Directory(epoch), kFormat,
          options_.owner,   absl::StrCat(folder_->id(), "/", epoch),
          is_name,          [this](absl::string_view name) { return SequenceOf(name); }};
}

absl::StatusOr<std::optional<DurablePosition>> RawFileTarget::DoOpen() {
  ASSIGN_OR_RETURN(keys_, KeyRing::Load(options_.key_files));
  ASSIGN_OR_RETURN(folder_, FileFolder::Open(options_.path, kFormat, options_.owner));
  commit_.Reset(folder_->record() ? folder_->record()->durable.source_time : 0);
  if (!folder_->record()) {
    RETURN_IF_ERROR(folder_->begun().RemoveAfter(""));
    return std::nullopt;
  }
  const PositionRecord& record = *folder_->record();
  const DurablePosition& durable = record.durable;
  epoch_name_ = durable.epoch.name();
  file_name_ = durable.position.file;
  RETURN_IF_ERROR(CheckNoForeign(record));
  absl::string_view form_name = record.output_file;
  const FileForm form = TakeFileForm(&form_name);
  ASSIGN_OR_RETURN(file_, OutputFile::Reopen(absl::StrCat(options_.path, "/", record.output_file), form, &keys_,
                                             record.output_length, durable.position.offset));
  RETURN_IF_ERROR(folder_->begun().RemoveAfter(record.output_file));
  RETURN_IF_ERROR(LoadLedgers());
  ledgers_.back().Resume(absl::StrCat(file_name_, form.suffix()), file_->key_name());
  ledgers_.back().NoteTimes({0, durable.source_time});
  RETURN_IF_ERROR(ledgers_.back().Save());
  return durable;
}

absl::Status RawFileTarget::CheckNoForeign(const PositionRecord& record) {
  const uint64_t last = FileSequence(file_name_);
  return folder_->begun().CheckNoForeign(epoch_name_, record.output_file,
                                         [this, last](absl::string_view name) { return SequenceOf(name) > last; });
}

absl::Status RawFileTarget::LoadLedgers() {
  ledgers_.clear();
  if (options_.retention.deletes()) {
    std::vector<Epoch> epochs;
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(options_.path));
    for (const std::string& name : names) {
      Epoch epoch;
      const bool is_ours = access(absl::StrCat(Directory(name), "/", kEpochJson).c_str(), F_OK) == 0;
      if (is_ours && ParseEpochName(name, &epoch) && name != epoch_name_) epochs.push_back(epoch);
    }
    std::sort(epochs.begin(), epochs.end(), [](const Epoch& a, const Epoch& b) { return a.number < b.number; });
    for (const Epoch& epoch : epochs) {
      // A later one was begun, but never recorded.
      if (epoch.number >= folder_->record()->durable.epoch.number) break;
      ASSIGN_OR_RETURN(FileLedger ledger, FileLedger::Load(LedgerOptions(epoch.name())));
      ledgers_.push_back(std::move(ledger));
    }
  }
  ASSIGN_OR_RETURN(FileLedger ledger, FileLedger::Load(LedgerOptions(epoch_name_)));
  ledgers_.push_back(std::move(ledger));
  return absl::OkStatus();
}

absl::Status RawFileTarget::DoBegin(const DurablePosition& start, const EpochStart& epoch) {
  const std::string name = epoch.epoch.name();
  const std::string directory = Directory(name);
  RETURN_IF_ERROR(CheckLogFileName(start.position.file));
  if (file_ != nullptr) {
    RETURN_IF_ERROR(FinishFile());
    FileLedger& last = ledgers_.back();
    last.Close(file_->stored_bytes(), file_->content_bytes(), digest_);
    last.EndAt(ManifestPlace{epoch_name_, written().position});
    RETURN_IF_ERROR(last.Save());
    file_.reset();
  }
  if (!options_.retention.deletes()) ledgers_.clear();
  RETURN_IF_ERROR(MakeDirectories(directory, 0750));
  const auto is_log = [](absl::string_view found) {
    TakeFileForm(&found);
    return FileSequence(found) != 0;
  };
  RETURN_IF_ERROR(folder_->begun().CheckNoForeign(name, "", is_log));
  ledgers_.emplace_back(LedgerOptions(name));
  RETURN_IF_ERROR(CreateFile(name, start.position.file));
  RETURN_IF_ERROR(ReplaceFile(absl::StrCat(directory, "/", kEpochJson), EpochJson(epoch, absl::Now()), 0640));
  ledgers_.back().current().from->position.gtid_set = start.position.gtid_set;
  RETURN_IF_ERROR(file_->EndFrame());
  RETURN_IF_ERROR(file_->Sync(&counters()->store_seconds));
  RETURN_IF_ERROR(ledgers_.back().Save());
  return Record(start);
}

absl::Status RawFileTarget::CreateFile(const std::string& epoch, const std::string& name) {
  const FileForm form{options_.compression, !keys_.empty()};
  const std::string stem = absl::StrCat(epoch, "/", name);
  ASSIGN_OR_RETURN(std::unique_ptr<OutputFile> file, folder_->begun().Create(stem, form, &keys_));
  if (absl::Status written = file->Append(kFileMagic); !written.ok()) {
    // Ours and empty of data; gone again, so that the next try can make it.
    RETURN_IF_ERROR(folder_->begun().Withdraw(absl::StrCat(stem, form.suffix())));
    return written;
  }
  file_ = std::move(file);
  digest_.clear();
  epoch_name_ = epoch;
  file_name_ = name;
  ManifestFile entry;
  entry.name = absl::StrCat(name, form.suffix());
  entry.compression = form.compression;
  if (form.encrypted) entry.key_ids.push_back(file_->key_name());
  entry.from = ManifestPlace{epoch, Position{name, 0, written().position.gtid_set}};
  ledgers_.back().Begin(std::move(entry));
  return absl::OkStatus();
}

absl::Status RawFileTarget::FinishFile() {
  RETURN_IF_ERROR(file_->EndFrame());
  RETURN_IF_ERROR(file_->Sync(&counters()->store_seconds));
  if (digest_.empty()) {
    ASSIGN_OR_RETURN(digest_, file_->Digest());
  }
  return absl::OkStatus();
}

absl::Status RawFileTarget::NextFile(const Block& block) {
  RETURN_IF_ERROR(CheckLogFileName(block.start.file));
  if (block.epoch->epoch.name() != epoch_name_) {
    return absl::InternalError(absl::StrCat("epoch ", block.epoch->epoch.name(), " was not begun"));
  }
  RETURN_IF_ERROR(FinishFile());
  FileLedger& ledger = ledgers_.back();
  const ManifestFile before = ledger.current();
  ledger.Close(file_->stored_bytes(), file_->content_bytes(), digest_);
  ledger.EndAt(ManifestPlace{epoch_name_, written().position});
  const absl::Status created = CreateFile(epoch_name_, block.start.file);
  if (!created.ok()) ledger.current() = before;
  return created;
}

void RawFileTarget::NoteEvents(const Block& block) {
  ManifestFile& entry = ledgers_.back().current();
  if (entry.from && block.start.offset == kFirstEventOffset) {
    if (std::optional<std::string> stated = StatedGtids(block)) entry.from->position.gtid_set = *std::move(stated);
  }
  ledgers_.back().NoteTimes(TimesOf(block));
}

absl::Status RawFileTarget::DoWrite(const Block& block, size_t from, const EncodedBlock*) {
  if (block.start.file != file_name_ || block.epoch->epoch.name() != epoch_name_) RETURN_IF_ERROR(NextFile(block));
  const uint64_t offset = block.start.offset + from;
  if (offset != file_->content_bytes()) {
    return absl::InternalError(
        absl::StrCat(file_->path(), " ends at ", file_->content_bytes(), ", the next bytes belong at ", offset));
  }
  RETURN_IF_ERROR(file_->Append(absl::string_view(block.bytes).substr(from)));
  NoteEvents(block);
  return absl::OkStatus();
}

absl::Status RawFileTarget::Record(const DurablePosition& position) {
  PositionRecord record;
  record.durable = position;
  record.output_file = absl::StrCat(epoch_name_, "/", file_name_, file_->form().suffix());
  record.output_length = file_->stored_bytes();
  return folder_->Record(record);
}

absl::Status RawFileTarget::DoCommit(const DurablePosition& position) {
  RETURN_IF_ERROR(file_->EndFrame());
  RETURN_IF_ERROR(file_->Sync(&counters()->store_seconds));
  return commit_.Finish(
      ledgers_.back(), position.source_time, [&] { return Record(position); }, [this] { ApplyRetention(); });
}

void RawFileTarget::ApplyRetention() {
  if (!options_.retention.deletes()) return;
  const absl::Status applied = DeleteExpired();
  if (!applied.ok()) {
    Log(LogLevel::kWarning, options_.owner, absl::StrCat("retention cannot be applied: ", applied.message()));
  }
}

absl::Status RawFileTarget::DeleteExpired() {
  std::vector<RetainedFile> retained;
  std::vector<size_t> closed;
  for (const FileLedger& ledger : ledgers_) {
    Epoch epoch;
    ParseEpochName(ledger.directory().substr(options_.path.size() + 1), &epoch);
    const auto is_needed = [this, &epoch](const ManifestFile& file) {
      if (delivery_floor() == nullptr) return false;
      absl::string_view name = file.name;
      TakeFileForm(&name);
      const uint64_t end = file.content_bytes != 0 ? file.content_bytes : std::numeric_limits<uint64_t>::max();
      return !delivery_floor()->OthersPassed(this->name(), epoch, Position{std::string(name), end, ""});
    };
    const std::vector<RetainedFile> files = ledger.Retained(is_needed);
    retained.insert(retained.end(), files.begin(), files.end());
    closed.push_back(files.size());
  }
  size_t count = CountExpired(options_.retention, retained, file_->stored_bytes(), commit_.times());
  for (size_t i = 0; i < ledgers_.size(); ++i) {
    const size_t here = std::min(count, closed[i]);
    RETURN_IF_ERROR(ledgers_[i].Delete(here));
    count -= here;
  }
  return RemoveEmptyEpochs();
}

absl::Status RawFileTarget::RemoveEmptyEpochs() {
  while (ledgers_.size() > 1 && ledgers_.front().files().empty()) {
    const FileLedger old = std::move(ledgers_.front());
    ledgers_.erase(ledgers_.begin());
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(old.directory()));
    const auto is_ours = [](const std::string& name) { return name == kEpochJson || name == kManifestJson; };
    if (!std::all_of(names.begin(), names.end(), is_ours)) {
      Log(LogLevel::kWarning, options_.owner, absl::StrCat(old.directory(), " is kept: it holds things of others"));
      continue;
    }
    ledgers_.back().AddDeletions(old.deletions());
    RETURN_IF_ERROR(ledgers_.back().Save());
    // Last what says that the folder is ours.
    RETURN_IF_ERROR(RemoveIfThere(absl::StrCat(old.directory(), "/", kManifestJson)));
    RETURN_IF_ERROR(RemoveIfThere(absl::StrCat(old.directory(), "/", kEpochJson)));
    if (rmdir(old.directory().c_str()) != 0) return SystemError(errno, absl::StrCat("cannot remove ", old.directory()));
    RETURN_IF_ERROR(SyncDirectory(options_.path));
  }
  return absl::OkStatus();
}

void RawFileTarget::DoClose() {
  file_.reset();
  ledgers_.clear();
  folder_.reset();
  file_name_.clear();
  epoch_name_.clear();
  digest_.clear();
}

}  // namespace binlogd
