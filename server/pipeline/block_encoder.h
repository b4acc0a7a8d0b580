// One block, decoded, filtered and written in a format.
#pragma once

#include <functional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/block.h"
#include "binlog/decoder.h"
#include "binlog/event_filter.h"
#include "binlog/gtid_set.h"
#include "format/event_encoder.h"
#include "target/target.h"

namespace binlogd {

// What of a block is delivered.
struct BlockRange {
  uint64_t from_offset = 0;       // Events that begin before it were delivered before; an offset in the block's file.
  const GtidSet* held = nullptr;  // Transactions to leave out; not owned, may be null.
};

// Gets each event of the block with the offset in the file after it, and before them, with offset 0, those of the
// block's context. `passes`: it is in the range and passes the filter.
using EventVisitor = absl::FunctionRef<absl::Status(const DecodedEvent& event, uint64_t end_offset, bool passes)>;

// Decodes the events of `block` in order. Thread-safe: works on nothing but its arguments. Events of a transaction
// whose beginning was not read are left out. DATA_LOSS (permanent; DECODE_FAILED or the cause's own reason) names file,
// offset and event type; OUT_OF_RANGE (POSITION_INVALID, permanent) when range.from_offset lies inside an event; errors
// of the visitor.
absl::Status VisitBlock(const Block& block, const BlockRange& range, const EventFilter& filter, EventVisitor visit);

// VisitBlock, writing the events in a format. What a target's records tell of their source is told by `source_name`.
absl::StatusOr<EncodedBlock> EncodeBlock(const Block& block, const BlockRange& range, const EventFilter& filter,
                                         EventFormat format, const std::string& source_name);

}  // namespace binlogd
