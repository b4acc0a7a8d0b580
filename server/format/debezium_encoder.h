// Decoded events as Debezium's change events.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "format/event_encoder.h"
#include "format/row_changes.h"
#include "format/transaction_notes.h"

namespace binlogd {

// One record a row: the envelope of Debezium's MySQL and MariaDB connectors without its schema;
// docs/formats/debezium.md says where we differ. Only rows are delivered. Keys are objects of the primary key's
// columns.
class DebeziumEncoder : public EventEncoder {
 public:
  explicit DebeziumEncoder(const EncoderOptions& options);

  absl::Status Append(const DecodedEvent& event, const EventPlace& place, bool passes, RecordBuffer* out) override;
  void Finish(RecordBuffer*) override {}

 private:
  // What all records of an event share: "source" but for its row and query, and what follows it.
  void StartEvent(const DecodedEvent& event, const EventPlace& place);
  // One change, which is several records when it changes the primary key.
  void AppendChange(const DecodedEvent& event, RecordBuffer* out);
  // Null: the row has no such image.
  void AppendRecord(const WrittenRow* before, const WrittenRow* after, char operation, const TableMap& table,
                    RecordBuffer* out);
  // `key` is the old one of a row that is gone; empty when it has none.
  void AppendTombstone(absl::string_view key, RecordBuffer* out);

  const std::string source_head_;  // `{"version":…,"connector":…,"name":…`
  const std::string tail_;         // What follows `"op":"…"`.
  TransactionNotes transaction_;
  RowChanges changes_;
  std::string source_;
  std::string query_;
  int64_t row_ = 0;  // Number of the change in its event.
  std::string old_key_;
  std::string new_key_;
};

}  // namespace binlogd
