#include "rpc/tap_request.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "pipeline/resume_token.h"
#include "rpc/convert.h"
#include "rpc/convert_parts.h"
#include "streamer/spec.h"

namespace binlogd {
namespace {

// The servers' own limit of a key's columns.
constexpr int kMostColumns = 16;
constexpr size_t kMostNameBytes = 256;
constexpr size_t kMostValueBytes = 65536;
// Of all patterns together: a tap is asked for by many, and each event is held against them.
constexpr size_t kMostPatternBytes = 16384;

absl::Status BadValue(absl::string_view field, absl::string_view message) {
  return InvalidField(field, "BAD_VALUE", message);
}

absl::Status CheckTapFilter(const FilterSpec& filter, const RowMatch& rows) {
  RETURN_IF_ERROR(CheckFilter(filter));
  size_t bytes = 0;
  for (const auto* patterns : {&filter.databases, &filter.tables, &filter.exclude_databases, &filter.exclude_tables}) {
    for (const std::string& pattern : *patterns) bytes += pattern.size();
  }
  if (bytes > kMostPatternBytes) {
    return BadValue("filter", absl::StrCat("its patterns have ", bytes, " bytes; at most ", kMostPatternBytes,
                                           ": use fewer, or globs"));
  }
  const std::set<EventKind>& events = filter.events;
  const bool has_row_kind =
      events.empty() ||
      events.count(EventKind::kWrite) + events.count(EventKind::kUpdate) + events.count(EventKind::kDelete) > 0;
  if (rows.empty() || has_row_kind) return absl::OkStatus();
  return BadValue("filter.events", "with `rows` only WRITE, UPDATE and DELETE pass, and none of them is among these");
}

absl::StatusOr<ColumnMatch> FromProto(const v1::ColumnMatch& message, const std::string& field) {
  if (message.column().empty() || message.column().size() > kMostNameBytes) {
    return BadValue(absl::StrCat(field, ".column"),
                    absl::StrCat("a column's name has 1 to ", kMostNameBytes, " bytes"));
  }
  ColumnMatch match;
  match.column = message.column();
  switch (message.wanted_case()) {
    case v1::ColumnMatch::kEquals: match.equals = message.equals(); break;
    case v1::ColumnMatch::kIsNull: break;
    case v1::ColumnMatch::WANTED_NOT_SET: return BadValue(field, "say what the column equals, or is_null");
  }
  if (match.equals && match.equals->size() > kMostValueBytes) {
    return BadValue(absl::StrCat(field, ".equals"), absl::StrCat("at most ", kMostValueBytes, " bytes"));
  }
  return match;
}

absl::StatusOr<RowMatch> FromProto(const v1::RowFilter& message) {
  const std::string most = absl::StrCat("at most ", kMostColumns, " values");
  if (message.columns_size() > kMostColumns) return BadValue("rows.columns", most);
  if (message.key_size() > kMostColumns) return BadValue("rows.key", most);
  RowMatch match;
  for (int i = 0; i < message.columns_size(); ++i) {
    ASSIGN_OR_RETURN(ColumnMatch column, FromProto(message.columns(i), absl::StrCat("rows.columns[", i, "]")));
    match.columns.push_back(std::move(column));
  }
  for (int i = 0; i < message.key_size(); ++i) {
    if (message.key(i).size() > kMostValueBytes) {
      return BadValue(absl::StrCat("rows.key[", i, "]"), absl::StrCat("at most ", kMostValueBytes, " bytes"));
    }
    match.key.push_back(message.key(i));
  }
  return match;
}

absl::StatusOr<absl::Time> FromProto(const google::protobuf::Timestamp& message, absl::string_view field) {
  using google::protobuf::util::TimeUtil;
  // The log counts seconds from 1970 in 32 bits.
  constexpr int64_t kMostSeconds = std::numeric_limits<uint32_t>::max();
  if (message.seconds() < 0 || message.seconds() > kMostSeconds || message.nanos() < 0 || message.nanos() > 999999999) {
    return BadValue(field, "it is no time of 1970 to 2106");
  }
  return absl::FromUnixNanos(TimeUtil::TimestampToNanoseconds(message));
}

absl::StatusOr<Position> FromProto(const v1::StartSpec::FilePosition& message, absl::string_view field) {
  StartSpec start;
  start.kind = StartSpec::Kind::kPosition;
  start.file = message.file();
  start.offset = message.offset();
  RETURN_IF_ERROR(CheckStart(field, start, Flavor::kMySql));
  return Position{start.file, std::max(start.offset, kFirstEventOffset), ""};
}

absl::Status ReadStartOfTap(const v1::TapStart& message, Flavor flavor, TapWish* wish) {
  LogStart& start = wish->start;
  switch (message.kind_case()) {
    case v1::TapStart::kLive:
    case v1::TapStart::KIND_NOT_SET: return absl::OkStatus();
    case v1::TapStart::kEarliest: start.kind = LogStart::Kind::kEarliest; return absl::OkStatus();
    case v1::TapStart::kTime: {
      start.kind = LogStart::Kind::kTime;
      ASSIGN_OR_RETURN(start.time, FromProto(message.time(), "start.time"));
      return absl::OkStatus();
    }
    case v1::TapStart::kPosition: {
      start.kind = LogStart::Kind::kPosition;
      ASSIGN_OR_RETURN(start.position, FromProto(message.position(), "start"));
      return absl::OkStatus();
    }
    case v1::TapStart::kGtidSet: {
      start.kind = LogStart::Kind::kGtidSet;
      start.gtid_set = message.gtid_set();
      StartSpec checked;
      checked.kind = StartSpec::Kind::kGtidSet;
      checked.gtid_set = message.gtid_set();
      return CheckStart("start", checked, flavor);
    }
    case v1::TapStart::kResumeToken: break;
  }
  const absl::StatusOr<ResumeToken> token = ParseResumeToken(message.resume_token());
  if (!token.ok()) {
    return InvalidField("start.resume_token", ErrorReason(token.status()), token.status().message());
  }
  start.kind = LogStart::Kind::kBoundary;
  start.boundary = token->at;
  wish->epoch = token->epoch;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TapWish> FromProto(const v1::TapRequest& message, Flavor flavor) {
  TapWish wish;
  ASSIGN_OR_RETURN(wish.filter, FromProto(message.filter()));
  ASSIGN_OR_RETURN(wish.rows, FromProto(message.rows()));
  RETURN_IF_ERROR(CheckTapFilter(wish.filter, wish.rows));
  RETURN_IF_ERROR(ReadStartOfTap(message.start(), flavor, &wish));
  const v1::TapEnd& end = message.end();
  wish.most_events = end.events();
  if (end.has_time()) {
    ASSIGN_OR_RETURN(wish.end.time, FromProto(end.time(), "end.time"));
  }
  if (end.has_position()) {
    ASSIGN_OR_RETURN(wish.end.position, FromProto(end.position(), "end"));
  }
  wish.replay_gaps = message.replay_gaps();
  return wish;
}

}  // namespace binlogd
