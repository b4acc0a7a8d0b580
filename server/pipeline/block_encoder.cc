#include "pipeline/block_encoder.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "format/json_encoder.h"

namespace binlogd {
namespace {

// Keeps the cause's reason: TRANSACTION_COMPRESSED says more than that something could not be decoded.
absl::Status DecodeFailed(const Block& block, const BlockEvent& event, const absl::Status& cause) {
  const absl::Status named =
      Annotate(cause, absl::StrCat(block.start.file, " offset ", block.start.offset + event.begin, ": event ",
                                   EventTypeName(event.type), " cannot be decoded"));
  const bool has_reason = ErrorReason(cause) != absl::StatusCodeToString(cause.code());
  return Permanent(has_reason ? named : MakeError(absl::StatusCode::kDataLoss, "DECODE_FAILED", named.message()));
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
    if (decoded == nullptr || begin < range.from_offset || held.Contains(decoded->gtid) || !filter.Passes(*decoded))
      continue;
    if (absl::Status visited = visit(*decoded, begin + event.size); !visited.ok()) {
      return absl::IsDataLoss(visited) ? DecodeFailed(block, event, visited) : visited;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<EncodedBlock> EncodeBlock(const Block& block, const BlockRange& range, const EventFilter& filter) {
  EncodedBlock encoded;
  encoded.bytes.reserve(block.bytes.size() * 2);
  uint64_t boundary = 0;
  for (const BlockEvent& event : block.events) {
    const uint64_t end = block.start.offset + event.begin + event.size;
    // A boundary before what is delivered would take the target's position back.
    if (event.ends_transaction && end > range.from_offset) boundary = end;
  }
  JsonEncoder encoder;
  auto append = [&](const DecodedEvent& event, uint64_t end_offset) {
    RETURN_IF_ERROR(encoder.Append(event, block.start.file, end_offset, &encoded.bytes));
    ++encoded.events;
    if (end_offset <= boundary) encoded.boundary_bytes = encoded.bytes.size();
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(VisitBlock(block, range, filter, append));
  encoded.boundary_offset = boundary;
  return encoded;
}

}  // namespace binlogd
