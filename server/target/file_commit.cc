#include "target/file_commit.h"

#include "base/status_macros.h"

namespace binlogd {

absl::Status FileCommit::Finish(FileLedger& ledger, uint32_t source_time, absl::FunctionRef<absl::Status()> record,
                                absl::FunctionRef<void()> retain) {
  const bool next_file = ledger.changed();
  RETURN_IF_ERROR(ledger.Save());
  RETURN_IF_ERROR(record());
  if (source_time != 0) log_ = absl::FromUnixSeconds(source_time);
  const absl::Time now = clock_();
  // Also when the clock was set back.
  if (!next_file && absl::AbsDuration(now - retained_) < kRetentionStep) return absl::OkStatus();
  retained_ = now;
  retain();
  return absl::OkStatus();
}

void FileCommit::Reset(uint32_t source_time) {
  retained_ = absl::InfinitePast();
  log_ = source_time == 0 ? absl::InfinitePast() : absl::FromUnixSeconds(source_time);
}

}  // namespace binlogd
