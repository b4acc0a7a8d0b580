// Statuses that carry a machine-readable reason.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// A status whose reason (UPPER_SNAKE_CASE, listed in docs/errors.md) travels with it to the RPC's error detail.
// `message` names the thing, the cause and the way out. Never put a secret into it.
absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message);

// INVALID_ARGUMENT for a field of a spec; `field` is its path, for example "targets[0].file.path".
absl::Status InvalidField(absl::string_view field, absl::string_view reason, absl::string_view message);

// The same status of InvalidField with `outer` and a dot before its field, there and in its message. OK stays OK.
absl::Status InField(absl::string_view outer, const absl::Status& status);

// The reason given to MakeError, or the status code's own name ("UNAVAILABLE") when there is none.
std::string ErrorReason(const absl::Status& status);

// The field given to InvalidField, or empty.
std::string ErrorField(const absl::Status& status);

// The same status with "prefix: " before its message; code, reason and field are kept. OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view prefix);

// The same status with a permanent mark: trying again will not help, a person has to act. OK stays OK.
absl::Status Permanent(const absl::Status& status);

// The same status without that mark.
absl::Status Transient(const absl::Status& status);

// Whether Permanent() was called on it.
bool IsPermanent(const absl::Status& status);

// A status for a failed system call: "WHAT: strerror(error_number)". The code follows the errno: ENOSPC and EDQUOT are
// RESOURCE_EXHAUSTED, EACCES, EPERM and EROFS are PERMISSION_DENIED, ENOENT is NOT_FOUND, else INTERNAL.
absl::Status SystemError(int error_number, absl::string_view what);

}  // namespace binlogd
