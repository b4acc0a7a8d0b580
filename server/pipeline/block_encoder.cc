#include "pipeline/block_encoder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/event_error.h"

namespace binlogd {
namespace {

absl::Status DecodeFailed(const Block& block, const BlockEvent& event, const absl::Status& cause) {
  return Permanent(EventError(block.start.file, block.start.offset + event.begin, event.type, cause));
}

}  // namespace

bool HeldTransactions::Contains(absl::string_view gtid) {
  if (held_ == nullptr || held_->empty() || gtid.empty()) return false;
  if (gtid != last_) {
    last_ = std::string(gtid);
    const absl::StatusOr<GtidSet> one = GtidSet::Parse(flavor_, gtid);
    last_held_ = one.ok() && held_->Contains(*one);
  }
  return last_held_;
}

BlockCursor::BlockCursor(const Block& block, const BlockRange& range, const EventFilter& filter)
    : block_(block),
      range_(range),
      filter_(filter),
      decoder_(block.flavor, block.format, block.definitions),
      held_(block.flavor, range.held),
      context_size_(block.context != nullptr && block.context_complete ? block.context->size() : 0),
      readable_(block.context_complete) {}

absl::Status BlockCursor::FeedContext(const DecodedEvent** event) {
  const absl::Status fed = decoder_.Feed((*block_.context)[context_at_++], event);
  return fed.ok() ? fed : DecodeFailed(block_, block_.events[0], fed);
}

absl::Status BlockCursor::FeedNext(const DecodedEvent** event) {
  const BlockEvent& next = block_.events[at_++];
  const uint64_t begin = block_.start.offset + next.begin;
  end_offset_ = begin + next.size;
  in_range_ = begin >= range_.from_offset;
  if (!in_range_ && end_offset_ > range_.from_offset) {
    return Permanent(MakeError(
        absl::StatusCode::kOutOfRange, "POSITION_INVALID",
        absl::StrCat(block_.start.file, ":", range_.from_offset, " is inside an event; the event begins at ", begin)));
  }
  if (!readable_) {
    readable_ = next.ends_transaction;
    return absl::OkStatus();
  }
  const absl::Status fed = decoder_.Feed(block_.event(next), event);
  inside_ = in_range_ && next.type == EventType::kTransactionPayload;
  // What was delivered before need not be decodable any more.
  return fed.ok() || !in_range_ ? absl::OkStatus() : DecodeFailed(block_, next, fed);
}

absl::Status BlockCursor::Next(const DecodedEvent** event) {
  current_ = nullptr;
  while (current_ == nullptr) {
    if (inside_) {
      const absl::Status more = decoder_.Next(&current_);
      if (!more.ok()) return DecodeFailed(block_, block_.events[at_ - 1], more);
      inside_ = current_ != nullptr;
    } else if (context_at_ < context_size_) {
      RETURN_IF_ERROR(FeedContext(&current_));
    } else if (at_ < block_.events.size() && block_.start.offset + block_.events[at_].begin < range_.to_offset) {
      RETURN_IF_ERROR(FeedNext(&current_));
    } else {
      break;
    }
  }
  *event = current_;
  if (current_ == nullptr) return absl::OkStatus();
  const bool held = held_.Contains(current_->gtid);
  if (held) inside_ = false;  // Nor the others of the transaction, if it is in one event.
  passes_ = in_range_ && !held && filter_.Passes(*current_);
  return absl::OkStatus();
}

absl::Status BlockCursor::Failed(const absl::Status& cause) const {
  const BlockEvent& event = block_.events[at_ == 0 ? 0 : at_ - 1];
  const bool is_inner = current_ != nullptr && at_ > 0 && current_->header.type != event.type;
  return DecodeFailed(block_, event,
                      is_inner ? Annotate(cause, absl::StrCat("its ", EventTypeName(current_->header.type))) : cause);
}

BlockEncoder::BlockEncoder(const Block& block, const BlockRange& range, const EventFilter& filter, EventFormat format,
                           const std::string& source_name, bool wants_records)
    : block_(block),
      cursor_(block, range, filter),
      encoder_(MakeEventEncoder(format, EncoderOptions{source_name, block.flavor, block.received})),
      wants_records_(wants_records) {
  for (const BlockEvent& event : block.events) {
    const uint64_t end = block.start.offset + event.begin + event.size;
    // A boundary before what is delivered would take the target's position back.
    if (event.ends_transaction && end > range.from_offset) boundary_ = end;
  }
  before_boundary_ = boundary_ != 0;
}

absl::StatusOr<EncodedBlock> BlockEncoder::Next(size_t piece_bytes) {
  EncodedBlock piece;
  RecordBuffer records(wants_records_);
  // The event with which the piece is complete seldom needs more than this beyond it.
  constexpr size_t kLastEvent = 64 << 10;
  const size_t expected = block_.bytes.size() * 2;
  records.values.reserve(expected < piece_bytes ? expected : piece_bytes + kLastEvent);
  while (!done_ && records.values.size() < piece_bytes) {
    const DecodedEvent* event = nullptr;
    RETURN_IF_ERROR(cursor_.Next(&event));
    if (before_boundary_ && (event == nullptr || cursor_.end_offset() > boundary_)) {
      // What the encoder held back of the transactions before the boundary belongs before it.
      encoder_->Finish(&records);
      piece.boundary_bytes = records.values.size();
      piece.boundary_records = records.records.size();
      piece.boundary_offset = boundary_;
      before_boundary_ = false;
    }
    if (event == nullptr) {
      encoder_->Finish(&records);
      done_ = true;
      break;
    }
    EventClassCounts& counts = cursor_.passes() ? piece.written : piece.filtered;
    if (cursor_.in_range()) ++counts[static_cast<size_t>(ClassOf(event->header.type))];
    const EventPlace place{block_.start.file, cursor_.end_offset()};
    const absl::Status encoded = encoder_->Append(*event, place, cursor_.passes(), &records);
    if (!encoded.ok()) return absl::IsDataLoss(encoded) ? cursor_.Failed(encoded) : encoded;
  }
  piece.events = records.count;
  piece.bytes = std::move(records.values);
  piece.keys = std::move(records.keys);
  piece.records = std::move(records.records);
  piece.origins = std::move(records.origins);
  return piece;
}

}  // namespace binlogd
