#include "target/s3_target.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "binlog/event_header.h"
#include "target/epoch_record.h"
#include "target/log_file_name.h"
#include "target/s3_intact_read.h"

namespace binlogd {
namespace {

constexpr uint64_t kLeastObjectBytes = 1;
constexpr uint64_t kMostObjectBytes = 64 << 20;
constexpr uint64_t kMostDraftInMemory = 1 << 20;
constexpr uint64_t kMostContent = 4;  // Of a compressed object, in objects' sizes: for data that all but vanishes.
// Until when requests of an earlier owner are looked for. S3 itself refuses them 15 minutes after they were signed.
constexpr absl::Duration kMostLate = absl::Hours(24);
constexpr double kLookRarer = 1.1;       // About as often, in all, while the time since the take grows tenfold.
constexpr int kMostTries = 4;            // To put an object where others do.
constexpr uint64_t kTimestampBytes = 4;  // An event begins with its timestamp.

S3Target::Options Bounded(S3Target::Options options) {
  options.object_bytes = std::clamp(options.object_bytes, kLeastObjectBytes, kMostObjectBytes);
  return options;
}

uint32_t TimestampOf(absl::string_view event) {
  uint32_t timestamp = 0;
  for (size_t i = kTimestampBytes; i-- > 0;) timestamp = timestamp << 8 | static_cast<uint8_t>(event[i]);
  return timestamp;
}

std::string PlaceOf(const std::string& epoch, const std::string& file) { return absl::StrCat(epoch, "/", file); }

absl::Status NotEmpty(const std::string& prefix, const std::string& key) {
  return Permanent(
      MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_NOT_EMPTY",
                absl::StrCat("nothing was delivered below the prefix \"", prefix, "\", but there is ", key,
                             "; nothing is written over: name a prefix of its own for each target, or restore ", prefix,
                             ".binlogd/owner.json")));
}

}  // namespace

S3Target::S3Target(std::string name, std::unique_ptr<ObjectStore> store, Options options)
    : Target(std::move(name)),
      options_(Bounded(std::move(options))),
      layout_(options_.prefix, options_.format),
      store_(std::move(store)),
      ownership_(store_.get(), layout_.OwnKey("owner.json"), options_.owner, layout_.format()),
      manifests_(store_.get(), &layout_, options_.owner),
      draft_(options_.compression, options_.spool_directory, std::min(2 * options_.object_bytes, kMostDraftInMemory)) {}

absl::Status S3Target::Check() {
  const absl::Status read = ownership_.Read(claim());
  if (!IsNoObject(read)) return read;
  RETURN_IF_ERROR(ownership_.CheckAbove(layout_.prefix()));
  ObjectStore::ListOptions any;
  any.prefix = layout_.prefix();
  any.most = 1;
  ASSIGN_OR_RETURN(const ObjectStore::Listing found, store_->List(any));
  return found.objects.empty() ? absl::OkStatus() : NotEmpty(layout_.prefix(), found.objects[0].key);
}

absl::StatusOr<std::optional<DurablePosition>> S3Target::DoOpen() {
  RETURN_IF_ERROR(Check());
  RETURN_IF_ERROR(ownership_.Take(claim()));
  taken_ = checked_ = looked_for_late_ = Clock::now();
  next_look_ = options_.ownership_check;
  RETURN_IF_ERROR(store_->AbortUploads(layout_.prefix()));
  if (!ownership_.record().base) {
    RETURN_IF_ERROR(CheckNew());
    return std::nullopt;
  }
  RETURN_IF_ERROR(Recover());
  return last_record_.durable;
}

absl::Status S3Target::CheckNew() {
  // Again, now that whoever comes later finds ours.
  RETURN_IF_ERROR(ownership_.CheckAbove(layout_.prefix()));
  ObjectStore::ListOptions options;
  options.prefix = layout_.prefix();
  options.most = 100;
  ASSIGN_OR_RETURN(const ObjectStore::Listing found, store_->List(options));
  for (const ObjectInfo& object : found.objects) {
    // What a Begin leaves that did not come to its end.
    if (absl::StartsWith(object.key, layout_.OwnKey("")) || absl::EndsWith(object.key, "/epoch.json")) continue;
    return NotEmpty(layout_.prefix(), object.key);
  }
  return absl::OkStatus();
}

