// The file of users: YAML or JSON to users and their grants.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "auth/users.h"

namespace binlogd {

// Reads what docs/security.md describes. INVALID_ARGUMENT, its message beginning with "ORIGIN:LINE: ", with the reason
// YAML_SYNTAX, DUPLICATE_FIELD or USERS_INVALID. Thread-safe.
absl::StatusOr<std::vector<User>> ParseUsers(absl::string_view text, absl::string_view origin);

}  // namespace binlogd
