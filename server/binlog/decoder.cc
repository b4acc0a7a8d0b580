#include "binlog/decoder.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/charset.h"
#include "binlog/gtid_event.h"
#include "binlog/malformed.h"
#include "binlog/mariadb_compression.h"
#include "binlog/query_event.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

EventKind KindOf(RowsEvent::Operation operation) {
  switch (operation) {
    case RowsEvent::Operation::kWrite: return EventKind::kWrite;
    case RowsEvent::Operation::kUpdate: return EventKind::kUpdate;
    case RowsEvent::Operation::kDelete: return EventKind::kDelete;
  }
  return EventKind::kOther;
}

EventKind KindOf(StatementKind statement) {
  switch (statement) {
    case StatementKind::kBegin: return EventKind::kBegin;
    case StatementKind::kCommit: return EventKind::kCommit;
    case StatementKind::kRollback: return EventKind::kRollback;
    default: return EventKind::kQuery;
  }
}

// 'ab' as X'6162', which is how the servers print the parts of an XA transaction's name.
std::string HexLiteral(absl::string_view bytes) { return absl::StrCat("X'", absl::BytesToHexString(bytes), "'"); }

// What belongs to the log, and not to a transaction, stands outside the payload; so does the transaction's GTID.
bool MayBeInPayload(EventType type) {
  switch (type) {
    case EventType::kTransactionPayload:
    case EventType::kFormatDescription:
    case EventType::kRotate:
    case EventType::kStop:
    case EventType::kPreviousGtids:
    case EventType::kGtid:
    case EventType::kAnonymousGtid:
    case EventType::kTaggedGtid:
    case EventType::kHeartbeat:
    case EventType::kHeartbeatV2:
    case EventType::kMariaDbGtid:
    case EventType::kMariaDbGtidList: return false;
    default: return true;
  }
}

}  // namespace

absl::string_view EventKindName(EventKind kind) {
  switch (kind) {
    case EventKind::kUnspecified: return "unspecified";
    case EventKind::kWrite: return "write";
    case EventKind::kUpdate: return "update";
    case EventKind::kDelete: return "delete";
    case EventKind::kQuery: return "query";
    case EventKind::kGtid: return "gtid";
    case EventKind::kBegin: return "begin";
    case EventKind::kCommit: return "commit";
    case EventKind::kRollback: return "rollback";
    case EventKind::kRotate: return "rotate";
    case EventKind::kFormatDescription: return "format_description";
    case EventKind::kPreviousGtids: return "previous_gtids";
    case EventKind::kXaPrepare: return "xa_prepare";
    case EventKind::kIncident: return "incident";
    case EventKind::kStop: return "stop";
    case EventKind::kOther: return "other";
  }
  return "unspecified";
}

EventDecoder::EventDecoder(Flavor flavor, std::shared_ptr<const FormatDescription> format,
                           std::shared_ptr<const TableDefinitions> definitions)
    : flavor_(flavor), format_(std::move(format)), definitions_(std::move(definitions)) {}

absl::Status EventDecoder::Feed(absl::string_view bytes, const DecodedEvent** event) {
  *event = nullptr;
  if (in_payload_) EndPayload();
  ForgetWhatEnded();
  ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(bytes));
  const bool has_checksum = format_ != nullptr && header.type != EventType::kFormatDescription;
  const size_t checksum_size = has_checksum ? format_->checksum_size() : 0;
  if (header.size != bytes.size() || bytes.size() < kEventHeaderSize + checksum_size) {
    return Malformed(absl::StrCat("a ", EventTypeName(header.type), " event of ", bytes.size(),
                                  " bytes states a size of ", header.size));
  }
  if (header.type != EventType::kTransactionPayload) return DecodeWhole(header, bytes, checksum_size, event);
  payload_event_bytes_ = header.size;
  in_payload_ = true;
  const absl::Status opened =
      payload_.Open(bytes.substr(kEventHeaderSize, bytes.size() - kEventHeaderSize - checksum_size));
  if (opened.ok()) return Next(event);
  EndPayload();
  return opened;
}

