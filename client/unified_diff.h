// Two texts, and what differs between them.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "client/text.h"

namespace binlogd {

// The unified diff that turns `before` into `after`, line by line, with three lines of context; empty when they are the
// same. The names stand in its first two lines. `colour`: as git shows it.
std::string UnifiedDiff(absl::string_view before_name, absl::string_view before, absl::string_view after_name,
                        absl::string_view after, bool colour);

}  // namespace binlogd
