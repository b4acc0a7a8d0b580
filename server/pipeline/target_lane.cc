#include "pipeline/target_lane.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "base/thread.h"

namespace binlogd {
namespace {

// A commit need not wait for its time when this much lies open.
constexpr uint64_t kCommitBytes = 64 << 20;
constexpr absl::Duration kMostRetry = absl::Seconds(30);

}  // namespace

TargetLane::TargetLane(std::unique_ptr<Target> target, Options options)
    : target_(std::move(target)),
      options_(std::move(options)),
      queue_(QueueOptions()),
      backoff_(options_.first_retry, kMostRetry) {
  target_->set_on_trouble([this](const absl::Status& why) { SetError(why); });
  absl::MutexLock lock(&mutex_);
  snapshot_.name = target_->name();
  snapshot_.type = std::string(target_->type());
  snapshot_.required = options_.required;
  snapshot_.durable = options_.last.durable;
  // It is tried again, whatever it was.
  snapshot_.error = Transient(options_.last.error);
  snapshot_.error_since = options_.last.error_since;
  snapshot_.counters = target_->counters();
}

TargetLane::~TargetLane() { Abandon(); }

LaneQueue::Options TargetLane::QueueOptions() const {
  return LaneQueue::Options{options_.filter, options_.source_name, target_->format(), target_->wants_records(),
                            options_.pool};
}

std::string TargetLane::Named() const { return absl::StrCat("target \"", target_->name(), "\""); }

absl::StatusOr<std::optional<DurablePosition>> TargetLane::Open() {
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return absl::CancelledError("stopping");
    opening_ = true;
  }
  if (is_failing()) CountRetry();
  absl::StatusOr<std::optional<DurablePosition>> position = target_->Open();
  bool given_up;
  {
    absl::MutexLock lock(&mutex_);
    opening_ = false;
    given_up = interrupted_ && absl::IsCancelled(position.status());
    if (position.ok() && position->has_value()) snapshot_.durable = **position;
  }
  open_ = position.ok();
  had_position_ = had_position_ || (position.ok() && position->has_value());
  // That it was told to end is no news of the target: what made it open anew still is.
  if (!given_up) SetError(position.status());
  return position;
}

absl::Status TargetLane::Begin(const DurablePosition& start, const EpochStart& epoch) {
  const absl::Status begun = target_->Begin(start, epoch);
  SetError(begun);
  if (!begun.ok()) {
    target_->Close();
    open_ = false;
    return begun;
  }
  had_position_ = true;
  absl::MutexLock lock(&mutex_);
  snapshot_.durable = start;
  return absl::OkStatus();
}

void TargetLane::GiveUp(const absl::Status& why) {
  target_->Close();
  open_ = false;
  Fail(why);
}

void TargetLane::Start(std::shared_ptr<const EpochStart> epoch, const ReadEnd& at) {
  {
    absl::MutexLock lock(&mutex_);
    if (failed_) return;
  }
  epoch_ = std::move(epoch);
  queue_.Begin(at);
  oldest_uncommitted_ = absl::InfiniteFuture();
  if (open_) {
    reached_ = target_->durable().position;
    queue_.Knows(target_->durable());
  }
  {
    absl::MutexLock lock(&mutex_);
    end_ = stopping_ ? End::kDrain : End::kNo;
    catching_up_ = false;
    running_ = true;
    // A target that was interrupted can only be replaced.
    anew_ = interrupted_;
    if (anew_) open_ = false;
  }
  writer_ = StartThread(thread_name(), [this] { Run(); });
}

void TargetLane::Reserve(uint64_t bytes, uint64_t limit) {
  if (options_.required || !queue_.Reserve(bytes, limit)) return;
  const TargetSnapshot snapshot = Snapshot();
  Log(LogLevel::kError, options_.source_name,
      absl::StrCat(Named(), " is DETACHED: it ", snapshot.error.ok() ? "is too slow" : "fails",
                   " and is not required, so the others go on without it; it will catch up from the source's log",
                   snapshot.error.ok() ? "" : ": ", snapshot.error.message()));
}

