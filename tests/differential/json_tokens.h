// Equality of JSON texts that may spell a floating-point number differently.
#pragma once

#include "absl/strings/string_view.h"

namespace binlogd::testing {

// Whether the texts are the same token for token: same spaces, same strings, same order, same digits of every number.
// Only a floating-point number may have an exponent in one text and none in the other.
bool SameJsonTokens(absl::string_view a, absl::string_view b);

}  // namespace binlogd::testing
