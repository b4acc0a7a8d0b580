#include "pipeline/tap_feed.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "base/thread.h"
#include "binlog/event_header.h"

namespace binlogd {

TapFeed::TapFeed(TapHub* hub, Options options) : hub_(hub), options_(std::move(options)), epoch_(options_.epoch) {
  const LogStart& start = options_.start;
  if (start.kind == LogStart::Kind::kTime) not_before_ = start.time;
  if (start.kind == LogStart::Kind::kPosition) reached_ = start.position;
  if (start.kind == LogStart::Kind::kBoundary) reached_ = start.boundary.position;
  if (start.kind == LogStart::Kind::kBoundary && epoch_) boundary_ = ResumeToken{*epoch_, start.boundary};
}

TapFeed::~TapFeed() {
  replay_.reset();
  if (tap_ != nullptr) hub_->Detach(tap_);
}

absl::Status TapFeed::Attach() {
  if (options_.start.kind == LogStart::Kind::kGtidSet) {
    ASSIGN_OR_RETURN(held_, GtidSet::Parse(options_.flavor, options_.start.gtid_set));
  }
  ASSIGN_OR_RETURN(tap_, hub_->Attach(options_.wake));
  const std::optional<LogEnd> end = hub_->end();
  const std::string& known = end ? end->at.position.file : reached_.file;
  if (!known.empty()) RETURN_IF_ERROR(CheckEnd(known));
  if (options_.start.kind == LogStart::Kind::kEnd) {
    phase_ = Phase::kLive;
    if (end && end->at.at_boundary) boundary_ = ResumeToken{end->epoch->epoch, end->at};
    if (end) reached_ = end->at.position;
    if (end) epoch_ = end->epoch->epoch;
    return absl::OkStatus();
  }
  if (end && epoch_) RETURN_IF_ERROR(CheckEpoch(end->epoch->epoch));
  if (boundary_ && tap_->Join(boundary_->epoch, reached_)) {
    phase_ = Phase::kLive;
    joining_ = true;
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(allowed_, hub_->AllowReplay());
  return absl::OkStatus();
}

bool TapFeed::Take(Item* item) {
  for (;;) {
    const std::optional<Position>& end = options_.end.position;
    if (end && !reached_.empty() && phase_ != Phase::kOver && ComparePositions(reached_, *end) >= 0) {
      End(absl::OkStatus());
    }
    *item = Item();
    Taken taken = Taken::kNothing;
    switch (phase_) {
      case Phase::kStart: taken = TakeStart(); break;
      case Phase::kReplay: taken = TakeReplayed(item); break;
      case Phase::kLive: taken = TakeLive(item); break;
      case Phase::kOver: break;
    }
    if (taken != Taken::kAgain) return taken == Taken::kItem;
  }
}

TapFeed::Taken TapFeed::TakeStart() {
  Tap::Item none;
  (void)tap_->Take(&none);  // Has it woken when the reader is connected; what it takes comes again with the join.
  if (const auto closed = tap_->ended()) {
    End(*closed);
    return Taken::kNothing;
  }
  const std::optional<LogEnd> end = hub_->end();
  if (!end) return Taken::kNothing;
  if (const absl::Status same = CheckEpoch(end->epoch->epoch); !same.ok()) {
    End(same);
    return Taken::kNothing;
  }
  if (const absl::Status good = CheckEnd(end->at.position.file); !good.ok()) {
    End(good);
    return Taken::kNothing;
  }
  epoch_ = end->epoch->epoch;
  StartReplay(*end);
  return Taken::kAgain;
}

void TapFeed::StartReplay(const LogEnd& end) {
  phase_ = Phase::kReplay;
  replay_end_ = end.at.position;
  finding_ = std::make_shared<Finding>();
  std::optional<ReadStart> from;
  if (boundary_ && boundary_->epoch == end.epoch->epoch) from = boundary_->at;
  const auto work = [start = options_.start, from, end, finding = finding_](SearchedLog& log,
                                                                            BlockSink* sink) -> absl::Status {
    LogStart known;
    known.kind = LogStart::Kind::kBoundary;
    if (from) known.boundary = *from;
    ASSIGN_OR_RETURN(finding->at, log.Find(end.epoch, from ? known : start));
    if (ComparePositions(finding->at->position, end.at.position) >= 0) return absl::OkStatus();
    return log.Run(end.epoch, *finding->at, ReadEnd(end.at.position, end.at.log_created, end.at.log_server_id), sink);
  };
  replay_ =
      std::make_unique<TapReplay>(ThreadName("tap", ':', hub_->streamer()), options_.make_log(), work, options_.wake);
}

TapFeed::Taken TapFeed::TakeReplayed(Item* item) {
  if (const auto closed = tap_->ended()) {
    End(*closed);
    return Taken::kNothing;
  }
  if (const std::shared_ptr<const Block> block = replay_->Take()) {
    item->block = std::make_shared<const TapBlock>(block, 0);
    return Trim(item) ? Taken::kItem : Taken::kAgain;
  }
  const std::optional<absl::Status> status = replay_->ended();
  if (!status) return Taken::kNothing;
  replay_.reset();
  if (!status->ok()) {
    End(*status);
    return Taken::kNothing;
  }
  // What is wanted may begin where the reader has not come yet.
  const Position& found = finding_->at->position;
  const Position& read = ComparePositions(found, replay_end_) < 0 ? replay_end_ : found;
  if (reached_.empty() || ComparePositions(read, reached_) > 0) reached_ = read;
  if (const std::optional<LogEnd> end = hub_->end()) JoinOrReplay(*end);
  return Taken::kAgain;
}

void TapFeed::JoinOrReplay(const LogEnd& end) {
  if (tap_->Join(*epoch_, reached_)) {
    phase_ = Phase::kLive;
    joining_ = true;
    allowed_.reset();
    return;
  }
  if (const absl::Status same = CheckEpoch(end.epoch->epoch); !same.ok()) {
    End(same);
  } else {
    StartReplay(end);
  }
}

TapFeed::Taken TapFeed::TakeLive(Item* item) {
  // Before the window is looked at: what came before the end is taken first.
  const std::optional<absl::Status> closed = tap_->ended();
  Tap::Item next;
  if (!tap_->Take(&next)) {
    if (closed) End(*closed);
    return Taken::kNothing;
  }
  if (next.gap && (joining_ || options_.replay_gaps) && ReplayGap()) return Taken::kAgain;
  if (next.block != nullptr) {
    if (const absl::Status good = CheckEnd(next.block->block()->start.file); !good.ok()) {
      End(good);
      return Taken::kNothing;
    }
  }
  joining_ = false;
  item->gap = std::move(next.gap);
  item->block = std::move(next.block);
  item->live = true;
  if (!Trim(item)) item->block = nullptr;
  return item->gap || item->block != nullptr ? Taken::kItem : Taken::kAgain;
}

void TapFeed::LeaveRest(const Item& item, uint64_t offset) {
  tap_->LeaveRest(*item.block, offset);
  const Block& block = *item.block->block();
  reached_ = Position{block.start.file, offset, ""};
  boundary_ = boundary_before_;
  NoteBoundary(block, offset);
}

bool TapFeed::ReplayGap() {
  const std::optional<LogEnd> end = hub_->end();
  const bool known = boundary_ || options_.start.kind != LogStart::Kind::kEnd;
  if (!known || !end || !CheckEpoch(end->epoch->epoch).ok()) return false;
  absl::StatusOr<std::shared_ptr<void>> allowed = hub_->AllowReplay();
  if (!allowed.ok()) return false;
  allowed_ = *std::move(allowed);
  StartReplay(*end);
  return true;
}

absl::Status TapFeed::CheckEpoch(const Epoch& epoch) const {
  if (!epoch_ || *epoch_ == epoch) return absl::OkStatus();
  if (options_.epoch && !(*options_.epoch == epoch)) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "TOKEN_OF_OTHER_LOG",
                     absl::StrCat("the resume token is of epoch ", options_.epoch->name(),
                                  ", but the streamer follows ", epoch.name(),
                                  ": the source's log was reset, another server followed, or the token "
                                  "is another streamer's; begin with a GTID set, a time or earliest"));
  }
  return MakeError(absl::StatusCode::kFailedPrecondition, "EPOCH_ENDED",
                   absl::StrCat("epoch ", epoch_->name(), " was followed by ", epoch.name(),
                                " before the tap had caught up; tap the new one, with a GTID set, a time or earliest"));
}