absl::Status EventDecoder::Next(const DecodedEvent** event) {
  *event = nullptr;
  while (in_payload_ && *event == nullptr) {
    ForgetWhatEnded();
    absl::string_view inner;
    absl::Status status = payload_.Next(&inner);
    const bool ends = status.ok() && inner.empty();
    if (!ends && status.ok())
      status = Annotate(DecodeInner(inner, event), absl::StrCat("its event ", payload_.event_count()));
    if (ends || !status.ok()) EndPayload();
    RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

absl::Status EventDecoder::DecodeInner(absl::string_view bytes, const DecodedEvent** event) {
  ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(bytes));
  if (!MayBeInPayload(header.type)) {
    return Malformed(
        absl::StrCat("a ", EventTypeName(header.type), " event cannot stand in a Transaction_payload event"));
  }
  RETURN_IF_ERROR(DecodeWhole(header, bytes, 0, event));
  if (*event != nullptr) event_.log_bytes = payload_event_bytes_;
  transaction_ends_ = false;  // It ends with the payload.
  return absl::OkStatus();
}

void EventDecoder::EndPayload() {
  in_payload_ = false;
  Advance(grammar_.TakeOther(EventType::kTransactionPayload));
}

absl::Status EventDecoder::DecodeWhole(const EventHeader& header, absl::string_view bytes, size_t checksum_size,
                                       const DecodedEvent** event) {
  event_.kind = EventKind::kOther;
  event_.header = header;
  event_.log_bytes = header.size;
  event_.database = event_.table = event_.query = absl::string_view();
  event_.is_ddl = false;
  event_.table_map = nullptr;
  event_.rows = nullptr;
  event_.extra.clear();
  emit_ = true;
  if (header.type == EventType::kFormatDescription) {
    RETURN_IF_ERROR(DecodeFormat(bytes));
  } else {
    RETURN_IF_ERROR(Decode(bytes.substr(kEventHeaderSize, bytes.size() - kEventHeaderSize - checksum_size)));
  }
  if (!emit_ || (header.flags & kArtificialFlag) != 0) return absl::OkStatus();
  event_.gtid = gtid_;
  AddExtra("server_id", header.server_id);
  std::sort(event_.extra.begin(), event_.extra.end());
  *event = &event_;
  return absl::OkStatus();
}

absl::Status EventDecoder::Decode(absl::string_view body) {
  const EventType type = event_.header.type;
  if (IsRowsEvent(type)) return DecodeRows(body);
  switch (type) {
    case EventType::kQuery:
    case EventType::kMariaDbQueryCompressed: return DecodeQuery(body);
    case EventType::kExecuteLoadQuery: return DecodeExecuteLoadQuery(body);
    case EventType::kGtid:
    case EventType::kAnonymousGtid:
    case EventType::kTaggedGtid:
    case EventType::kMariaDbGtid: return DecodeGtid(body);
    case EventType::kTableMap: Advance(grammar_.TakeOther(type)); return DecodeTableMap(body);
    case EventType::kRowsQuery:
      emit_ = false;
      // Its first byte is a length that is too short for long statements; the rest of the event is the statement.
      rows_query_ = std::string(body.substr(std::min<size_t>(1, body.size())));
      return absl::OkStatus();
    case EventType::kMariaDbAnnotateRows:
      emit_ = false;
      rows_query_ = std::string(body);
      return absl::OkStatus();
    case EventType::kHeartbeat:
    case EventType::kHeartbeatV2: emit_ = false; return absl::OkStatus();
    case EventType::kPreviousGtids:
    case EventType::kMariaDbGtidList: return DecodePreviousGtids(body);
    default: Advance(grammar_.TakeOther(type)); return DecodeSimple(body);
  }
}

// Events of a few fixed fields, and those that are passed on by name.
absl::Status EventDecoder::DecodeSimple(absl::string_view body) {
  ByteReader reader(body);
  switch (event_.header.type) {
    case EventType::kXid: {  // Layout: 8 number of the transaction in its storage engine.
      uint64_t xid = 0;
      if (!reader.ReadU64(&xid)) return CutShort();
      event_.kind = EventKind::kCommit;
      AddExtra("xid", xid);
      return absl::OkStatus();
    }
    case EventType::kRotate: {  // Layout: 8 offset in the next file, its name.
      uint64_t offset = 0;
      if (!reader.ReadU64(&offset)) return CutShort();
      event_.kind = EventKind::kRotate;
      AddExtra("next_position", offset);
      AddExtra("next_file", ReplaceInvalidUtf8(reader.rest()));
      return absl::OkStatus();
    }
    case EventType::kStop: event_.kind = EventKind::kStop; return absl::OkStatus();
    case EventType::kIncident: {  // Layout: 2 number, 1 length of the message, message.
      uint16_t number = 0;
      uint8_t length = 0;
      absl::string_view message;
      if (!reader.ReadU16(&number)) return CutShort();
      event_.kind = EventKind::kIncident;
      AddExtra("incident", number);
      if (reader.ReadU8(&length) && reader.ReadBytes(length, &message))
        AddExtra("message", ReplaceInvalidUtf8(message));
      return absl::OkStatus();
    }
    case EventType::kXaPrepare: return DecodeXaPrepare(body);
    default: return DecodeOther(body);
  }
}

absl::Status EventDecoder::DecodeOther(absl::string_view body) {
  const EventType type = event_.header.type;
  const bool is_known = type != EventType::kUnknown && EventTypeName(type) != EventTypeName(EventType::kUnknown);
  const std::string name = is_known ? std::string(EventTypeName(type)) : absl::StrCat("type ", static_cast<int>(type));
  // What it does to the rows is not known, and neither whether anything may be left out with it.
  if (!is_known && (event_.header.flags & (kIgnorableFlag | kArtificialFlag)) == 0) {
    return MakeError(absl::StatusCode::kDataLoss, "UNKNOWN_EVENT",
                     absl::StrCat("events of ", name, " are unknown and this one is not marked as ignorable"));
  }
  AddExtra("event", name);
  AddExtra("bytes", event_.header.size);
  return DescribeStatementEvent(flavor_, type, body, &event_.extra);
}

// Layout: 1 one phase, 4 format, 4 length of the global part of the name, 4 length of the branch's part, both parts.
absl::Status EventDecoder::DecodeXaPrepare(absl::string_view body) {
  ByteReader reader(body);
  uint8_t one_phase = 0;
  uint32_t format = 0;
  uint32_t global_length = 0;
  uint32_t branch_length = 0;
  absl::string_view global_part;
  absl::string_view branch_part;
  if (!reader.ReadU8(&one_phase) || !reader.ReadU32(&format) || !reader.ReadU32(&global_length) ||
      !reader.ReadU32(&branch_length) || !reader.ReadBytes(global_length, &global_part) ||
      !reader.ReadBytes(branch_length, &branch_part)) {
    return CutShort();
  }
  event_.kind = one_phase != 0 ? EventKind::kCommit : EventKind::kXaPrepare;
  AddExtra("xid",
           absl::StrCat(HexLiteral(global_part), ",", HexLiteral(branch_part), ",", static_cast<int32_t>(format)));
  return absl::OkStatus();
}

absl::Status EventDecoder::DecodeFormat(absl::string_view bytes) {
  ASSIGN_OR_RETURN(FormatDescription format, ParseFormatDescription(bytes));
  Advance(grammar_.TakeOther(EventType::kFormatDescription));
  event_.kind = EventKind::kFormatDescription;
  AddExtra("server_version", ReplaceInvalidUtf8(format.server_version));
  AddExtra("checksum", std::string(format.checksum == ChecksumAlgorithm::kCrc32 ? "CRC32" : "NONE"));
  format_ = std::make_shared<const FormatDescription>(std::move(format));
  return absl::OkStatus();
}

absl::Status EventDecoder::DecodePreviousGtids(absl::string_view body) {
  ASSIGN_OR_RETURN(const GtidSet set, event_.header.type == EventType::kPreviousGtids
                                          ? GtidSet::ParsePreviousGtids(body)
                                          : GtidSet::ParseGtidList(body));
  event_.kind = EventKind::kPreviousGtids;
  AddExtra("gtid_set", set.ToString());
  return absl::OkStatus();
}

absl::Status EventDecoder::DecodeGtid(absl::string_view body) {
  ASSIGN_OR_RETURN(const GtidEvent event, ParseGtidEvent(event_.header, body));
  grammar_.TakeGtid(event);
  EndStatement();
  event_.kind = EventKind::kGtid;
  gtid_ = event.gtid.number == 0 ? std::string() : event.gtid.ToString();
  return absl::OkStatus();
}

absl::Status EventDecoder::DecodeQuery(absl::string_view body) {
  ASSIGN_OR_RETURN(const QueryEvent query, ParseQueryEvent(body));
  absl::string_view statement = query.statement;
  if (event_.header.type == EventType::kMariaDbQueryCompressed) {
    uncompressed_.clear();
    RETURN_IF_ERROR(UncompressMariaDb(statement, &uncompressed_));
    statement = uncompressed_;
  }
  TakeQuery(query, statement, ClassifyStatement(statement));
  return absl::OkStatus();
}

absl::Status EventDecoder::DecodeExecuteLoadQuery(absl::string_view body) {
  constexpr absl::string_view kDuplicates[] = {"ERROR", "IGNORE", "REPLACE"};
  LoadedFile file;
  ASSIGN_OR_RETURN(const QueryEvent query, ParseExecuteLoadQueryEvent(body, &file));
  TakeQuery(query, query.statement, StatementKind::kOther);
  AddExtra("file_id", file.file_id);
  AddExtra("file_name_begin", file.name_begin);
  AddExtra("file_name_end", file.name_end);
  AddExtra("on_duplicate", file.duplicates < std::size(kDuplicates) ? std::string(kDuplicates[file.duplicates])
                                                                    : absl::StrCat(file.duplicates));
  return absl::OkStatus();
}

void EventDecoder::TakeQuery(const QueryEvent& query, absl::string_view statement, StatementKind kind) {
  Advance(grammar_.TakeStatement(kind));
  event_.kind = KindOf(kind);
  event_.is_ddl = kind == StatementKind::kDefinition || kind == StatementKind::kCreateTableStartTransaction;
  event_.query = StatementAsUtf8(CharsetOfCollation(flavor_, query.client_collation), statement);
  schema_ = ReplaceInvalidUtf8(query.schema);
  event_.database = schema_;
  AddExtra("thread_id", query.thread_id);
  AddExtra("execution_seconds", query.execution_seconds);
  if (query.error_code != 0) AddExtra("error_code", query.error_code);
}

absl::string_view EventDecoder::StatementAsUtf8(Charset charset, absl::string_view statement) {
  if (IsAsciiKept(charset) && AsciiPrefix(statement) == statement.size()) return statement;
  converted_.clear();
  if (charset != Charset::kNotTold && charset != Charset::kUtf8 && AppendAsUtf8(charset, statement, &converted_)) {
    return converted_;
  }
  if (IsUtf8(statement)) return statement;
  AddExtra("query_base64", absl::Base64Escape(statement));
  converted_ = ReplaceInvalidUtf8(statement);
  return converted_;
}

absl::Status EventDecoder::DecodeTableMap(absl::string_view body) {
  constexpr size_t kMostTables = 1024;
  emit_ = false;
  const size_t id_size = TableIdSize(PostHeaderLength(8));
  ByteReader reader(body);
  uint64_t table_id = 0;
  if (!reader.ReadUnsigned(id_size, &table_id)) return CutShort();
  // Table ids grow with every ALTER and every reopened table. Between statements nothing refers to what is known.
  if (statement_tables_ == 0 && tables_.size() >= kMostTables) tables_.clear();
  std::unique_ptr<KnownTable>& known = tables_[table_id];
  if (known == nullptr) known = std::make_unique<KnownTable>();
  if (known->bytes != body) {
    ASSIGN_OR_RETURN(known->table, ParseTableMap(flavor_, body, id_size));
    if (definitions_ != nullptr) definitions_->Complete(flavor_, &known->table);
    known->bytes = std::string(body);
  }
  known->statement = statement_;
  ++statement_tables_;
  return absl::OkStatus();
}

absl::Status EventDecoder::DecodeRows(absl::string_view body) {
  const EventType type = event_.header.type;
  const size_t id_size = TableIdSize(PostHeaderLength(8));
  RETURN_IF_ERROR(ParseRowsEvent(type, body, id_size, &rows_));
  Advance(grammar_.TakeOther(type));
  statement_ends_ = (rows_.flags & kStatementEndFlag) != 0;
  const auto known = tables_.find(rows_.table_id);
  if (known == tables_.end() || known->second->statement != statement_) {
    // An event without rows and table only ends the statement, as when none of its tables is logged.
    if (rows_.images.empty() && statement_ends_) {
      emit_ = false;
      return absl::OkStatus();
    }
    return MakeError(absl::StatusCode::kDataLoss, "TABLE_MAP_MISSING",
                     absl::StrCat("a ", EventTypeName(type), " event has rows of table id ", rows_.table_id,
                                  ", which no Table_map event of its statement describes"));
  }
  const TableMap& table = known->second->table;
  event_.kind = KindOf(rows_.operation);
  event_.database = table.database;
  event_.table = table.table;
  event_.query = StatementAsUtf8(Charset::kNotTold, rows_query_);  // The log does not tell its character set.
  rows_query_told_ = true;
  event_.table_map = &table;
  event_.rows = &rows_;
  return absl::OkStatus();
}

uint8_t EventDecoder::PostHeaderLength(uint8_t fallback) const {
  return format_ == nullptr ? fallback : format_->PostHeaderLength(event_.header.type, fallback);
}

absl::Status EventDecoder::CutShort() const {
  return Malformed(absl::StrCat("a ", EventTypeName(event_.header.type), " event is cut short"));
}

void EventDecoder::Advance(TransactionGrammar::Step step) {
  using Step = TransactionGrammar::Step;
  if (step == Step::kBreaks) {  // What was cut off does not reach into this event.
    gtid_.clear();
    EndStatement();
  }
  transaction_ends_ = step == Step::kEnds;
}

void EventDecoder::ForgetWhatEnded() {
  if (transaction_ends_) gtid_.clear();
  if (transaction_ends_ || statement_ends_) EndStatement();
  // A statement's text may be megabytes long and have thousands of row events: the first one tells it.
  if (rows_query_told_) rows_query_.clear();
  rows_query_told_ = false;
  transaction_ends_ = false;
  statement_ends_ = false;
}

void EventDecoder::EndStatement() {
  rows_query_.clear();
  ++statement_;
  statement_tables_ = 0;
}

}  // namespace binlogd
