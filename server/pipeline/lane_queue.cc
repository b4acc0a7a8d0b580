#include "pipeline/lane_queue.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

// Encoded bytes of blocks that the writer has not taken yet, or room for those that are being encoded.
constexpr uint64_t kAheadBytes = LaneQueue::kPieceBytes;
// How much larger than the log its encoded form is thought to be, until it is known.
constexpr uint64_t kGrowth = 8;
// A target that lacks more than this is not waited for.
constexpr uint64_t kFarBytes = 64 << 20;
// One that lacks no more than this need not be told again how far the reader is.
constexpr uint64_t kNearBytes = 4 << 20;

// Whether `to` is in the same file, and at most `bytes` after `from`.
bool IsWithin(const Position& from, const Position& to, uint64_t bytes) {
  return from.file == to.file && to.offset <= from.offset + bytes;
}

uint64_t ExpectedBytes(const Block& block) {
  const bool is_compressed = std::any_of(block.events.begin(), block.events.end(), [](const BlockEvent& event) {
    return event.type == EventType::kTransactionPayload;
  });
  const uint64_t expected = is_compressed ? LaneQueue::kPieceBytes : block.bytes.size() * kGrowth;
  return std::min<uint64_t>(expected, LaneQueue::kPieceBytes);
}

uint64_t MemoryOf(const EncodedBlock& encoded) {
  return encoded.bytes.size() + encoded.keys.size() + encoded.records.size() * sizeof(encoded.records[0]) +
         encoded.origins.size() * sizeof(encoded.origins[0]);
}

}  // namespace

LaneQueue::~LaneQueue() {
  absl::MutexLock lock(&mutex_);
  DropAll();
  mutex_.Await(absl::Condition(this, &LaneQueue::NothingEncoding));
}

void LaneQueue::Begin(const ReadEnd& at) {
  absl::MutexLock lock(&mutex_);
  DropAll();
  detached_ = known_ = false;
  ending_ = Ending::kNo;
  end_ = at;
}

bool LaneQueue::Reserve(uint64_t bytes, uint64_t limit) {
  absl::MutexLock lock(&mutex_);
  if (detached_ || bytes_ == 0 || bytes_ + bytes <= limit) return false;
  DropAll();
  detached_ = true;
  return true;
}

void LaneQueue::Offer(const std::shared_ptr<const Block>& block, const ByteBudget::Lease& lease) {
  absl::MutexLock lock(&mutex_);
  const FormatDescription* const format = block->format.get();
  const ReadEnd follows = std::exchange(
      end_, ReadEnd(block->end, format == nullptr ? 0 : format->created, format == nullptr ? 0 : format->server_id));
  if (detached_ || ending_ == Ending::kNow) return;
  if (known_ && ComparePositions(block->end, has_) <= 0) return;
  auto slot = std::make_shared<LaneSlot>();
  slot->block = block;
  slot->follows = follows;
  slot->lease = lease;
  if (known_ && block->start.file == has_.file && block->start.offset < has_.offset) slot->from_offset = has_.offset;
  slot->ready = !options_.format;
  bytes_ += block->bytes.size();
  slots_.push_back(std::move(slot));
  EncodeAhead();
}

void LaneQueue::Knows(const DurablePosition& durable) {
  absl::MutexLock lock(&mutex_);
  known_ = true;
  has_ = durable.position;
  if (held_gtid_set_ != durable.held_gtid_set) held_.reset();
  held_gtid_set_ = durable.held_gtid_set;
  EncodeAhead();
}

std::optional<ReadEnd> LaneQueue::Missing(const Position& reached) {
  absl::MutexLock lock(&mutex_);
  if (!detached_) {
    const ReadEnd& next = slots_.empty() ? end_ : slots_.front()->follows;
    if (ComparePositions(reached, next.position) >= 0) return std::nullopt;
    if (IsWithin(reached, next.position, kFarBytes)) return next;
    DropAll();
    detached_ = true;
  }
  const bool is_past = ComparePositions(reached, end_.position) >= 0;
  detached_ = !is_past && !IsWithin(reached, end_.position, kNearBytes);
  return is_past ? std::nullopt : std::optional(end_);
}

void LaneQueue::DropAll() {
  for (const std::shared_ptr<LaneSlot>& slot : slots_) {
    slot->lease.reset();
    slot->in_queue = false;
    Charge(*slot, 0);
    bytes_ -= slot->block->bytes.size();
  }
  slots_.clear();
  handed_out_ = 0;
  // The writer may be held up for long; the block stays, but the source need not wait for it.
  if (taken_ != nullptr) taken_->lease.reset();
}