absl::Status TapFeed::CheckEnd(const std::string& file) const {
  if (!options_.end.position) return absl::OkStatus();
  const std::string& wanted = options_.end.position->file;
  if (wanted == file || IsOlderFile(wanted, file) || IsOlderFile(file, wanted)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kOutOfRange, "POSITION_INVALID",
                   absl::StrCat("the tap is to end in ", Shown(wanted), ", but the files of its log have names like ",
                                file, ": end in one of them"));
}

void TapFeed::End(const absl::Status& status) {
  replay_.reset();
  allowed_.reset();
  ended_ = status;
  phase_ = Phase::kOver;
}

bool TapFeed::Trim(Item* item) {
  const Block& block = *item->block->block();
  if (epoch_ && !(*epoch_ == block.epoch->epoch)) reached_ = Position();
  epoch_ = block.epoch->epoch;
  item->from_offset = item->block->from_offset();
  if (!reached_.empty()) {
    if (ComparePositions(block.end, reached_) <= 0) {
      NoteBoundary(block, item->to_offset);
      return false;
    }
    if (block.start.file == reached_.file) item->from_offset = std::max(item->from_offset, reached_.offset);
  }
  if (not_before_) {
    const std::optional<uint64_t> begin = FindTime(block, item->from_offset, *not_before_);
    item->from_offset = begin.value_or(item->to_offset);
    if (begin) not_before_.reset();
  }
  const TapEnd& end = options_.end;
  if (end.position && ComparePositions(block.end, *end.position) >= 0) {
    item->to_offset = block.start.file == end.position->file ? end.position->offset : 0;
  }
  const std::optional<uint64_t> over = end.time ? FindTime(block, item->from_offset, *end.time) : std::nullopt;
  if (over) item->to_offset = std::min(item->to_offset, *over);
  boundary_before_ = boundary_;
  NoteBoundary(block, item->to_offset);
  reached_ = Position{block.end.file, block.end.offset, ""};
  if (over) End(absl::OkStatus());
  return item->from_offset < item->to_offset && item->from_offset < block.end.offset;
}

