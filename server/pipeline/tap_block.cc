#include "pipeline/tap_block.h"

#include <algorithm>

#include "pipeline/block_encoder.h"

namespace binlogd {
namespace {

// More kinds than this are not worth looking through for every tap.
constexpr size_t kMostKinds = 64;

// Whether a decoder makes an event of it.
bool IsShown(EventType type) {
  switch (type) {
    case EventType::kTableMap:
    case EventType::kRowsQuery:
    case EventType::kMariaDbAnnotateRows:
    case EventType::kHeartbeat:
    case EventType::kHeartbeatV2: return false;
    default: return true;
  }
}

}  // namespace

uint64_t ShownEvents(const Block& block, uint64_t from_offset, uint64_t to_offset) {
  return static_cast<uint64_t>(std::count_if(block.events.begin(), block.events.end(), [&](const BlockEvent& event) {
    const uint64_t begin = block.start.offset + event.begin;
    return begin >= from_offset && begin < to_offset && IsShown(event.type);
  }));
}

bool TapBlock::MayPass(const EventFilter& filter) const {
  if (filter.spec() == FilterSpec()) return true;
  absl::MutexLock lock(&mutex_);
  if (!summarized_) Summarize();
  if (doubtful_) return true;
  const TableMap any_table;
  return std::any_of(kinds_.begin(), kinds_.end(), [&](const Kind& kind) {
    DecodedEvent event;
    event.kind = kind.kind;
    event.is_ddl = kind.is_ddl;
    event.database = kind.database;
    event.table = kind.table;
    if (kind.is_row) event.table_map = &any_table;
    return filter.Passes(event);
  });
}

void TapBlock::Summarize() const {
  summarized_ = true;
  // To see what is in a compressed transaction takes uncompressing it.
  doubtful_ = std::any_of(block_->events.begin(), block_->events.end(),
                          [](const BlockEvent& event) { return event.type == EventType::kTransactionPayload; });
  if (doubtful_) return;
  const EventFilter all{FilterSpec()};
  BlockCursor cursor(*block_, BlockRange{from_offset_, nullptr}, all);
  const DecodedEvent* event = nullptr;
  do {
    // What cannot be decoded is an error of the tap that wants it.
    if (!cursor.Next(&event).ok() || (event != nullptr && cursor.passes() && !AddKind(*event))) {
      doubtful_ = true;
      return;
    }
  } while (event != nullptr);
}

bool TapBlock::AddKind(const DecodedEvent& event) const {
  const bool is_row = event.table_map != nullptr;
  const auto same = [&](const Kind& kind) {
    return kind.kind == event.kind && kind.is_ddl == event.is_ddl && kind.is_row == is_row &&
           kind.database == event.database && kind.table == event.table;
  };
  if (std::any_of(kinds_.begin(), kinds_.end(), same)) return true;
  if (kinds_.size() >= kMostKinds) return false;
  kinds_.push_back(Kind{event.kind, event.is_ddl, is_row, std::string(event.database), std::string(event.table)});
  return true;
}

}  // namespace binlogd
