#include "binlog/stream_tracker.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/malformed.h"
#include "binlog/mariadb_compression.h"
#include "binlog/query_event.h"
#include "binlog/rows.h"
#include "binlog/table_map.h"

namespace binlogd {

StreamTracker::StreamTracker(Flavor flavor) : gtid_set_(flavor) {}

void StreamTracker::Reset(const GtidSet& gtid_set, bool at_boundary) {
  grammar_.Reset(!at_boundary);
  context_complete_ = at_boundary;
  gtid_set_ = gtid_set;
  text_stale_ = true;
  ForgetTransaction();
}

absl::Status StreamTracker::Take(const EventHeader& header, absl::string_view bytes, bool* ends_transaction) {
  const bool is_format = header.type == EventType::kFormatDescription;
  const size_t checksum_size = format_ != nullptr && !is_format ? format_->checksum_size() : 0;
  if (header.size != bytes.size() || bytes.size() < kEventHeaderSize + checksum_size) {
    return Malformed(absl::StrCat("a ", EventTypeName(header.type), " event of ", bytes.size(),
                                  " bytes states a size of ", header.size));
  }
  const absl::string_view body = bytes.substr(kEventHeaderSize, bytes.size() - kEventHeaderSize - checksum_size);
  Step step = Step::kNone;
  switch (header.type) {
    case EventType::kGtid:
    case EventType::kAnonymousGtid:
    case EventType::kTaggedGtid:
    case EventType::kMariaDbGtid: {
      ASSIGN_OR_RETURN(step, TakeGtid(header, body));
      gtid_event_.assign(bytes.data(), bytes.size());
      break;
    }
    case EventType::kQuery:
    case EventType::kExecuteLoadQuery:
    case EventType::kMariaDbQueryCompressed: {
      ASSIGN_OR_RETURN(step, TakeQuery(header.type, body));
      if (step == Step::kBegins) opening_event_.assign(bytes.data(), bytes.size());
      break;
    }
    case EventType::kRowsQuery:
    case EventType::kMariaDbAnnotateRows: rows_query_event_.assign(bytes.data(), bytes.size()); break;
    case EventType::kPreviousGtids:
    case EventType::kMariaDbGtidList: RETURN_IF_ERROR(TakeGtidSet(header.type, body)); break;
    case EventType::kFormatDescription:
      RETURN_IF_ERROR(TakeFormat(bytes));
      step = grammar_.TakeOther(header.type);
      break;
    default:
      if (IsRowsEvent(header.type)) {
        ASSIGN_OR_RETURN(step, TakeRows(header.type, body));
      } else {
        step = grammar_.TakeOther(header.type);
        if (header.type == EventType::kTableMap) RememberTableMap(bytes);
      }
  }
  if (step == Step::kEnds && has_open_gtid_) {
    gtid_set_.Add(open_gtid_);
    text_stale_ = true;
  }
  if (step == Step::kEnds || step == Step::kBreaks) {
    ForgetTransaction();
    context_complete_ = true;
  }
  ended_transaction_ = step == Step::kEnds;
  *ends_transaction = grammar_.outside();
  return absl::OkStatus();
}

absl::StatusOr<StreamTracker::Step> StreamTracker::TakeGtid(const EventHeader& header, absl::string_view body) {
  ASSIGN_OR_RETURN(GtidEvent event, ParseGtidEvent(header, body));
  ForgetTransaction();
  context_complete_ = true;
  const Step step = grammar_.TakeGtid(event);
  has_open_gtid_ = event.gtid.number != 0;
  open_gtid_ = std::move(event.gtid);
  return step;
}

absl::StatusOr<StreamTracker::Step> StreamTracker::TakeQuery(EventType type, absl::string_view body) {
  if (type == EventType::kExecuteLoadQuery) {
    LoadedFile file;
    RETURN_IF_ERROR(ParseExecuteLoadQueryEvent(body, &file).status());
    return grammar_.TakeStatement(StatementKind::kOther);
  }
  ASSIGN_OR_RETURN(const QueryEvent query, ParseQueryEvent(body));
  absl::string_view statement = query.statement;
  if (type == EventType::kMariaDbQueryCompressed) {
    uncompressed_.clear();
    RETURN_IF_ERROR(UncompressMariaDb(statement, &uncompressed_));
    statement = uncompressed_;
  }
  return grammar_.TakeStatement(ClassifyStatement(statement));
}

absl::StatusOr<StreamTracker::Step> StreamTracker::TakeRows(EventType type, absl::string_view body) {
  const size_t table_id_size = format_ == nullptr ? 6 : TableIdSize(format_->PostHeaderLength(type, 8));
  ByteReader reader(body);
  uint16_t flags = 0;
  if (!reader.Skip(table_id_size) || !reader.ReadU16(&flags)) {
    return Malformed(absl::StrCat("a ", EventTypeName(type), " event is cut short"));
  }
  rows_query_event_.clear();  // Told by this event.
  if ((flags & kStatementEndFlag) != 0) ForgetStatement();
  return grammar_.TakeOther(type);
}

absl::Status StreamTracker::TakeGtidSet(EventType type, absl::string_view body) {
  ASSIGN_OR_RETURN(const GtidSet set, type == EventType::kPreviousGtids ? GtidSet::ParsePreviousGtids(body)
                                                                        : GtidSet::ParseGtidList(body));
  gtid_set_.Add(set);
  text_stale_ = true;
  return absl::OkStatus();
}

absl::Status StreamTracker::TakeFormat(absl::string_view bytes) {
  ASSIGN_OR_RETURN(FormatDescription format, ParseFormatDescription(bytes));
  format_ = std::make_shared<const FormatDescription>(std::move(format));
  return absl::OkStatus();
}

const std::string& StreamTracker::gtid_set_text() const {
  if (text_stale_) {
    gtid_set_text_ = gtid_set_.ToString();
    text_stale_ = false;
  }
  return gtid_set_text_;
}

std::shared_ptr<const std::vector<std::string>> StreamTracker::context() const {
  auto context = std::make_shared<std::vector<std::string>>();
  for (const std::string* event : {&gtid_event_, &opening_event_, &rows_query_event_}) {
    if (!event->empty()) context->push_back(*event);
  }
  context->insert(context->end(), table_map_events_.begin(), table_map_events_.begin() + table_map_count_);
  return context;
}

void StreamTracker::RememberTableMap(absl::string_view bytes) {
  if (table_map_count_ == table_map_events_.size()) table_map_events_.emplace_back();
  table_map_events_[table_map_count_++].assign(bytes.data(), bytes.size());
}

void StreamTracker::ForgetStatement() {
  rows_query_event_.clear();
  table_map_count_ = 0;
}

void StreamTracker::ForgetTransaction() {
  ForgetStatement();
  gtid_event_.clear();
  opening_event_.clear();
  has_open_gtid_ = false;
}

}  // namespace binlogd