absl::Status TargetLane::Offer(const std::shared_ptr<const Block>& block, const ByteBudget::Lease& lease) {
  RETURN_IF_ERROR(failure());
  queue_.Offer(block, lease);
  return absl::OkStatus();
}

absl::Status TargetLane::failure() const {
  absl::MutexLock lock(&mutex_);
  return failure_;
}

void TargetLane::Run() {
  absl::Status status = open_ ? Follow() : Snapshot().error;
  if (!open_ && status.ok()) status = absl::UnavailableError("it was interrupted, and has to be opened anew");
  while (!status.ok() && !ending() && !IsPermanent(status) && !anew_) {
    SetError(status);
    status = Reopen();
    if (status.ok()) status = Follow();
  }
  if (!status.ok() && (IsPermanent(status) || !ending())) {
    Fail(status);
  } else if (!status.ok() && !absl::IsCancelled(status)) {
    SetError(status);
  }
  absl::MutexLock lock(&mutex_);
  running_ = false;
}

absl::Status TargetLane::Follow() {
  for (;;) {
    const std::optional<ReadEnd> missing = queue_.Missing(reached_);
    SetCatchingUp(missing.has_value());
    // A source that has nothing more brings nothing to write: a commit of nothing is due then.
    if (!missing && is_failing()) oldest_uncommitted_ = std::min(oldest_uncommitted_, absl::Now());
    if (!missing) RETURN_IF_ERROR(WriteFrom(queue_));
    if (ending()) break;
    if (missing) RETURN_IF_ERROR(CatchUp(*missing));
  }
  return abandoned() ? absl::OkStatus() : CommitNow();
}

absl::Status TargetLane::CatchUp(const ReadEnd& to) {
  const auto replay = std::make_shared<LaneReplay>(options_.make_replay(decodes()), QueueOptions());
  {
    absl::MutexLock lock(&mutex_);
    if (told_to_end()) return absl::OkStatus();
    replay_ = replay;
  }
  const Position before = reached_;
  replay->Start(epoch_, target_->written(), reached_, to);
  const absl::Status written = WriteFrom(replay->queue());
  if (!written.ok()) replay->Stop();
  const absl::Status read = replay->Join();
  {
    absl::MutexLock lock(&mutex_);
    replay_.reset();
  }
  RETURN_IF_ERROR(written);
  if (ending()) return absl::OkStatus();
  if (read.ok()) {
    reached_ = to.position;
    return absl::OkStatus();
  }
  const absl::Status named = Annotate(read, "it cannot read what it lacks from the source");
  anew_ = ErrorReason(read) == "LOG_RESET";
  if (anew_ || IsPermanent(read)) return named;
  if (ComparePositions(reached_, before) > 0) backoff_.Reset();
  SetError(named);
  (void)Wait(backoff_.Next());
  return absl::OkStatus();
}

absl::Status TargetLane::Reopen() {
  target_->Close();
  open_ = false;
  oldest_uncommitted_ = absl::InfiniteFuture();
  if (!Wait(backoff_.Next())) return absl::CancelledError("stopping");
  const bool was_begun = had_position_;
  ASSIGN_OR_RETURN(const std::optional<DurablePosition> position, Open());
  if (!position && was_begun) {
    return Permanent(MakeError(absl::StatusCode::kDataLoss, "TARGET_DAMAGED",
                               "what it held is gone, its store is new; restore it, or start the streamer again to "
                               "begin it anew"));
  }
  anew_ = !position || !(position->epoch == epoch_->epoch);
  if (anew_) {
    return MakeError(absl::StatusCode::kUnavailable, "TARGET_IS_BACK",
                     absl::StrCat("it works again, ", position ? "in another epoch" : "and has to be begun",
                                  "; all targets are opened anew"));
  }
  reached_ = position->position;
  queue_.Knows(*position);
  return absl::OkStatus();
}

