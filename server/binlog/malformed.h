// The error of bytes that are not what the log's format says.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/error.h"

namespace binlogd {

// DATA_LOSS (EVENT_MALFORMED); the message says which event and what is wrong with it.
inline absl::Status Malformed(absl::string_view message) {
  return MakeError(absl::StatusCode::kDataLoss, "EVENT_MALFORMED", message);
}

}  // namespace binlogd
