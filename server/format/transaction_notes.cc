#include "format/transaction_notes.h"

#include "absl/strings/numbers.h"

namespace binlogd {

std::optional<uint64_t> ExtraNumber(const DecodedEvent& event, absl::string_view name) {
  for (const auto& [key, value] : event.extra) {
    uint64_t number = 0;
    if (key == name && absl::SimpleAtoi(value, &number)) return number;
  }
  return std::nullopt;
}

void TransactionNotes::See(const DecodedEvent& event) {
  if (ended_ || event.kind == EventKind::kGtid) thread_id_.reset();
  ended_ = EndsTransaction(event);
  // MySQL tells it with BEGIN, newer MariaDB servers with the GTID that stands for it.
  if (event.kind == EventKind::kBegin || event.kind == EventKind::kGtid || event.kind == EventKind::kQuery) {
    if (const std::optional<uint64_t> thread = ExtraNumber(event, "thread_id")) thread_id_ = thread;
  }
}

bool EndsTransaction(const DecodedEvent& event) {
  return event.kind == EventKind::kCommit || event.kind == EventKind::kRollback || event.kind == EventKind::kXaPrepare;
}

}  // namespace binlogd
