// Equality of JSON texts that may spell a floating-point number differently.
#pragma once

#include "absl/strings/string_view.h"

namespace binlogd::testing {

// Whether the texts are the same token for token: same spaces, same strings, same order; only numbers with a point or
// an exponent may be spelled differently, and then have the same bits as doubles. Integers stay integers.
bool SameJsonTokens(absl::string_view a, absl::string_view b);

}  // namespace binlogd::testing
