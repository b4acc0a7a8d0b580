#include "pipeline/block_builder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/byte_reader.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "binlog/checksum.h"
#include "binlog/table_map.h"

namespace binlogd {
namespace {

constexpr absl::string_view kDamagedEvent =
    "its checksum is wrong: it was damaged on the way or on the source; nothing of it was written. Start the streamer "
    "again to read it once more; if that fails too, check the file on the source";

absl::Status BadEvent(absl::string_view reason, const Position& at, const EventHeader& header, absl::string_view what) {
  return Permanent(MakeError(absl::StatusCode::kDataLoss, reason,
                             absl::StrCat("event ", EventTypeName(header.type), " at ", ToString(at), ": ", what)));
}

}  // namespace

ReadStart ReadStartOf(const DurablePosition& target) {
  ReadStart start{target.position,      target.at_boundary, target.log_created,
                  target.log_server_id, target.boundary,    target.last_event};
  if (!target.read_whole_file && target.position.offset != kFirstEventOffset) return start;
  // The file's own GTID list says what is complete where it begins.
  start.position = Position{target.position.file, kFirstEventOffset, ""};
  start.at_boundary = true;
  start.boundary = Position();
  start.last_event = EventMark();
  return start;
}

BlockBuilder::BlockBuilder(Flavor flavor, const BatchLimits& limits, BlockSink* sink, TableNamer* namer)
    : flavor_(flavor),
      limits_{limits.max_events, std::min(limits.max_bytes, kMostBlockBytes), limits.max_wait},
      sink_(sink),
      namer_(namer),
      tracker_(flavor) {}

void BlockBuilder::Begin(std::shared_ptr<const EpochStart> epoch, const ReadStart& start,
                         const Position& deliver_from) {
  if (namer_ != nullptr) namer_->Begin(epoch->epoch, start.position, deliver_from);
  open_.reset();
  epoch_ = std::move(epoch);
  next_ = start.position;
  left_ = Position();
  boundary_ = start.at_boundary ? start.position : start.boundary;
  log_created_ = start.log_created;
  log_server_id_ = start.log_server_id;
  last_event_ = start.last_event;
  last_comes_ = false;
  tracker_.set_format(nullptr);
  const absl::StatusOr<GtidSet> set = GtidSet::Parse(flavor_, start.position.gtid_set);
  tracker_.Reset(set.ok() ? *set : GtidSet(flavor_), start.at_boundary);
}

uint64_t BlockBuilder::BeginDump() {
  last_comes_ = last_event_.known() && next_.offset >= kFirstEventOffset + last_event_.size;
  return last_comes_ ? next_.offset - last_event_.size : next_.offset;
}

const Position& BlockBuilder::next() {
  next_.gtid_set = tracker_.gtid_set_text();
  return next_;
}

Position BlockBuilder::end() {
  const bool begins_file = next_.offset == kFirstEventOffset && !left_.empty();
  Position end = begins_file ? left_ : next_;
  end.gtid_set = tracker_.gtid_set_text();
  return end;
}

absl::Status BlockBuilder::Add(absl::string_view event) {
  const absl::StatusOr<EventHeader> header = ParseEventHeader(event);
  if (!header.ok() || header->size != event.size()) {
    return BadEvent("EVENT_MALFORMED", next_, header.ok() ? *header : EventHeader(),
                    absl::StrCat("its header does not fit its ", event.size(), " bytes"));
  }
  last_taken_ = Taken::kArtificial;
  if (header->type == EventType::kHeartbeat || header->type == EventType::kHeartbeatV2) {
    last_taken_ = Taken::kHeartbeat;
    return absl::OkStatus();
  }
  if (header->type == EventType::kRotate && (header->flags & kArtificialFlag) != 0) {
    return AddArtificialRotate(*header, event);
  }
  if (header->type == EventType::kFormatDescription && next_.offset != kFirstEventOffset) {
    return AddArtificialFormat(event);
  }
  // A dump from inside an encrypted file repeats the event with the key's number, without a place.
  const bool is_repeated = header->type == EventType::kMariaDbStartEncryption && header->end_position == 0;
  if ((header->flags & kArtificialFlag) != 0 || is_repeated) return absl::OkStatus();
  return last_comes_ ? CompareWithLast(*header, event) : AddFileEvent(*header, event);
}

// The source says which file follows: 8 bytes of offset, then the name. It carries a checksum when those of its file
// do; the file is not known yet, so the bytes tell.
absl::Status BlockBuilder::AddArtificialRotate(const EventHeader& header, absl::string_view event) {
  absl::string_view body = event;
  if (ChecksumMatches(event)) body.remove_suffix(kChecksumSize);
  ByteReader reader(body.substr(kEventHeaderSize));
  uint64_t offset = 0;
  if (!reader.ReadU64(&offset) || reader.empty()) return BadEvent("EVENT_MALFORMED", next_, header, "it names no file");
  const std::string file(reader.rest());
  if (file == next_.file) return absl::OkStatus();
  if (FileSequence(file) == 0 || offset != kFirstEventOffset) {
    return BadEvent("EVENT_MALFORMED", next_, header, absl::StrCat("it names \"", file, "\" at ", offset));
  }
  if (last_comes_) return WasReset();  // The file ends before the event that it had.
  RETURN_IF_ERROR(Seal());
  if (FileSequence(file) != FileSequence(next_.file) + 1) {
    Log(LogLevel::kWarning, subject_,
        absl::StrCat(file, " follows ", next_.file, ": numbers in between are missing on the source"));
  }
  left_ = next_;
  next_.file = file;
  next_.offset = kFirstEventOffset;
  log_created_ = log_server_id_ = 0;
  last_event_ = EventMark();
  return absl::OkStatus();
}

// Sent again when reading begins inside a file. It tells whether the file is still the one that was read before.
absl::Status BlockBuilder::AddArtificialFormat(absl::string_view event) {
  absl::StatusOr<FormatDescription> format = ParseFormatDescription(event);
  if (!format.ok()) return Permanent(format.status());
  if (format->checksum == ChecksumAlgorithm::kCrc32 && !ChecksumMatches(event)) {
    return BadEvent("CHECKSUM_MISMATCH", next_, *ParseEventHeader(event), "its checksum is wrong");
  }
  RETURN_IF_ERROR(CheckFile(*format));
  log_created_ = format->created;
  log_server_id_ = format->server_id;
  if (namer_ != nullptr) namer_->TakeFormat(next_.file, *format);
  tracker_.set_format(std::make_shared<const FormatDescription>(*std::move(format)));
  return absl::OkStatus();
}

absl::Status BlockBuilder::CheckFile(const FormatDescription& format) const {
  const bool known = log_created_ != 0 || log_server_id_ != 0;
  if (!known || (format.created == log_created_ && format.server_id == log_server_id_)) return absl::OkStatus();
  return WasReset();
}

absl::Status BlockBuilder::WasReset() const {
  return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_RESET",
                   absl::StrCat(next_.file, " is not the file that was read before: the source's log was reset"));
}

