#include "pipeline/target_lane.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

// Bytes of blocks that may be encoded before the writer takes them; encoded text is several times as large.
constexpr uint64_t kEncodeAheadBytes = 4 << 20;
// Most of a block's encoded form that is made ahead, and of what the writer adds to it at a time; both are exceeded by
// one event at most.
constexpr size_t kFirstPieceBytes = 16 << 20;
constexpr size_t kPieceBytes = 8 << 20;
// A commit need not wait for its time when this much lies open.
constexpr uint64_t kCommitBytes = 64 << 20;
constexpr absl::Duration kFirstRetry = absl::Milliseconds(200);
constexpr absl::Duration kMostRetry = absl::Seconds(30);

}  // namespace

TargetLane::TargetLane(std::unique_ptr<Target> target, Options options)
    : target_(std::move(target)), options_(std::move(options)) {
  absl::MutexLock lock(&mutex_);
  snapshot_.name = target_->name();
  snapshot_.type = std::string(target_->type());
}

TargetLane::~TargetLane() { Abandon(); }

absl::StatusOr<std::optional<DurablePosition>> TargetLane::Open() {
  held_ = GtidSet();
  absl::StatusOr<std::optional<DurablePosition>> position = target_->Open();
  SetError(position.status());
  if (position.ok() && position->has_value()) {
    skip_until_ = **position;
    absl::MutexLock lock(&mutex_);
    snapshot_.durable = skip_until_;
  }
  return position;
}

absl::Status TargetLane::Begin(const DurablePosition& start, const EpochStart& epoch) {
  const absl::Status begun = target_->Begin(start, epoch);
  SetError(begun);
  if (!begun.ok()) return begun;
  skip_until_ = start;
  held_ = GtidSet();
  absl::MutexLock lock(&mutex_);
  snapshot_.durable = start;
  return absl::OkStatus();
}

void TargetLane::Start() {
  oldest_uncommitted_ = absl::InfiniteFuture();
  {
    absl::MutexLock lock(&mutex_);
    end_ = End::kNo;
    failure_ = absl::OkStatus();
  }
  writer_ = std::thread([this] { Run(); });
}

absl::Status TargetLane::Offer(const std::shared_ptr<const Block>& block, const ByteBudget::Lease& lease) {
  auto slot = std::make_shared<Slot>();
  const Position& had = skip_until_.position;
  if (skip_until_.epoch == block->epoch->epoch && ComparePositions(block->start, had) < 0) {
    if (ComparePositions(block->end, had) <= 0) return absl::OkStatus();
    if (block->start.file == had.file) {
      slot->range.from_offset = had.offset;
      slot->from = had.offset - block->start.offset;
    }
  }
  if (held_.empty() && !skip_until_.held_gtid_set.empty()) {
    ASSIGN_OR_RETURN(held_, GtidSet::Parse(block->flavor, skip_until_.held_gtid_set));
  }
  slot->block = block;
  slot->lease = lease;
  slot->ready = !target_->decodes();
  absl::MutexLock lock(&mutex_);
  if (!failure_.ok()) return failure_;
  slot->range.held = held_.empty() ? nullptr : &held_;
  snapshot_.queue_bytes += block->bytes.size();
  queue_.push_back(std::move(slot));
  EncodeAhead();
  return absl::OkStatus();
}

void TargetLane::EncodeAhead() {
  if (!target_->decodes()) return;
  for (const std::shared_ptr<Slot>& slot : queue_) {
    if (slot->encoding) continue;
    if (encoded_ahead_bytes_ > 0 && encoded_ahead_bytes_ + slot->block->bytes.size() > kEncodeAheadBytes) return;
    slot->encoding = true;
    encoded_ahead_bytes_ += slot->block->bytes.size();
    ++encoding_;
    options_.pool->Run([this, slot = slot]() mutable { Encode(std::move(slot)); });
  }
}

void TargetLane::Encode(std::shared_ptr<Slot> slot) {
  auto encoder = std::make_unique<BlockEncoder>(*slot->block, slot->range, *options_.filter, *target_->format(),
                                                options_.source_name, target_->wants_records());
  absl::StatusOr<EncodedBlock> encoded = encoder->Next(kFirstPieceBytes);
  absl::MutexLock lock(&mutex_);
  slot->status = encoded.status();
  if (encoded.ok()) {
    slot->encoded = *std::move(encoded);
    if (!encoder->done()) slot->rest = std::move(encoder);
  }
  slot->ready = true;
  slot.reset();  // Whoever waits for the encoding to end counts on what the slot leased being given back.
  --encoding_;
}

