// Equality of JSON texts that may spell a floating-point number differently.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd::testing {

// Whether our text of a document is the server's token for token: same spaces, same strings, same order, same digits of
// every number. Only a floating-point number may be spelled differently, where one of the texts has an exponent: it has
// the same bits, and, where the server's has no exponent and so may be a decimal, the same digits.
bool SameJsonTokens(absl::string_view ours, absl::string_view server);

// The server's text and ours from a little before their first difference on, cut; empty when they are the same.
std::string FirstJsonDifference(absl::string_view ours, absl::string_view server);

}  // namespace binlogd::testing