absl::Status BlockBuilder::CheckFileEvent(const EventHeader& header, absl::string_view event) const {
  bool checksummed = tracker_.format() != nullptr && tracker_.format()->checksum == ChecksumAlgorithm::kCrc32;
  if (header.type == EventType::kFormatDescription) {
    const absl::StatusOr<FormatDescription> format = ParseFormatDescription(event);
    if (!format.ok()) return BadEvent("EVENT_MALFORMED", next_, header, format.status().message());
    RETURN_IF_ERROR(CheckFile(*format));
    checksummed = format->checksum == ChecksumAlgorithm::kCrc32;
  } else if (tracker_.format() == nullptr) {
    return BadEvent("EVENT_MALFORMED", next_, header, "no format description came before it");
  }
  if (checksummed && !ChecksumMatches(event)) {
    return BadEvent("CHECKSUM_MISMATCH", next_, header, kDamagedEvent);
  }
  const uint64_t end = next_.offset + header.size;
  if (header.end_position != 0 && header.end_position != static_cast<uint32_t>(end)) {
    return BadEvent(
        "LOG_GAP", next_, header,
        absl::StrCat("the source says that it ends at ", header.end_position, ", but by its length it ends at ", end,
                     ": the source skipped or repeated a part of its log"));
  }
  return absl::OkStatus();
}

absl::Status BlockBuilder::CompareWithLast(const EventHeader& header, absl::string_view event) {
  if (MarkOf(event) != last_event_) {
    const bool checksummed = tracker_.format() != nullptr && tracker_.format()->checksum == ChecksumAlgorithm::kCrc32;
    if (!checksummed || ChecksumMatches(event)) return WasReset();
    return BadEvent("CHECKSUM_MISMATCH", next_, header, kDamagedEvent);
  }
  last_comes_ = false;
  return absl::OkStatus();
}

absl::Status BlockBuilder::AddFileEvent(const EventHeader& header, absl::string_view event) {
  RETURN_IF_ERROR(CheckFileEvent(header, event));
  if (open_ != nullptr && open_->bytes.size() + event.size() > limits_.max_bytes) RETURN_IF_ERROR(Seal());
  RETURN_IF_ERROR(Name(header, event));
  if (open_ == nullptr) RETURN_IF_ERROR(Open());
  bool ends_transaction = false;
  if (absl::Status taken = tracker_.Take(header, event, &ends_transaction); !taken.ok()) {
    return BadEvent("EVENT_MALFORMED", next_, header, taken.message());
  }
  if (header.type == EventType::kFormatDescription) {
    open_->format = tracker_.format();
    log_created_ = tracker_.format()->created;
    log_server_id_ = tracker_.format()->server_id;
    if (namer_ != nullptr) namer_->TakeFormat(next_.file, *tracker_.format());
  }
  open_->events.push_back(
      BlockEvent{static_cast<uint32_t>(open_->bytes.size()), header.size, header.type, ends_transaction});
  open_->bytes.append(event.data(), event.size());
  if (header.timestamp != 0) open_->last_timestamp = last_timestamp_ = header.timestamp;
  next_.offset += event.size();
  if (ends_transaction) {
    if (boundary_.file != next_.file) boundary_.file = next_.file;
    boundary_.offset = next_.offset;
  }
  last_taken_ = Taken::kFileEvent;
  last_type_ = header.type;
  const bool full = open_->events.size() >= limits_.max_events || open_->bytes.size() >= limits_.max_bytes;
  return full ? Seal() : absl::OkStatus();
}