absl::Status TargetLane::WriteFrom(LaneQueue& queue) {
  for (;;) {
    LaneQueue::News news = queue.Next(oldest_uncommitted_ + options_.batch.max_wait);
    if (news.slot != nullptr) {
      oldest_uncommitted_ = std::min(oldest_uncommitted_, news.slot->block->received);
      const absl::Status written = WriteSlot(queue, *news.slot);
      news.slot.reset();
      queue.Done();
      RETURN_IF_ERROR(written);
    }
    const bool flush = news.wake == LaneQueue::Wake::kFlush;
    const bool due = absl::Now() >= oldest_uncommitted_ + options_.batch.max_wait;
    // What was broken works again when something is durable.
    if (flush || due || is_failing() || target_->uncommitted_bytes() >= kCommitBytes) RETURN_IF_ERROR(CommitNow());
    if (flush) {
      queue.Flushed(news.flush);
      absl::MutexLock lock(&mutex_);
      flushed_ = news.flush;
    }
    if (news.wake == LaneQueue::Wake::kEnd || news.wake == LaneQueue::Wake::kDetached) return absl::OkStatus();
  }
}

absl::Status TargetLane::WriteSlot(const LaneQueue& queue, LaneSlot& slot) {
  const Block& block = *slot.block;
  if (ComparePositions(block.end, reached_) <= 0) return absl::OkStatus();
  const DurablePosition& written = target_->written();
  const bool same_file = block.start.file == written.position.file && written.log_created != 0;
  if (same_file && (block.format->created != written.log_created || block.format->server_id != written.log_server_id)) {
    anew_ = true;
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "LOG_RESET",
        absl::StrCat(block.start.file, " is not the file that the target has: the source's log was reset"));
  }
  const bool has_part = block.start.file == reached_.file && block.start.offset < reached_.offset;
  const uint64_t from_offset = has_part ? reached_.offset : 0;
  if (!decodes()) {
    slot.from_offset = from_offset;
  } else if (slot.from_offset != from_offset) {
    queue.EncodeFrom(from_offset, &slot);
  }
  RETURN_IF_ERROR(CountDecodeError(slot.status));
  RETURN_IF_ERROR(WritePiece(slot, decodes() ? &slot.encoded : nullptr));
  while (slot.rest != nullptr && !slot.rest->done()) {
    if (abandoned()) return absl::CancelledError("stopping");
    slot.encoded = EncodedBlock();  // Its memory goes before the next piece comes.
    absl::StatusOr<EncodedBlock> next = slot.rest->Next(LaneQueue::kPieceBytes);
    RETURN_IF_ERROR(CountDecodeError(next.status()));
    slot.encoded = *std::move(next);
    RETURN_IF_ERROR(WritePiece(slot, &slot.encoded));
  }
  reached_.file = block.end.file;
  reached_.offset = block.end.offset;
  return absl::OkStatus();
}

absl::Status TargetLane::CountDecodeError(const absl::Status& encoded) const {
  if (absl::IsDataLoss(encoded)) target_->counters()->decode_errors.fetch_add(1, std::memory_order_relaxed);
  return encoded;
}

void TargetLane::CountWritten(const LaneSlot& slot, const EncodedBlock* encoded) const {
  TargetCounters& counters = *target_->counters();
  const Block& block = *slot.block;
  const uint64_t from = slot.from_offset == 0 ? 0 : slot.from_offset - block.start.offset;
  EventClassCounts raw = {};
  if (encoded == nullptr) {
    for (const BlockEvent& event : block.events) {
      if (event.begin >= from) ++raw[static_cast<size_t>(ClassOf(event.type))];
    }
  } else {
    counters.records.fetch_add(encoded->events, std::memory_order_relaxed);
  }
  const EventClassCounts& written = encoded == nullptr ? raw : encoded->written;
  for (size_t i = 0; i < kEventClasses; ++i) {
    counters.written.Add(static_cast<EventClass>(i), written[i]);
    if (encoded != nullptr) counters.filtered.Add(static_cast<EventClass>(i), encoded->filtered[i]);
  }
  const uint64_t bytes = encoded == nullptr ? block.bytes.size() - from : encoded->bytes.size();
  counters.bytes.fetch_add(bytes, std::memory_order_relaxed);
}

