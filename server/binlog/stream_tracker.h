// Follows a stream of events: where transactions begin and end, which GTIDs are complete, what is still in force.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/event_header.h"
#include "binlog/flavor.h"
#include "binlog/format_description.h"
#include "binlog/gtid_set.h"
#include "binlog/transaction_grammar.h"

namespace binlogd {

// Looks only at headers and at the few event types that matter here; row events are not read beyond their flags.
// Not thread-safe.
class StreamTracker {
 public:
  explicit StreamTracker(Flavor flavor);

  // Begins at a place in a file. `gtid_set` is complete there; a PREVIOUS_GTIDS or GTID_LIST event adds to it.
  // `at_boundary` is false when the place is inside a transaction whose beginning will not be seen.
  void Reset(const GtidSet& gtid_set, bool at_boundary);

  // Takes the next event that stands in the file (never an artificial one), checksum included. `*ends_transaction` says
  // whether the log is at a transaction boundary after it. DATA_LOSS when the event cannot be read.
  absl::Status Take(const EventHeader& header, absl::string_view bytes, bool* ends_transaction);

  bool at_boundary() const { return grammar_.outside(); }
  // Whether the last event taken ended a transaction.
  bool ended_transaction() const { return ended_transaction_; }
  // Of the transaction that the log is in; null when there is none or it has none.
  const Gtid* open_gtid() const { return has_open_gtid_ ? &open_gtid_ : nullptr; }
  // False until the first boundary after a Reset inside a transaction.
  bool context_complete() const { return context_complete_; }
  // All transactions that have ended. Its text is made anew only when it has changed.
  const std::string& gtid_set_text() const;
  const GtidSet& gtid_set() const { return gtid_set_; }
  // The format description in force; null before the first.
  const std::shared_ptr<const FormatDescription>& format() const { return format_; }
  void set_format(std::shared_ptr<const FormatDescription> format) { format_ = std::move(format); }
  // See Block::context.
  std::shared_ptr<const std::vector<std::string>> context() const;

 private:
  using Step = TransactionGrammar::Step;

  absl::StatusOr<Step> TakeGtid(const EventHeader& header, absl::string_view body);
  absl::StatusOr<Step> TakeQuery(EventType type, absl::string_view body);
  absl::StatusOr<Step> TakeRows(EventType type, absl::string_view body);
  absl::Status TakeGtidSet(EventType type, absl::string_view body);
  absl::Status TakeFormat(absl::string_view bytes);
  void RememberTableMap(absl::string_view bytes);
  void ForgetStatement();
  void ForgetTransaction();

  TransactionGrammar grammar_;
  bool context_complete_ = true;
  bool ended_transaction_ = false;
  GtidSet gtid_set_;
  Gtid open_gtid_;
  bool has_open_gtid_ = false;
  mutable std::string gtid_set_text_;
  mutable bool text_stale_ = true;
  std::shared_ptr<const FormatDescription> format_;
  // Events in force, whole. Of the vector only the first table_map_count_ are; the others keep their memory.
  std::string gtid_event_;
  std::string opening_event_;
  std::string rows_query_event_;
  std::vector<std::string> table_map_events_;
  size_t table_map_count_ = 0;
  std::string uncompressed_;
};

}  // namespace binlogd