absl::string_view BlockBuilder::BodyOf(const EventHeader& header, absl::string_view event) const {
  const std::shared_ptr<const FormatDescription>& format = tracker_.format();
  const bool ends_with_checksum = format != nullptr && header.type != EventType::kFormatDescription;
  const size_t around = kEventHeaderSize + (ends_with_checksum ? format->checksum_size() : 0);
  return event.size() < around ? absl::string_view() : event.substr(kEventHeaderSize, event.size() - around);
}

absl::Status BlockBuilder::Name(const EventHeader& header, absl::string_view event) {
  if (namer_ == nullptr) return absl::OkStatus();
  const bool is_payload = header.type == EventType::kTransactionPayload;
  if (header.type != EventType::kTableMap && !is_payload) {
    return namer_->TakeStatement(next_, header.type, BodyOf(header, event));
  }
  if (!namer_->wanted(next_)) return absl::OkStatus();
  // A block that was begun when nobody wanted names has tables without.
  if (open_ != nullptr && !open_is_named_) RETURN_IF_ERROR(Seal());
  if (open_ == nullptr) RETURN_IF_ERROR(Open());
  bool told = false;
  return is_payload ? NameTablesInPayload(BodyOf(header, event)) : NameTable(BodyOf(header, event), &told);
}

// Statements that define tables are never in a payload. Where a table map tells all, the others do as well: whether
// they do is a setting of the source, and reading on would take uncompressing everything twice.
absl::Status BlockBuilder::NameTablesInPayload(absl::string_view body) {
  bool told = !payload_.Open(body).ok();
  while (!told) {
    absl::string_view event;
    if (!payload_.Next(&event).ok() || event.empty()) break;  // The decoders will say what is wrong with it.
    const absl::StatusOr<EventHeader> header = ParseEventHeader(event);
    if (!header.ok() || header->type != EventType::kTableMap) continue;
    RETURN_IF_ERROR(NameTable(event.substr(kEventHeaderSize), &told));
  }
  return absl::OkStatus();
}

absl::Status BlockBuilder::NameTable(absl::string_view body, bool* told) {
  const size_t id_size = TableIdSize(tracker_.format()->PostHeaderLength(EventType::kTableMap, 8));
  const absl::StatusOr<const TableNamer::Found*> found = namer_->Find(next_, log_created_, body, id_size);
  if (absl::IsDataLoss(found.status())) return absl::OkStatus();  // The decoders will say what is wrong with it.
  RETURN_IF_ERROR(found.status());
  *told = !(*found)->lacks_definition;
  return (*found)->wanted ? Define(**found) : absl::OkStatus();
}

absl::Status BlockBuilder::Define(const TableNamer::Found& found) {
  if (open_definitions_ != nullptr && !open_definitions_->Accepts(found.name, found.definition)) {
    const TableNamer::Found kept = found;
    RETURN_IF_ERROR(Seal());
    RETURN_IF_ERROR(Open());
    return Define(kept);
  }
  if (open_definitions_ == nullptr) open_definitions_ = std::make_shared<TableDefinitions>();
  open_definitions_->Set(found.name, found.definition);
  return absl::OkStatus();
}

absl::Status BlockBuilder::Open() {
  open_ = memory_->MakeBlock(expected_bytes_);
  open_->flavor = flavor_;
  open_->epoch = epoch_;
  open_->start = next();
  open_->format = tracker_.format();
  open_->context = tracker_.context();
  open_->context_complete = tracker_.context_complete();
  open_->starts_at_boundary = tracker_.at_boundary();
  open_->received = absl::Now();
  open_definitions_.reset();
  open_is_named_ = namer_ != nullptr && namer_->wanted(next_);
  if (!open_is_named_) return absl::OkStatus();
  for (const std::string& event : *open_->context) {
    const absl::StatusOr<EventHeader> header = ParseEventHeader(event);
    if (!header.ok() || header->type != EventType::kTableMap) continue;
    bool told = false;
    if (absl::Status named = NameTable(BodyOf(*header, event), &told); !named.ok()) {
      open_.reset();
      return named;
    }
  }
  return absl::OkStatus();
}

absl::Status BlockBuilder::Seal() {
  if (open_ == nullptr) return absl::OkStatus();
  if (open_->events.empty()) {  // Its first event could not be taken.
    open_.reset();
    return absl::OkStatus();
  }
  open_->end = next();
  last_event_ = MarkOf(open_->event(open_->events.back()));
  open_->definitions = std::move(open_definitions_);
  open_definitions_.reset();
  if (namer_ != nullptr) namer_->Save(open_->end);
  expected_bytes_ = std::min<size_t>(open_->bytes.size() + open_->bytes.size() / 16, limits_.max_bytes);
  ++sealed_blocks_;
  return sink_->Deliver(std::exchange(open_, nullptr));
}

}  // namespace binlogd
