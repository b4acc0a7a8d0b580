// A binary log file, read with an eye on its transactions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "archive/log_file.h"
#include "binlog/stream_tracker.h"

namespace binlogd {

// Whether the event begins a transaction by naming it.
bool IsGtidEvent(EventType type);
// Whether the event states which GTIDs are complete where the file begins.
bool IsGtidSetEvent(EventType type);

// A LogFileReader and the state of its log. Read each event with Next(), look at the state before it, hand it to
// Track(), look at the state after it. Not thread-safe.
class TrackedLog {
 public:
  // Errors of LogFileReader::Open().
  static absl::StatusOr<TrackedLog> Open(const std::string& path, const LogFileOptions& options);

  // As LogFileReader::Next(). At the end of the file DATA_LOSS (LOG_CUT_SHORT) when a transaction is open,
  // but for relay logs.
  absl::StatusOr<bool> Next(LogFileEvent* event);
  // DATA_LOSS (EVENT_MALFORMED) when the event cannot be read.
  absl::Status Track(const LogFileEvent& event);

  const LogFileReader& file() const { return *file_; }
  // From the first Next() on.
  const StreamTracker& tracker() const { return *tracker_; }
  // Of the last event tracked: whether the log was between transactions before it; whether it begins or is one.
  bool was_at_boundary() const { return was_at_boundary_; }
  bool is_transaction() const { return !tracker_->at_boundary() || tracker_->ended_transaction(); }
  // Where the last transaction, or event between transactions, begins.
  uint64_t unit_begin() const { return unit_begin_; }

 private:
  explicit TrackedLog(std::unique_ptr<LogFileReader> file) : file_(std::move(file)) {}

  std::unique_ptr<LogFileReader> file_;
  std::optional<StreamTracker> tracker_;
  bool was_at_boundary_ = true;
  uint64_t unit_begin_ = 0;
};

}  // namespace binlogd