absl::Status S3Target::CheckSurroundings(const std::string& epoch, const std::string& file) {
  ObjectStore::ListOptions options;
  options.prefix = layout_.prefix();
  options.delimiter = "/";
  ASSIGN_OR_RETURN(const ObjectStore::Listing top, store_->List(options));
  if (!top.objects.empty()) return ObjectsDamaged(absl::StrCat(top.objects[0].key, " is not ours"));
  for (const std::string& folder : top.prefixes) {
    const std::string name = folder.substr(layout_.prefix().size(), folder.size() - layout_.prefix().size() - 1);
    Epoch found;
    if (name == ".binlogd") continue;
    if (!ParseEpochName(name, &found)) return ObjectsDamaged(absl::StrCat(folder, " is not ours"));
    if (name <= epoch) continue;
    // A Begin that did not come to its end leaves an epoch's record only.
    ASSIGN_OR_RETURN(const ObjectStore::Listing later, store_->List({folder, "", "", 2}));
    for (const ObjectInfo& object : later.objects) {
      if (object.key != absl::StrCat(folder, "epoch.json")) {
        return ObjectsDamaged(absl::StrCat(object.key, " is of an epoch that never began"));
      }
    }
  }
  options.prefix = layout_.EpochKey(epoch, "");
  options.after = absl::StrCat(options.prefix, file, "0");  // '0' follows '/'.
  ASSIGN_OR_RETURN(const ObjectStore::Listing behind, store_->List(options));
  for (const std::string& folder : behind.prefixes) {
    // Behind it in the order of keys only: binlog.999999 is, of binlog.1000000.
    if (IsOlderFile(absl::StripSuffix(folder.substr(options.prefix.size()), "/"), file)) continue;
    return ObjectsDamaged(absl::StrCat(folder, " comes after the log file where delivery stands, ", file));
  }
  return absl::OkStatus();
}

absl::StatusOr<PositionRecord> S3Target::PositionOf(const S3Piece& last) {
  const S3Ownership::Record& owned = ownership_.record();
  ASSIGN_OR_RETURN(S3ObjectTags tags, HeadTags(*store_, last.key));
  if (!tags.position && last.key == owned.next_key) tags.position = owned.next;
  if (!tags.position) {
    return ObjectsDamaged(
        absl::StrCat(last.key, " does not tell its position, and neither does ", layout_.OwnKey("owner.json")));
  }
  if (tags.position->format != layout_.format() || tags.position->output_file != owned.base->output_file ||
      tags.position->output_length != last.end) {
    return ObjectsDamaged(absl::StrCat("the position in the metadata of ", last.key, " is not that of its key"));
  }
  return *std::move(tags.position);
}

absl::Status S3Target::Recover() {
  const S3Ownership::Record owned = ownership_.record();
  GoOnAt(*owned.base);
  RETURN_IF_ERROR(ReadIntact([this] { return CheckSurroundings(epoch_, file_); }));
  const std::string folder = layout_.Folder(epoch_, file_);
  bool ahead = false;
  ASSIGN_OR_RETURN(const std::vector<S3Piece> run,
                   AdoptRun(*store_, layout_, folder, {next_offset_, owned.base_generation}, options_.owner, &ahead));
  if (ahead) checked_ = looked_for_late_ = Clock::time_point();  // To look after the first object that is put.
  if (!run.empty() && run.back().end < next_offset_) {
    return ObjectsDamaged(absl::StrCat("the objects below ", folder, " end with ", run.back().name, ", but ",
                                       next_offset_, " was durable"));
  }
  if (!run.empty() && run.back().end > next_offset_) {
    ASSIGN_OR_RETURN(const PositionRecord record, ReadIntact([&] { return PositionOf(run.back()); }));
    GoOnAt(record);
  }
  RETURN_IF_ERROR(DeleteLate(PlaceOf(epoch_, file_)));
  ownership_.ForgetTakes(absl::Now() - kMostLate);
  RETURN_IF_ERROR(ownership_.SetBase(last_record_, owned.file_gtid_set, owned.finished_files));
  taken_at_ = {next_offset_, ownership_.record().generation};
  taken_folder_ = folder;
  return manifests_.Open(epoch_, file_, owned.finished_files);
}