void LaneQueue::Charge(LaneSlot& slot, uint64_t bytes) {
  ahead_bytes_ = ahead_bytes_ - slot.charged_bytes + bytes;
  slot.charged_bytes = bytes;
}

absl::Status LaneQueue::ParseHeld(Flavor flavor) {
  if (held_ != nullptr || held_gtid_set_.empty()) return absl::OkStatus();
  absl::StatusOr<GtidSet> held = GtidSet::Parse(flavor, held_gtid_set_);
  if (!held.ok()) return Permanent(held.status());
  held_ = std::make_shared<const GtidSet>(*std::move(held));
  return absl::OkStatus();
}

void LaneQueue::EncodeAhead() {
  if (!options_.format || !known_) return;
  while (handed_out_ < slots_.size()) {
    const std::shared_ptr<LaneSlot>& slot = slots_[handed_out_];
    const uint64_t expected = ExpectedBytes(*slot->block);
    if (ahead_bytes_ > 0 && ahead_bytes_ + expected > kAheadBytes) return;
    ++handed_out_;
    slot->status = ParseHeld(slot->block->flavor);
    slot->held = held_;
    slot->ready = !slot->status.ok();
    if (slot->ready) continue;
    Charge(*slot, expected);
    ++encoding_;
    options_.pool->Run([this, slot = slot]() mutable { EncodeOnPool(std::move(slot)); });
  }
}

void LaneQueue::EncodeFrom(uint64_t from_offset, LaneSlot* slot) const {
  slot->rest.reset();
  slot->encoded = EncodedBlock();
  slot->from_offset = from_offset;
  auto encoder =
      std::make_unique<BlockEncoder>(*slot->block, BlockRange{from_offset, slot->held.get()}, *options_.filter,
                                     *options_.format, options_.source_name, options_.wants_records);
  absl::StatusOr<EncodedBlock> encoded = encoder->Next(kPieceBytes);
  slot->status = encoded.status();
  if (!encoded.ok()) return;
  slot->encoded = *std::move(encoded);
  if (!encoder->done()) slot->rest = std::move(encoder);
}

void LaneQueue::EncodeOnPool(std::shared_ptr<LaneSlot> slot) {
  EncodeFrom(slot->from_offset, slot.get());
  absl::MutexLock lock(&mutex_);
  if (slot->in_queue) Charge(*slot, MemoryOf(slot->encoded));
  slot->ready = true;
  EncodeAhead();
  slot.reset();  // Whoever waits for the encoding to end counts on what the slot holds being gone.
  --encoding_;
}

LaneQueue::Wake LaneQueue::Reason() const {
  if (ending_ == Ending::kNow) return Wake::kEnd;
  if (ending_ == Ending::kWhenEmpty && slots_.empty()) return Wake::kEnd;
  if (detached_) return Wake::kDetached;
  if (!slots_.empty()) return slots_.front()->ready ? Wake::kBlock : Wake::kTime;
  return flushed_ < flush_wanted_ ? Wake::kFlush : Wake::kTime;
}

LaneQueue::News LaneQueue::Next(absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithDeadline(absl::Condition(this, &LaneQueue::HasNews), deadline);
  News news;
  news.wake = Reason();
  news.flush = flush_wanted_;
  if (news.wake != Wake::kBlock) return news;
  taken_ = std::move(slots_.front());
  slots_.pop_front();
  taken_->in_queue = false;
  Charge(*taken_, 0);
  if (handed_out_ > 0) --handed_out_;
  EncodeAhead();
  news.slot = taken_;
  return news;
}

void LaneQueue::Done() {
  absl::MutexLock lock(&mutex_);
  if (taken_ == nullptr) return;
  bytes_ -= taken_->block->bytes.size();
  taken_.reset();
}

void LaneQueue::End(Ending how) {
  absl::MutexLock lock(&mutex_);
  if (how == Ending::kNow) DropAll();
  ending_ = std::max(ending_, how);
}

LaneQueue::Ending LaneQueue::ending() const {
  absl::MutexLock lock(&mutex_);
  return ending_;
}

uint64_t LaneQueue::RequestFlush() {
  absl::MutexLock lock(&mutex_);
  return ++flush_wanted_;
}

void LaneQueue::Flushed(uint64_t flush) {
  absl::MutexLock lock(&mutex_);
  flushed_ = std::max(flushed_, flush);
}

bool LaneQueue::detached() const {
  absl::MutexLock lock(&mutex_);
  return detached_;
}

uint64_t LaneQueue::bytes() const {
  absl::MutexLock lock(&mutex_);
  return bytes_;
}

Position LaneQueue::end() const {
  absl::MutexLock lock(&mutex_);
  return end_.position;
}

}  // namespace binlogd
