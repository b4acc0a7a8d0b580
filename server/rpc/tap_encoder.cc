#include "rpc/tap_encoder.h"

#include <utility>

#include "base/status_macros.h"
#include "format/event_proto.h"
#include "pipeline/resume_token.h"

namespace binlogd {
namespace {

constexpr int kMostBatchEvents = 256;
constexpr size_t kMostBatchBytes = 1 << 20;
// A single event that is larger is told as a gap: with a batch before it, it still fits into the 4 MiB that clients
// take by default.
constexpr size_t kMostEventMessageBytes = 2 << 20;

// No event whose bytes in the log are more fits into that as a message; it is not even tried.
constexpr size_t kMostLogBytes = 32 << 20;
// What is encoded ahead of the writing: a block may hold a compressed transaction of any size.
constexpr size_t kMostMessages = 4;
constexpr int kMostEventsAtOnce = 10000;

}  // namespace

TapEncoder::TapEncoder(FilterSpec streamer_filter, FilterSpec tap_filter, RowMatch rows, uint64_t most_events)
    : streamer_filter_(std::move(streamer_filter)), tap_filter_(std::move(tap_filter)), most_events_(most_events) {
  if (!rows.empty()) rows_.emplace(std::move(rows));
}

void TapEncoder::Start(const TapFeed::Item& item, const GtidSet* held) {
  if (!item.block->MayPass(tap_filter_)) return;
  block_ = item.block->block();
  BlockRange range;
  range.from_offset = item.from_offset;
  range.held = held;
  range.to_offset = item.to_offset;
  cursor_.emplace(*block_, range, streamer_filter_);
  to_offset_ = item.to_offset;
  passed_ = 0;
  boundary_ = 0;
}

absl::Status TapEncoder::Encode(std::deque<v1::TapResponse>* messages) {
  absl::Status status;
  bool more = true;
  for (int i = 0; i < kMostEventsAtOnce && messages->size() < kMostMessages && more; ++i) {
    const DecodedEvent* event = nullptr;
    status = cursor_->Next(&event);
    if (status.ok() && event != nullptr && cursor_->passes()) status = Add(*event, messages);
    more = status.ok() && event != nullptr && !enough();
    if (status.ok() && event == nullptr) PassBoundaries(to_offset_);
    if (enough() && !cursor_->inside()) PassBoundaries(cursor_->end_offset());
  }
  CloseBatch(messages);
  if (!more) EndBlock();
  return status;
}

std::optional<uint64_t> TapEncoder::LeaveRest() {
  if (!cursor_ || cursor_->inside() || cursor_->end_offset() == 0) return std::nullopt;
  const uint64_t offset = cursor_->end_offset();
  EndBlock();
  return offset;
}

void TapEncoder::EndBlock() {
  cursor_.reset();
  block_.reset();
}

absl::Status TapEncoder::Add(const DecodedEvent& event, std::deque<v1::TapResponse>* messages) {
  if (!tap_filter_.Passes(event)) return absl::OkStatus();
  if (rows_ && (event.rows == nullptr || !rows_->Start(*event.table_map))) return absl::OkStatus();
  PassBoundaries(cursor_->end_offset() - event.log_bytes);
  if (event.header.size > kMostLogBytes) {
    AddGap(event, messages);
    return absl::OkStatus();
  }
  if (batch_ == nullptr || batch_bytes_ > kMostBatchBytes || batch_->events_size() >= kMostBatchEvents) {
    CloseBatch(messages);
    batch_ = messages->emplace_back().mutable_batch();
    batch_bytes_ = 0;
    events_at_boundary_ = 0;
  }
  v1::Event* added = batch_->add_events();
  const absl::Status made = ToProto(event, block_->start.file, cursor_->end_offset(), rows_ ? &*rows_ : nullptr, added);
  if (!made.ok()) return absl::IsDataLoss(made) ? cursor_->Failed(made) : made;
  const bool passes = !rows_ || added->rows_size() + added->old_rows_size() > 0;
  const size_t bytes = passes ? added->ByteSizeLong() : 0;
  if (passes && bytes <= kMostEventMessageBytes) {
    batch_bytes_ += bytes;
    ++events_;
    return absl::OkStatus();
  }
  batch_->mutable_events()->RemoveLast();
  if (passes) AddGap(event, messages);
  return absl::OkStatus();
}

void TapEncoder::AddGap(const DecodedEvent& event, std::deque<v1::TapResponse>* messages) {
  CloseBatch(messages);
  const uint64_t end = cursor_->end_offset();
  v1::TapResponse::Gap* gap = messages->emplace_back().mutable_gap();
  gap->set_dropped_events(1);
  gap->mutable_from()->set_file(block_->start.file);
  gap->mutable_from()->set_position(end - event.log_bytes);
  gap->mutable_to()->set_file(block_->start.file);
  gap->mutable_to()->set_position(end);
}

void TapEncoder::PassBoundaries(uint64_t offset) {
  for (; passed_ < block_->events.size(); ++passed_) {
    const BlockEvent& event = block_->events[passed_];
    const uint64_t end = block_->start.offset + event.begin + event.size;
    if (end > offset) return;
    if (!event.ends_transaction) continue;
    boundary_ = end;
    if (batch_ != nullptr) events_at_boundary_ = batch_->events_size();
  }
}

void TapEncoder::CloseBatch(std::deque<v1::TapResponse>* messages) {
  v1::TapResponse::Batch* batch = std::exchange(batch_, nullptr);
  if (batch == nullptr) return;
  if (batch->events_size() == 0) {
    messages->pop_back();
    return;
  }
  if (events_at_boundary_ == 0) return;
  ResumeToken token;
  token.epoch = block_->epoch->epoch;
  token.at.position = Position{block_->start.file, boundary_, ""};
  if (block_->format != nullptr) token.at.log_created = block_->format->created;
  if (block_->format != nullptr) token.at.log_server_id = block_->format->server_id;
  batch->set_resume_token(EncodeResumeToken(token));
  if (events_at_boundary_ == batch->events_size()) return;
  v1::TapResponse rest;
  for (int i = events_at_boundary_; i < batch->events_size(); ++i) {
    rest.mutable_batch()->add_events()->Swap(batch->mutable_events(i));
  }
  batch->mutable_events()->DeleteSubrange(events_at_boundary_, batch->events_size() - events_at_boundary_);
  messages->push_back(std::move(rest));
}

}  // namespace binlogd