void S3Target::GoOnAt(const PositionRecord& record) {
  last_record_ = record;
  epoch_ = record.durable.epoch.name();
  file_ = record.output_file.substr(record.output_file.find('/') + 1);
  next_offset_ = record.output_length;
  log_offset_ = std::max<uint64_t>(next_offset_, kFirstEventOffset);
  draft_.Clear();
}

absl::Status S3Target::SetBase(const DurablePosition& position) {
  PositionRecord record;
  record.format = layout_.format();
  record.durable = position;
  record.output_file = PlaceOf(epoch_, file_);
  record.output_length = next_offset_;
  const S3Ownership::Record& owned = ownership_.record();
  RETURN_IF_ERROR(ownership_.SetBase(record, owned.file_gtid_set, owned.finished_files));
  last_record_ = record;
  checked_ = Clock::now();
  return absl::OkStatus();
}

absl::Status S3Target::PutEpochRecord(const EpochStart& epoch) {
  const std::string key = layout_.EpochKey(epoch.epoch.name(), "epoch.json");
  const std::string text = EpochJson(epoch, absl::Now());
  MemoryBody body(text);
  PutOptions options;
  options.content_type = "application/json";
  options.only_if_new = true;
  absl::StatusOr<std::string> put = store_->Put(key, body, options);
  if (!absl::IsAlreadyExists(put.status())) return put.status();
  // Of a Begin that did not come to its end: without objects.
  ASSIGN_OR_RETURN(const ObjectStore::Listing found,
                   store_->List({layout_.EpochKey(epoch.epoch.name(), ""), "", "", 2}));
  for (const ObjectInfo& object : found.objects) {
    if (object.key != key) return ObjectsDamaged(absl::StrCat(object.key, " is of an epoch that only now begins"));
  }
  ASSIGN_OR_RETURN(const Object had, store_->Head(key));
  options.only_if_new = false;
  options.only_if_etag = had.etag;
  return store_->Put(key, body, options).status();
}

absl::Status S3Target::LossOr(const absl::Status& error) {
  if (!IsNoObject(error) && ErrorReason(error) != "TARGET_DAMAGED") return error;
  const absl::Status owned = ownership_.Check();
  return ErrorReason(owned) == "TARGET_IN_USE" ? owned : error;
}

absl::Status S3Target::DoBegin(const DurablePosition& start, const EpochStart& epoch) {
  return LossOr(BeginAt(start, epoch));
}

absl::Status S3Target::DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) {
  return LossOr(Append(block, from, encoded));
}

absl::Status S3Target::DoCommit(const DurablePosition& position) { return LossOr(MakeDurable(position)); }

absl::Status S3Target::BeginAt(const DurablePosition& start, const EpochStart& epoch) {
  RETURN_IF_ERROR(CheckLogFileName(start.position.file));
  if (!epoch_.empty()) {
    RETURN_IF_ERROR(Seal(written()));
    RETURN_IF_ERROR(FinishFile());
  }
  RETURN_IF_ERROR(PutEpochRecord(epoch));
  PositionRecord record;
  record.format = layout_.format();
  record.durable = start;
  record.output_file = PlaceOf(epoch.epoch.name(), start.position.file);
  record.output_length = start.position.offset > kFirstEventOffset ? start.position.offset : 0;
  RETURN_IF_ERROR(ownership_.SetBase(record, start.position.gtid_set, 0));
  GoOnAt(record);
  taken_folder_.clear();
  return manifests_.Open(epoch_, file_, 0);
}