void TargetLane::Run() {
  for (;;) {
    const absl::Time commit_at = oldest_uncommitted_ + options_.batch.max_wait;
    bool end = false;
    std::shared_ptr<Slot> slot = NextSlot(commit_at, &end);
    if (end) break;
    absl::Status status;
    if (slot != nullptr) {
      oldest_uncommitted_ = std::min(oldest_uncommitted_, slot->block->received);
      status = WriteSlot(*slot);
    }
    slot.reset();
    const bool due = absl::Now() >= oldest_uncommitted_ + options_.batch.max_wait;
    if (status.ok() && (due || target_->uncommitted_bytes() >= kCommitBytes)) status = CommitNow();
    if (!status.ok()) return Fail(status);
  }
  {
    absl::MutexLock lock(&mutex_);
    if (end_ == End::kNow) return;
  }
  if (absl::Status last = CommitNow(); !last.ok()) Fail(last);
}

std::shared_ptr<TargetLane::Slot> TargetLane::NextSlot(absl::Time commit_at, bool* end) {
  absl::MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithDeadline(absl::Condition(this, &TargetLane::FrontReady), commit_at)) return nullptr;
  if (end_ == End::kNow || queue_.empty()) {
    *end = true;
    return nullptr;
  }
  std::shared_ptr<Slot> slot = std::move(queue_.front());
  queue_.pop_front();
  if (slot->encoding) encoded_ahead_bytes_ -= slot->block->bytes.size();
  EncodeAhead();
  return slot;
}

absl::Status TargetLane::WriteSlot(Slot& slot) {
  RETURN_IF_ERROR(slot.status);
  RETURN_IF_ERROR(WritePiece(slot, target_->decodes() ? &slot.encoded : nullptr));
  while (slot.rest != nullptr && !slot.rest->done() && !Abandoned()) {
    slot.encoded = EncodedBlock();  // Its memory goes before the next piece comes.
    ASSIGN_OR_RETURN(slot.encoded, slot.rest->Next(kPieceBytes));
    RETURN_IF_ERROR(WritePiece(slot, &slot.encoded));
  }
  absl::MutexLock lock(&mutex_);
  snapshot_.queue_bytes -= slot.block->bytes.size();
  return absl::OkStatus();
}

absl::Status TargetLane::WritePiece(const Slot& slot, const EncodedBlock* encoded) {
  Backoff backoff(kFirstRetry, kMostRetry);
  for (;;) {
    const absl::Status written = target_->Write(*slot.block, slot.from, encoded);
    SetError(written);
    if (written.ok()) break;
    if (!absl::IsResourceExhausted(written)) return written;
    absl::MutexLock lock(&mutex_);
    if (mutex_.AwaitWithTimeout(absl::Condition(this, &TargetLane::EndingNow), backoff.Next())) return written;
  }
  absl::MutexLock lock(&mutex_);
  snapshot_.last_write = absl::Now();
  snapshot_.bytes_written += encoded == nullptr ? slot.block->bytes.size() - slot.from : encoded->bytes.size();
  snapshot_.events_written += encoded == nullptr ? slot.block->events.size() : encoded->events;
  return absl::OkStatus();
}

absl::Status TargetLane::CommitNow() {
  RETURN_IF_ERROR(target_->Commit());
  oldest_uncommitted_ = absl::InfiniteFuture();
  {
    absl::MutexLock lock(&mutex_);
    snapshot_.durable = target_->durable();
  }
  if (options_.on_commit) options_.on_commit();
  return absl::OkStatus();
}

void TargetLane::Fail(const absl::Status& status) {
  const absl::Status named = Annotate(status, absl::StrCat("target \"", target_->name(), "\""));
  SetError(named);
  {
    absl::MutexLock lock(&mutex_);
    failure_ = named;
    queue_.clear();
    snapshot_.queue_bytes = 0;
    encoded_ahead_bytes_ = 0;
  }
  if (options_.on_failure) options_.on_failure();
}

void TargetLane::SetError(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  if (!status.ok() && snapshot_.error.ok()) snapshot_.error_since = absl::Now();
  snapshot_.error = status;
}

absl::Status TargetLane::Drain() {
  StopWriter(End::kDrain);
  absl::MutexLock lock(&mutex_);
  return failure_;
}

void TargetLane::Abandon() {
  StopWriter(End::kNow);
  target_->Close();
}

void TargetLane::StopWriter(End how) {
  {
    absl::MutexLock lock(&mutex_);
    end_ = how;
  }
  if (writer_.joinable()) writer_.join();
  absl::MutexLock lock(&mutex_);
  end_ = End::kNow;
  queue_.clear();
  mutex_.Await(absl::Condition(this, &TargetLane::NothingEncoding));
  encoded_ahead_bytes_ = 0;
  snapshot_.queue_bytes = 0;
}

TargetSnapshot TargetLane::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  return snapshot_;
}

}  // namespace binlogd
