#include "archive/tracked_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/event_error.h"

namespace binlogd {

bool IsGtidEvent(EventType type) {
  return type == EventType::kGtid || type == EventType::kAnonymousGtid || type == EventType::kTaggedGtid ||
         type == EventType::kMariaDbGtid;
}

bool IsGtidSetEvent(EventType type) { return type == EventType::kPreviousGtids || type == EventType::kMariaDbGtidList; }

absl::StatusOr<TrackedLog> TrackedLog::Open(const std::string& path, const LogFileOptions& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<LogFileReader> file, LogFileReader::Open(path, options));
  return TrackedLog(std::move(file));
}

absl::StatusOr<bool> TrackedLog::Next(LogFileEvent* event) {
  ASSIGN_OR_RETURN(const bool more, file_->Next(event));
  if (more && !tracker_.has_value()) tracker_.emplace(file_->flavor());
  // A replica may go on in its next relay log at any event.
  if (more || tracker_->at_boundary() || file_->relay_log()) return more;
  const Gtid* gtid = tracker_->open_gtid();
  return MakeError(
      absl::StatusCode::kDataLoss, "LOG_CUT_SHORT",
      absl::StrCat(file_->path(), ": offset ", file_->offset(), ": the file ends inside the transaction ",
                   gtid == nullptr ? "" : absl::StrCat(gtid->ToString(), " "), "that begins at ", unit_begin_,
                   ": the server still writes it or crashed, or the copy is not whole; a crash never committed it"));
}

absl::Status TrackedLog::Track(const LogFileEvent& event) {
  was_at_boundary_ = tracker_->at_boundary();
  bool ignored = false;
  if (absl::Status taken = tracker_->Take(event.header, event.bytes, &ignored); !taken.ok()) {
    return EventError(file_->path(), event.offset, event.header.type, taken);
  }
  if (was_at_boundary_ || IsGtidEvent(event.header.type)) unit_begin_ = event.offset;
  return absl::OkStatus();
}

}  // namespace binlogd
