// The last steps of a commit to files, in their order.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "target/file_ledger.h"
#include "target/retention.h"

namespace binlogd {

// Not thread-safe.
class FileCommit {
 public:
  explicit FileCommit(std::function<absl::Time()> clock) : clock_(std::move(clock)) {}

  // The data is durable. Saves the ledger, so that it is never behind the position, and calls `record`, which makes the
  // position durable; then `retain`, when a file was closed or the last time is a while ago. An error of the first two.
  // `source_time` is the position's.
  absl::Status Finish(FileLedger& ledger, uint32_t source_time, absl::FunctionRef<absl::Status()> record,
                      absl::FunctionRef<void()> retain);
  // The next Finish calls `retain`. What is durable by now has this time.
  void Reset(uint32_t source_time);
  RetentionTimes times() const { return {clock_(), log_}; }

 private:
  const std::function<absl::Time()> clock_;
  absl::Time log_ = absl::InfinitePast();       // Of the newest event that is durable.
  absl::Time retained_ = absl::InfinitePast();  // When `retain` was called.
};

}  // namespace binlogd
