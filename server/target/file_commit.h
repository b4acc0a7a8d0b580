// The last steps of a commit to files, in their order.
#pragma once

#include <functional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "target/file_ledger.h"

namespace binlogd {

// Not thread-safe.
class FileCommit {
 public:
  explicit FileCommit(std::function<absl::Time()> clock) : clock_(std::move(clock)) {}

  // The data is durable. Saves the ledger, so that it is never behind the position, and calls `record`, which makes the
  // position durable; then `retain`, when a file was closed or the last time is a while ago. An error of the first two.
  absl::Status Finish(FileLedger& ledger, absl::FunctionRef<absl::Status()> record, absl::FunctionRef<void()> retain);
  // The next Finish calls `retain`.
  void Reset() { retained_ = absl::InfinitePast(); }

 private:
  const std::function<absl::Time()> clock_;
  absl::Time retained_ = absl::InfinitePast();  // When `retain` was called.
};

}  // namespace binlogd
