#include "target/file_commit.h"

#include "base/status_macros.h"
#include "target/retention.h"

namespace binlogd {

absl::Status FileCommit::Finish(FileLedger& ledger, absl::FunctionRef<absl::Status()> record,
                                absl::FunctionRef<void()> retain) {
  const bool next_file = ledger.changed();
  RETURN_IF_ERROR(ledger.Save());
  RETURN_IF_ERROR(record());
  const absl::Time now = clock_();
  if (!next_file && now - retained_ < kRetentionStep) return absl::OkStatus();
  retained_ = now;
  retain();
  return absl::OkStatus();
}

}  // namespace binlogd