absl::Status S3Target::NextFile(const std::string& file) {
  RETURN_IF_ERROR(CheckLogFileName(file));
  const DurablePosition position = written();
  RETURN_IF_ERROR(Seal(position));
  RETURN_IF_ERROR(FinishFile());
  PositionRecord record;
  record.format = layout_.format();
  record.durable = position;
  record.output_file = PlaceOf(epoch_, file);
  RETURN_IF_ERROR(ownership_.SetBase(record, position.position.gtid_set, ownership_.record().finished_files + 1));
  last_record_ = record;
  checked_ = Clock::now();
  file_ = file;
  next_offset_ = 0;
  log_offset_ = kFirstEventOffset;
  return absl::OkStatus();
}

absl::Status S3Target::FinishFile() {
  S3RunBase base{0, ownership_.record().generation};
  if (layout_.Folder(epoch_, file_) == taken_folder_) base.offset = taken_at_.offset;
  S3Manifests::FinishedFile finished;
  finished.epoch = epoch_;
  finished.file = file_;
  finished.from_gtid_set = ownership_.record().file_gtid_set;
  finished.to = last_record_.durable;
  finished.number = ownership_.record().finished_files;
  return manifests_.Finish(finished, base);
}

absl::Status S3Target::Append(const Block& block, size_t from, const EncodedBlock* encoded) {
  if (block.epoch->epoch.name() != epoch_) {
    return absl::InternalError(absl::StrCat("a block of epoch ", block.epoch->epoch.name(), " in epoch ", epoch_));
  }
  // The rest of a transaction that the end of its file cut off is delivered again after its file was left.
  const bool behind = FileSequence(block.start.file) < FileSequence(file_);
  if (block.start.file != file_ && !behind) RETURN_IF_ERROR(NextFile(block.start.file));
  const absl::string_view bytes =
      encoded == nullptr ? absl::string_view(block.bytes).substr(from) : absl::string_view(encoded->bytes);
  if (encoded == nullptr && block.start.offset + from != log_offset_) {
    return absl::InternalError(absl::StrCat(PlaceOf(epoch_, file_), " ends at ", log_offset_,
                                            ", the next bytes belong at ", block.start.offset + from));
  }
  if (HasNoRoomFor(bytes.size())) RETURN_IF_ERROR(Seal(written()));
  if (first_event_time_ == 0 && block.bytes.size() >= from + kTimestampBytes) {
    first_event_time_ = TimestampOf(absl::string_view(block.bytes).substr(from));
  }
  if (encoded != nullptr) {
    return draft_.Append(bytes, encoded->boundary_offset == 0 ? ObjectDraft::kNoMark : encoded->boundary_bytes);
  }
  if (next_offset_ == 0 && draft_.marked_content_bytes() == 0) {
    RETURN_IF_ERROR(draft_.Append(kFileMagic, kFileMagic.size()));
  }
  RETURN_IF_ERROR(draft_.Append(bytes, bytes.size()));
  log_offset_ += bytes.size();
  return absl::OkStatus();
}

bool S3Target::HasNoRoomFor(uint64_t bytes) const {
  if (draft_.marked_content_bytes() == 0) return false;
  if (options_.compression == Compression::kNone) return draft_.size() + bytes > options_.object_bytes;
  // How large the bytes become shows afterwards only.
  return draft_.size() >= options_.object_bytes ||
         draft_.marked_content_bytes() >= kMostContent * options_.object_bytes;
}

absl::Status S3Target::MakeDurable(const DurablePosition& position) {
  RETURN_IF_ERROR(Seal(position));
  if (ToString(last_record_.durable.position) == ToString(position.position)) return absl::OkStatus();
  return SetBase(position);  // Nothing of the log before the position is delivered.
}

absl::Status S3Target::Seal(const DurablePosition& position) {
  ASSIGN_OR_RETURN(const uint64_t size, draft_.Seal());
  if (size == 0) return absl::OkStatus();
  const uint64_t end = position.position.offset;
  if (position.position.file != file_ || end <= next_offset_) {
    return absl::InternalError(absl::StrCat(PlaceOf(epoch_, file_), " has objects up to ", next_offset_,
                                            ", and the next ends at ", ToString(position.position)));
  }
  const std::string key = layout_.ObjectKey(epoch_, file_, next_offset_, end, options_.compression);
  S3ObjectTags tags;
  tags.generation = ownership_.record().generation;
  ASSIGN_OR_RETURN(tags.sha256, draft_.Digest());
  tags.content_bytes = draft_.marked_content_bytes();
  tags.first_event_time = first_event_time_;
  tags.last_event_time = position.source_time;
  RETURN_IF_ERROR(PutObject(key, tags, position));
  RETURN_IF_ERROR(draft_.DropSealed());
  first_event_time_ = 0;
  next_offset_ = end;
  return CheckOwnership();
}

