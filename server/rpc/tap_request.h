// What a tap's caller asks for.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "binlog/event_filter.h"
#include "binlog/flavor.h"
#include "binlogd/v1/service.pb.h"
#include "format/row_match.h"
#include "pipeline/tap_feed.h"

namespace binlogd {

struct TapWish {
  FilterSpec filter;
  RowMatch rows;
  LogStart start;
  std::optional<Epoch> epoch;  // For which the start is good.
  TapEnd end;
  uint64_t most_events = 0;  // 0: without end.
  bool replay_gaps = false;
};

// Of a tap on a streamer whose source is of this flavor. INVALID_ARGUMENT names the field of what has no meaning, is
// too much, or lets nothing pass.
absl::StatusOr<TapWish> FromProto(const v1::TapRequest& message, Flavor flavor);

}  // namespace binlogd
