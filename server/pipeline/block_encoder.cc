#include "pipeline/block_encoder.h"

#include <memory>
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

// Whether the transaction that `gtid` names is one to leave out. Remembers the last answer: it is asked for every
// event.
class HeldTransactions {
 public:
  HeldTransactions(Flavor flavor, const GtidSet* held) : flavor_(flavor), held_(held) {}

  bool Contains(absl::string_view gtid) {
    if (held_ == nullptr || held_->empty() || gtid.empty()) return false;
    if (gtid != last_) {
      last_ = std::string(gtid);
      const absl::StatusOr<GtidSet> one = GtidSet::Parse(flavor_, gtid);
      last_held_ = one.ok() && held_->Contains(*one);
    }
    return last_held_;
  }

 private:
  const Flavor flavor_;
  const GtidSet* const held_;
  std::string last_;
  bool last_held_ = false;
};

}  // namespace

absl::Status VisitBlock(const Block& block, const BlockRange& range, const EventFilter& filter, EventVisitor visit) {
  EventDecoder decoder(block.flavor, block.format);
  const DecodedEvent* decoded = nullptr;
  if (block.context != nullptr && block.context_complete) {
    for (const std::string& event : *block.context) {
      if (absl::Status fed = decoder.Feed(event, &decoded); !fed.ok()) return DecodeFailed(block, block.events[0], fed);
      if (decoded != nullptr) RETURN_IF_ERROR(visit(*decoded, 0, false));
    }
  }
  HeldTransactions held(block.flavor, range.held);
  bool readable = block.context_complete;
  for (const BlockEvent& event : block.events) {
    const uint64_t begin = block.start.offset + event.begin;
    if (begin < range.from_offset && begin + event.size > range.from_offset) {
      return Permanent(MakeError(
          absl::StatusCode::kOutOfRange, "POSITION_INVALID",
          absl::StrCat(block.start.file, ":", range.from_offset, " is inside an event; the event begins at ", begin)));
    }
    if (!readable) {
      readable = event.ends_transaction;
      continue;
    }
    if (absl::Status fed = decoder.Feed(block.event(event), &decoded); !fed.ok()) {
      // What was delivered before need not be decodable any more.
      if (begin < range.from_offset) continue;
      return DecodeFailed(block, event, fed);
    }
    if (decoded == nullptr) continue;
    const bool passes = begin >= range.from_offset && !held.Contains(decoded->gtid) && filter.Passes(*decoded);
    if (absl::Status visited = visit(*decoded, begin + event.size, passes); !visited.ok()) {
      return absl::IsDataLoss(visited) ? DecodeFailed(block, event, visited) : visited;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<EncodedBlock> EncodeBlock(const Block& block, const BlockRange& range, const EventFilter& filter,
                                         EventFormat format, const std::string& source_name) {
  EncodedBlock encoded;
  uint64_t boundary = 0;
  for (const BlockEvent& event : block.events) {
    const uint64_t end = block.start.offset + event.begin + event.size;
    // A boundary before what is delivered would take the target's position back.
    if (event.ends_transaction && end > range.from_offset) boundary = end;
  }
  const std::unique_ptr<EventEncoder> encoder =
      MakeEventEncoder(format, EncoderOptions{source_name, block.flavor, block.received});
  RecordBuffer records;
  records.values.reserve(block.bytes.size() * 2);
  bool before_boundary = boundary != 0;
  const auto pass_boundary = [&] {
    // What the encoder held back of the transactions before the boundary belongs before it.
    encoder->Finish(&records);
    encoded.boundary_bytes = records.values.size();
    before_boundary = false;
  };
  const auto append = [&](const DecodedEvent& event, uint64_t end_offset, bool passes) {
    if (before_boundary && end_offset > boundary) pass_boundary();
    return encoder->Append(event, EventPlace{block.start.file, end_offset}, passes, &records);
  };
  RETURN_IF_ERROR(VisitBlock(block, range, filter, append));
  if (before_boundary) pass_boundary();
  encoder->Finish(&records);
  encoded.events = records.count;
  encoded.bytes = std::move(records.values);
  encoded.boundary_offset = boundary;
  return encoded;
}

}  // namespace binlogd
