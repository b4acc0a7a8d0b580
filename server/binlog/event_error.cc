#include "binlog/event_error.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {

absl::Status EventError(absl::string_view file, uint64_t begin_offset, EventType type, const absl::Status& cause) {
  const absl::Status named = Annotate(cause, absl::StrCat(file, ": offset ", begin_offset, ": ", EventTypeName(type)));
  const bool has_reason = ErrorReason(cause) != absl::StatusCodeToString(cause.code());
  return has_reason ? named : MakeError(absl::StatusCode::kDataLoss, "DECODE_FAILED", named.message());
}

}  // namespace binlogd
