// Who changed what.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/file.h"

namespace binlogd {

// One line. Holds no secret: of a request only what stands here.
struct AuditEntry {
  std::string user;
  // "token", "certificate" or "none".
  absl::string_view shown = "none";
  // The client's address.
  std::string peer;
  std::string method;
  std::string streamer;
  // The request's own; empty: none.
  std::string request_id = {};
  // The trace that the call belongs to; empty: none.
  std::string trace_id = {};
  // It only asked what would be done.
  bool validate_only = false;
  // "begin" (of a stream), or "end" (of a stream or any other call).
  absl::string_view phase = "end";
  // The code's name, and the reason when it is not OK.
  std::string code = "OK";
  std::string reason = {};

  // Sets the last two.
  void SetResult(const absl::Status& status);
};

// The entry as one JSON object in a line, without a line break.
std::string AuditLine(const AuditEntry& entry);

// A file to which lines are appended; without one they go to the process's log. Thread-safe.
class AuditLog {
 public:
  // To the process's log.
  AuditLog() = default;
  // Made with mode 0600 when it is not there. The status names the path.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(std::string path);

  // The line is with the system when it returns. What cannot be written goes to the process's log, with the error.
  void Write(const AuditEntry& entry);
  // Opens the path anew, after the file was renamed. On failure the old file stays in use.
  absl::Status Reopen();

 private:
  AuditLog(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}

  const std::string path_;
  absl::Mutex mutex_;
  FileDescriptor file_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