std::optional<uint64_t> TapFeed::FindTime(const Block& block, uint64_t from_offset, absl::Time time) const {
  bool at_boundary = block.starts_at_boundary;
  for (const BlockEvent& event : block.events) {
    const uint64_t begin = block.start.offset + event.begin;
    const absl::StatusOr<EventHeader> header = ParseEventHeader(block.event(event));
    const uint32_t timestamp = header.ok() ? header->timestamp : 0;
    if (at_boundary && begin >= from_offset && timestamp != 0 && absl::FromUnixSeconds(timestamp) >= time) return begin;
    at_boundary = event.ends_transaction;
  }
  return std::nullopt;
}

void TapFeed::NoteBoundary(const Block& block, uint64_t to_offset) {
  for (auto event = block.events.rbegin(); event != block.events.rend(); ++event) {
    const uint64_t begin = block.start.offset + event->begin;
    if (!event->ends_transaction || begin >= to_offset) continue;
    ReadStart at;
    at.position = Position{block.start.file, begin + event->size, ""};
    if (block.format != nullptr) at.log_created = block.format->created;
    if (block.format != nullptr) at.log_server_id = block.format->server_id;
    boundary_ = ResumeToken{block.epoch->epoch, at};
    return;
  }
}

}  // namespace binlogd