absl::Status S3Target::PutObject(const std::string& key, const S3ObjectTags& tags, const DurablePosition& position) {
  PositionRecord record;
  record.format = layout_.format();
  record.durable = position;
  record.output_file = PlaceOf(epoch_, file_);
  record.output_length = position.position.offset;
  S3ObjectTags all = tags;
  all.position = record;
  bool position_fits = true;
  PutOptions options;
  options.only_if_new = true;
  options.metadata = ToMetadata(all, &position_fits);
  if (!position_fits) {
    RETURN_IF_ERROR(ownership_.Announce(last_record_, record, key));
    checked_ = Clock::now();
  }
  RETURN_IF_ERROR(PutOrReplace(key, tags, options));
  manifests_.Note(key, all);
  last_record_ = record;
  return absl::OkStatus();
}

absl::Status S3Target::PutOrReplace(const std::string& key, const S3ObjectTags& tags, PutOptions options) {
  for (int tries = 1;; ++tries) {
    const std::unique_ptr<ObjectBody> body = draft_.Body();
    absl::Status put;
    {
      const HistogramTimer timer(&counters()->store_seconds);
      put = store_->Put(key, *body, options).status();
    }
    const bool refused = absl::IsAlreadyExists(put) || absl::IsAborted(put);
    if (!refused || tries == kMostTries) return put;
    const absl::StatusOr<std::string> replaced = SettleExisting(key, tags);
    if (!replaced.ok() && !IsNoObject(replaced.status())) return replaced.status();
    if (replaced.ok() && replaced->empty()) return absl::OkStatus();
    options.only_if_new = !replaced.ok();
    options.only_if_etag = replaced.value_or("");
  }
}

absl::StatusOr<std::string> S3Target::SettleExisting(const std::string& key, const S3ObjectTags& tags) {
  ASSIGN_OR_RETURN(S3ObjectTags had, HeadTags(*store_, key));
  // An earlier try of the request, whose answer did not come, put it.
  if (had.generation == tags.generation && had.sha256 == tags.sha256) return "";
  RETURN_IF_ERROR(ownership_.Check());
  if (had.generation >= tags.generation) return ObjectsDamaged(absl::StrCat(key, " is there already"));
  Log(LogLevel::kWarning, options_.owner,
      absl::StrCat("replacing ", key, ": put by an earlier owner of the prefix that had lost it"));
  return std::move(had.etag);
}

absl::Status S3Target::CheckOwnership() {
  const Clock::time_point now = Clock::now();
  if (now - checked_ < absl::ToChronoNanoseconds(options_.ownership_check)) return absl::OkStatus();
  RETURN_IF_ERROR(ownership_.Check());
  checked_ = now;
  if (absl::FromChrono(now - looked_for_late_) < next_look_ || absl::FromChrono(now - taken_) > kMostLate) {
    return absl::OkStatus();
  }
  looked_for_late_ = now;
  next_look_ *= kLookRarer;
  return DeleteLate("");
}

absl::Status S3Target::DeleteLate(const std::string& settled) {
  for (const S3Take& take : ownership_.record().takes) {
    if (take.place == settled) continue;
    const std::string folder = absl::StrCat(layout_.prefix(), take.place, "/");
    RETURN_IF_ERROR(DeleteLateArrivals(*store_, layout_, folder, take.offset, options_.owner));
  }
  return absl::OkStatus();
}

void S3Target::DoClose() {
  draft_.Clear();
  epoch_.clear();
  file_.clear();
  first_event_time_ = 0;
}

}  // namespace binlogd