absl::Status TargetLane::WritePiece(const LaneSlot& slot, const EncodedBlock* encoded) {
  const size_t from = slot.from_offset == 0 ? 0 : slot.from_offset - slot.block->start.offset;
  Backoff backoff(options_.first_retry, kMostRetry);
  for (;;) {
    absl::Status written;
    {
      const HistogramTimer timer(&target_->counters()->write_seconds);
      written = target_->Write(*slot.block, from, encoded);
    }
    if (!written.ok() && !absl::IsResourceExhausted(written)) return written;
    if (written.ok()) break;
    SetError(written);
    CountRetry();
    if (!Wait(backoff.Next())) return written;
  }
  CountWritten(slot, encoded);
  absl::MutexLock lock(&mutex_);
  snapshot_.last_write = absl::Now();
  snapshot_.bytes_written += encoded == nullptr ? slot.block->bytes.size() - from : encoded->bytes.size();
  snapshot_.events_written += encoded == nullptr ? slot.block->events.size() : encoded->events;
  return absl::OkStatus();
}

void TargetLane::CountRetry() const { target_->counters()->retries.fetch_add(1, std::memory_order_relaxed); }

absl::Status TargetLane::TimedCommit() {
  const uint64_t bytes = target_->uncommitted_bytes();
  if (bytes == 0) return target_->Commit();
  TargetCounters& counters = *target_->counters();
  {
    const HistogramTimer timer(&counters.commit_seconds);
    RETURN_IF_ERROR(target_->Commit());
  }
  counters.batch_bytes.Observe(static_cast<double>(bytes));
  counters.last_commit_nanos.store(absl::GetCurrentTimeNanos(), std::memory_order_relaxed);
  return absl::OkStatus();
}

absl::Status TargetLane::CommitNow() {
  RETURN_IF_ERROR(TimedCommit());
  oldest_uncommitted_ = absl::InfiniteFuture();
  backoff_.Reset();
  SetError(absl::OkStatus());
  {
    absl::MutexLock lock(&mutex_);
    snapshot_.durable = target_->durable();
  }
  if (options_.on_commit) options_.on_commit();
  return absl::OkStatus();
}

void TargetLane::Fail(const absl::Status& status) {
  queue_.End(LaneQueue::Ending::kNow);
  SetError(status);
  const bool for_good = IsPermanent(status);
  if (for_good && !options_.required) {
    Log(LogLevel::kError, options_.source_name,
        absl::StrCat(Named(), " has FAILED and is not required; the others go on without it: ", status.message()));
  }
  {
    absl::MutexLock lock(&mutex_);
    failed_ = for_good;
    if (!for_good || options_.required) failure_ = Annotate(status, Named());
  }
  if (options_.on_failure) options_.on_failure();
}

void TargetLane::SetError(const absl::Status& status) {
  bool news = false;
  {
    absl::MutexLock lock(&mutex_);
    news = status.ok() != snapshot_.error.ok();
    if (news) snapshot_.error_since = absl::Now();
    snapshot_.error = status;
  }
  if (!news || IsPermanent(status)) return;
  Log(status.ok() ? LogLevel::kInfo : LogLevel::kWarning, options_.source_name,
      status.ok() ? absl::StrCat(Named(), " works again")
                  : absl::StrCat(Named(), " fails and is tried again: ", status.message()));
}

void TargetLane::SetCatchingUp(bool catching_up) {
  {
    absl::MutexLock lock(&mutex_);
    if (catching_up_ == catching_up) return;
    catching_up_ = catching_up;
  }
  Log(LogLevel::kInfo, options_.source_name,
      catching_up ? absl::StrCat(Named(), " reads what it lacks from ", ToString(reached_), " to ",
                                 ToString(queue_.end()), " from the source's log by itself")
                  : absl::StrCat(Named(), " has caught up at ", ToString(reached_)));
}

