// A run of events that moves through the pipeline together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlog/event_header.h"
#include "binlog/flavor.h"
#include "binlog/format_description.h"
#include "binlog/position.h"
#include "binlog/table_definition.h"

namespace binlogd {

// One event of a block.
struct BlockEvent {
  uint32_t begin = 0;  // In Block::bytes.
  uint32_t size = 0;
  EventType type = EventType::kUnknown;
  bool ends_transaction = false;  // The log is at a transaction boundary after this event.
};

// Contiguous whole events of one binary log file, exactly as the file has them (checksums included), with all that it
// takes to decode them without the blocks before. Filled by one thread, then sealed: immutable and shared.
struct Block {
  Flavor flavor = Flavor::kMySql;
  std::shared_ptr<const EpochStart> epoch;
  Position start;  // start.offset is the offset of bytes[0] in the file.
  Position end;    // end.offset == start.offset + bytes.size().
  std::string bytes;
  std::vector<BlockEvent> events;
  std::shared_ptr<const FormatDescription> format;  // In force at the start.
  // Whole events from before the block that are still in force at its start, for a decoder to see first: the
  // transaction's GTID and its BEGIN (or what stands for it), the statement's rows query (or annotate rows) and its
  // table maps.
  std::shared_ptr<const std::vector<std::string>> context;
  // Of tables whose table maps, in the block or its context, do not tell all of their columns; null when there are
  // none.
  std::shared_ptr<const TableDefinitions> definitions;
  // False when the block begins inside a transaction whose beginning was not read, so `context` is not all there is.
  bool context_complete = true;
  bool starts_at_boundary = true;  // Whether the log is at a transaction boundary where the block begins.
  absl::Time received;             // When the first event arrived.
  uint32_t last_timestamp = 0;     // The newest nonzero timestamp of its events, the source's clock.

  absl::string_view event(const BlockEvent& e) const { return absl::string_view(bytes).substr(e.begin, e.size); }
  bool has_boundary() const {
    for (const BlockEvent& e : events)
      if (e.ends_transaction) return true;
    return false;
  }
};

}  // namespace binlogd
