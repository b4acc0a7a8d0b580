// Bytes to decoded events: the state that a run of events builds up, and the events that come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/charset.h"
#include "binlog/event_header.h"
#include "binlog/flavor.h"
#include "binlog/format_description.h"
#include "binlog/query_event.h"
#include "binlog/rows.h"
#include "binlog/statement.h"
#include "binlog/statement_event.h"
#include "binlog/table_definition.h"
#include "binlog/table_map.h"
#include "binlog/transaction_grammar.h"
#include "binlog/transaction_payload.h"

namespace binlogd {

// What a decoded event is; the same list, in the same order, as binlogd.v1.EventType.
enum class EventKind : uint8_t {
  kUnspecified,
  kWrite,
  kUpdate,
  kDelete,
  kQuery,
  kGtid,
  kBegin,
  kCommit,
  kRollback,
  kRotate,
  kFormatDescription,
  kPreviousGtids,
  kXaPrepare,
  kIncident,
  kStop,
  kOther,
};

// "write", "update", …: the `type` of the JSON form.
absl::string_view EventKindName(EventKind kind);

// One decoded event. Views and pointers stay valid until the decoder is fed again or asked for the next one.
struct DecodedEvent {
  EventKind kind = EventKind::kOther;
  EventHeader header;
  uint32_t log_bytes = 0;  // What it takes in the log: its size; in a compressed transaction that of the whole payload.
  absl::string_view database;  // All names and statements are UTF-8.
  absl::string_view table;
  absl::string_view gtid;  // Of the transaction that the event belongs to; empty when there is none.
  absl::string_view
      query;            // The statement; of a statement's first row event: its rows query or annotate rows, if logged.
  bool is_ddl = false;  // kQuery: not one of the statements that change or read rows.
  const TableMap* table_map = nullptr;  // Row events.
  const RowsEvent* rows = nullptr;      // Row events: iterate with RowCursor.
  // What else is known, as name and value, sorted by name; all of them stand in docs/formats.md.
  ExtraFields extra;
};

// Decodes the events of one stream in order. Keeps the format description, the transaction's GTID, the statement's
// table maps and its rows query. Not thread-safe; one for each run of events that is decoded on its own.
class EventDecoder {
 public:
  // `definitions` complete table maps that do not tell all of their columns; may be null.
  EventDecoder(Flavor flavor, std::shared_ptr<const FormatDescription> format,
               std::shared_ptr<const TableDefinitions> definitions = nullptr);

  // Feeds one whole event (checksum included; it has been checked). `*event` is null when the event only changes the
  // decoder's state (table maps, rows queries, heartbeats). DATA_LOSS when it cannot be decoded, or is of an unknown
  // type (UNKNOWN_EVENT) and not marked as one that may be skipped; its message names the event's type. The decoder can
  // be fed on after an error.
  absl::Status Feed(absl::string_view bytes, const DecodedEvent** event);
  // The next event of a fed event that holds several (a compressed transaction, of which no more than one event is in
  // memory at a time); null when there is none. `bytes` of the Feed must still be there. Errors as Feed, after which
  // there is none. What is not asked for is left out when the decoder is fed again.
  absl::Status Next(const DecodedEvent** event);

 private:
  // A table map as it was last seen under its table id. Servers send it again with every statement; only when its bytes
  // have changed is it parsed again.
  struct KnownTable {
    std::string bytes;
    TableMap table;
    uint64_t statement = 0;  // The last statement that had it; it is in force during that one.
  };

  // One event, in the log or in a payload; `event` as in Feed.
  absl::Status DecodeWhole(const EventHeader& header, absl::string_view bytes, size_t checksum_size,
                           const DecodedEvent** event);
  absl::Status DecodeInner(absl::string_view bytes, const DecodedEvent** event);
  absl::Status Decode(absl::string_view body);
  absl::Status DecodeSimple(absl::string_view body);
  absl::Status DecodeOther(absl::string_view body);
  absl::Status DecodeXaPrepare(absl::string_view body);
  absl::Status DecodeFormat(absl::string_view bytes);
  absl::Status DecodePreviousGtids(absl::string_view body);
  absl::Status DecodeGtid(absl::string_view body);
  absl::Status DecodeQuery(absl::string_view body);
  absl::Status DecodeExecuteLoadQuery(absl::string_view body);
  void TakeQuery(const QueryEvent& query, absl::string_view statement, StatementKind kind);
  absl::Status DecodeTableMap(absl::string_view body);
  absl::Status DecodeRows(absl::string_view body);

  absl::string_view StatementAsUtf8(Charset charset, absl::string_view statement);
  uint8_t PostHeaderLength(uint8_t fallback) const;
  absl::Status CutShort() const;
  void AddExtra(absl::string_view name, uint64_t value) { event_.extra.emplace_back(name, std::to_string(value)); }
  void AddExtra(absl::string_view name, std::string value) { event_.extra.emplace_back(name, std::move(value)); }
  // What ends with an event is still told of that event and forgotten when the next one is fed.
  void Advance(TransactionGrammar::Step step);
  void ForgetWhatEnded();
  void EndStatement();
  void EndPayload();

  const Flavor flavor_;
  std::shared_ptr<const FormatDescription> format_;
  const std::shared_ptr<const TableDefinitions> definitions_;
  TransactionGrammar grammar_;
  std::string gtid_;
  std::string rows_query_;
  bool rows_query_told_ = false;
  std::string schema_;
  std::string uncompressed_;
  std::string converted_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<KnownTable>> tables_;
  uint64_t statement_ = 1;       // Number of the statement.
  size_t statement_tables_ = 0;  // Table maps that it has.
  bool statement_ends_ = false;
  bool transaction_ends_ = false;
  bool in_payload_ = false;
  uint32_t payload_event_bytes_ = 0;  // Of the event that holds the payload.
  TransactionPayload payload_;
  RowsEvent rows_;
  DecodedEvent event_;
  bool emit_ = false;
};

}  // namespace binlogd
