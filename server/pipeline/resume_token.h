// Where a tap can go on, as text that its reader keeps.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/position.h"
#include "pipeline/block_builder.h"

namespace binlogd {

// A transaction boundary in an epoch's log.
struct ResumeToken {
  Epoch epoch;
  ReadStart at;
};

// A text of A-Z a-z 0-9 `-` `_` and `.`, that begins with "tap1.". The GTID set is left out.
std::string EncodeResumeToken(const ResumeToken& token);
// INVALID_ARGUMENT (BAD_RESUME_TOKEN) when the text is none, cut short or changed.
absl::StatusOr<ResumeToken> ParseResumeToken(absl::string_view text);

}  // namespace binlogd
