// Blocks for tests, by the way that they come about in a streamer.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/block_builder.h"
#include "pipeline/block_encoder.h"
#include "tests/harness/log_writer.h"

namespace binlogd::testing {

// Keeps what is delivered.
class CollectingSink : public BlockSink {
 public:
  absl::Status Deliver(std::shared_ptr<const Block> block) override {
    if (!answer.ok()) return answer;
    blocks.push_back(std::move(block));
    return absl::OkStatus();
  }
  std::vector<std::shared_ptr<const Block>> blocks;
  absl::Status answer;
};

inline std::shared_ptr<const EpochStart> MakeEpoch(uint32_t number = 1, const std::string& identity = "6f1c2a9e") {
  auto start = std::make_shared<EpochStart>();
  start->epoch = Epoch{number, identity};
  start->server_uuid = LogWriter::kServerUuid;
  start->server_id = 1;
  start->server_version = "8.0.40";
  start->first = Position{"binlog.000001", kFirstEventOffset, ""};
  start->reason = "first start";
  return start;
}

inline BatchLimits Limits(uint32_t max_events, uint64_t max_bytes = 10485760) {
  BatchLimits limits;
  limits.max_events = max_events;
  limits.max_bytes = max_bytes;
  return limits;
}

// The log as blocks, from the beginning of its first file. Aborts when the builder refuses an event.
inline std::vector<std::shared_ptr<const Block>> BlocksOf(
    const LogWriter& log, const BatchLimits& limits, const std::shared_ptr<const EpochStart>& epoch = MakeEpoch()) {
  CollectingSink sink;
  BlockBuilder builder(Flavor::kMySql, limits, &sink);
  builder.Begin(epoch, ReadStart{Position{log.files().front(), kFirstEventOffset, ""}});
  for (const LoggedEvent& event : log.events()) {
    if (!builder.Add(event.bytes).ok()) std::abort();
  }
  if (!builder.Seal().ok()) std::abort();
  return sink.blocks;
}

// A block's encoded form in one piece.
inline absl::StatusOr<EncodedBlock> EncodeBlock(const Block& block, const BlockRange& range, const EventFilter& filter,
                                                EventFormat format, const std::string& source_name) {
  return BlockEncoder(block, range, filter, format, source_name).Next(std::numeric_limits<size_t>::max());
}

}  // namespace binlogd::testing