bool TargetLane::Wait(absl::Duration duration) {
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(this, &TargetLane::told_to_end), duration);
}

bool TargetLane::is_failing() const {
  absl::MutexLock lock(&mutex_);
  return !snapshot_.error.ok();
}

bool TargetLane::ending() const {
  absl::MutexLock lock(&mutex_);
  return told_to_end();
}

bool TargetLane::abandoned() const {
  absl::MutexLock lock(&mutex_);
  return end_ == End::kNow;
}

absl::Status TargetLane::Flush(absl::Time deadline, bool patient) {
  const uint64_t flush = queue_.RequestFlush();
  absl::MutexLock lock(&mutex_);
  flush_wanted_ = flush;
  const bool in_time = mutex_.AwaitWithDeadline(
      absl::Condition(this, patient ? &TargetLane::flushed_or_ended : &TargetLane::flushed_or_in_trouble), deadline);
  if (flushed_ >= flush) return absl::OkStatus();
  if (!snapshot_.error.ok()) return Annotate(snapshot_.error, Named());
  if (in_time) return absl::CancelledError("stopping");
  return absl::UnavailableError(
      absl::StrCat(Named(), " has everything only up to ", ToString(snapshot_.durable.position)));
}

void TargetLane::RequestEnd(End how) {
  std::shared_ptr<LaneReplay> replay;
  bool opening;
  {
    absl::MutexLock lock(&mutex_);
    end_ = std::max(end_, how);
    replay = replay_;
    opening = opening_;
  }
  queue_.End(how == End::kNow ? LaneQueue::Ending::kNow : LaneQueue::Ending::kWhenEmpty);
  if (replay != nullptr) replay->Stop();
  if (opening || how == End::kNow) InterruptTarget();
}

void TargetLane::InterruptTarget() {
  {
    absl::MutexLock lock(&mutex_);
    interrupted_ = true;
  }
  target_->Interrupt();
}

void TargetLane::RequestDrain() { RequestEnd(End::kDrain); }

void TargetLane::Interrupt() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  RequestDrain();
}

absl::Status TargetLane::Drain(absl::Time deadline) {
  RequestDrain();
  bool ended;
  {
    absl::MutexLock lock(&mutex_);
    ended = mutex_.AwaitWithDeadline(absl::Condition(this, &TargetLane::has_ended), deadline);
  }
  if (!ended) InterruptTarget();
  if (writer_.joinable()) writer_.join();
  queue_.End(LaneQueue::Ending::kNow);
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return failure_;
  if (!snapshot_.error.ok()) return Annotate(snapshot_.error, Named());
  return ended ? absl::OkStatus() : absl::UnavailableError(absl::StrCat(Named(), " was held up for too long"));
}

void TargetLane::Abandon() {
  RequestEnd(End::kNow);
  if (writer_.joinable()) writer_.join();
  target_->Close();
  open_ = false;
}

TargetSnapshot TargetLane::Snapshot() const {
  const uint64_t queue_bytes = queue_.bytes();
  const bool detached = queue_.detached();
  absl::MutexLock lock(&mutex_);
  TargetSnapshot snapshot = snapshot_;
  snapshot.queue_bytes = queue_bytes + (replay_ != nullptr ? replay_->queue().bytes() : 0);
  if (failed_) {
    snapshot.state = TargetState::kFailed;
  } else if (!snapshot.error.ok()) {
    snapshot.state = detached ? TargetState::kDetached : TargetState::kRetrying;
  } else if (catching_up_) {
    snapshot.state = TargetState::kCatchingUp;
  } else {
    snapshot.state = detached ? TargetState::kDetached : TargetState::kFollowing;
  }
  return snapshot;
}

}  // namespace binlogd
