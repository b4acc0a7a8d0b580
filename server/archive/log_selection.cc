#include "archive/log_selection.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

bool Holds(const std::optional<GtidSet>& set, const Gtid* gtid) {
  return set.has_value() && gtid != nullptr && set->Contains(*gtid);
}

absl::Status InsideEvent(uint64_t position, const LogFileEvent& event) {
  return MakeError(absl::StatusCode::kOutOfRange, "POSITION_INVALID",
                   absl::StrCat("position ", position, " is inside an event, which begins at ", event.offset,
                                " and ends at ", event.end(), "; take one of these"));
}

}  // namespace

void LogSelector::BeginFile(bool first, bool last) {
  start_ = first ? selection_.start_position : 0;
  stop_ = last ? selection_.stop_position : 0;
  dialect_checked_ = false;
  current_ = Verdict::kTake;
}

absl::StatusOr<LogSelector::Verdict> LogSelector::Place(const LogFileEvent& event) {
  if (stop_ != 0 && event.end() > stop_) {
    if (event.offset < stop_ && event.offset >= start_) return InsideEvent(stop_, event);
    done_ = true;
    return Verdict::kStop;
  }
  if (event.offset >= start_) return Verdict::kTake;
  if (event.end() > start_) return InsideEvent(start_, event);
  return Verdict::kSkip;
}

absl::StatusOr<LogSelector::Verdict> LogSelector::Transaction(const LogFileEvent& event, const TrackedLog& log) {
  const GtidSet& logged = log.tracker().gtid_set();
  if (!dialect_checked_) {
    RETURN_IF_ERROR(CheckDialect(logged.flavor()));
    dialect_checked_ = true;
  }
  // A GTID begins a transaction also where the one before was cut off.
  if (log.was_at_boundary() || IsGtidEvent(event.header.type)) current_ = Decide(event, log);
  const bool has_grown = log.tracker().ended_transaction() || IsGtidSetEvent(event.header.type);
  const bool complete = has_grown && selection_.stop_gtids.has_value() && logged.Contains(*selection_.stop_gtids);
  done_ = done_ || complete || current_ == Verdict::kStop;
  return current_;
}

LogSelector::Verdict LogSelector::Decide(const LogFileEvent& event, const TrackedLog& log) {
  if (!log.is_transaction()) {
    const bool waits = selection_.start_time.has_value() || selection_.start_gtids.has_value();
    return (waits && !started_) || selection_.include_gtids.has_value() ? Verdict::kSkip : Verdict::kTake;
  }
  const absl::Time time = absl::FromUnixSeconds(event.header.timestamp);
  const Gtid* gtid = log.tracker().open_gtid();
  if (selection_.stop_time.has_value() && time >= *selection_.stop_time) return Verdict::kStop;
  if (Holds(selection_.start_gtids, gtid)) return Verdict::kSkip;
  if (!started_ && selection_.start_time.has_value() && time < *selection_.start_time) return Verdict::kSkip;
  started_ = true;
  if (selection_.include_gtids.has_value() && !Holds(selection_.include_gtids, gtid)) return Verdict::kSkip;
  return Holds(selection_.exclude_gtids, gtid) ? Verdict::kSkip : Verdict::kTake;
}

absl::Status LogSelector::CheckDialect(Flavor flavor) const {
  for (const std::optional<GtidSet>* set :
       {&selection_.start_gtids, &selection_.stop_gtids, &selection_.include_gtids, &selection_.exclude_gtids}) {
    if (!set->has_value() || (*set)->empty() || (*set)->flavor() == flavor) continue;
    return MakeError(absl::StatusCode::kInvalidArgument, "GTID_SET_INVALID",
                     absl::StrCat("the GTID set \"", (*set)->ToString(), "\" is in the dialect of ",
                                  FlavorName((*set)->flavor()), ", but this is a log of ", FlavorName(flavor)));
  }
  return absl::OkStatus();
}

absl::Status LogSelector::EndFile(uint64_t offset) const {
  if (start_ <= offset) return absl::OkStatus();
  return MakeError(absl::StatusCode::kOutOfRange, "POSITION_INVALID",
                   absl::StrCat("start position ", start_, " is behind the end of the file, ", offset));
}

std::string LogSelector::unmet_stop() const {
  if (done_) return "";
  if (selection_.stop_gtids.has_value()) {
    return absl::StrCat("the files end before the log contains ", selection_.stop_gtids->ToString());
  }
  return "";
}

}  // namespace binlogd
