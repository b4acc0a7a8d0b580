#include "auth/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "base/trace.h"

namespace binlogd {
namespace {

absl::StatusOr<FileDescriptor> OpenToAppend(const std::string& path) {
  return OpenFile(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
}

}  // namespace

void AuditEntry::SetResult(const absl::Status& status) {
  code = absl::StatusCodeToString(status.code());
  reason = status.ok() ? "" : ErrorReason(status);
}

std::string AuditLine(const AuditEntry& entry) {
  using Json = nlohmann::ordered_json;
  Json json = {{"time", absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone())},
               {"user", entry.user},
               {"shown", std::string(entry.shown)},
               {"peer", entry.peer},
               {"method", entry.method},
               {"streamer", entry.streamer}};
  if (!entry.request_id.empty()) json["request_id"] = entry.request_id;
  if (!entry.trace_id.empty()) json["trace_id"] = entry.trace_id;
  if (entry.validate_only) json["validate_only"] = true;
  json["phase"] = std::string(entry.phase);
  json["code"] = entry.code;
  if (!entry.reason.empty()) json["reason"] = entry.reason;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(std::string path) {
  ASSIGN_OR_RETURN(FileDescriptor file, OpenToAppend(path));
  return std::unique_ptr<AuditLog>(new AuditLog(std::move(path), std::move(file)));
}

void AuditLog::Write(const AuditEntry& entry) {
  const std::string line = AuditLine(entry);
  const TraceScope trace(entry.trace_id);
  if (path_.empty()) return Log(LogLevel::kInfo, "audit", line);
  const std::string with_end = line + "\n";
  ssize_t written = 0;
  int error = 0;
  {
    // One call a line, so that lines do not mix, also with those of another process.
    absl::MutexLock lock(&mutex_);
    written = write(file_.get(), with_end.data(), with_end.size());
    error = errno;
  }
  if (written == static_cast<ssize_t>(with_end.size())) return;
  const absl::Status failed = SystemError(written < 0 ? error : ENOSPC, absl::StrCat("cannot write to ", path_));
  Log(LogLevel::kError, "audit", absl::StrCat(failed.message(), "; the line is: ", line));
}

absl::Status AuditLog::Reopen() {
  if (path_.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(FileDescriptor file, OpenToAppend(path_));
  absl::MutexLock lock(&mutex_);
  std::swap(file_, file);
  return absl::OkStatus();
}

}  // namespace binlogd
