// Base64 text.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// Appends the bytes in the standard alphabet of RFC 4648, padded with '='.
void AppendBase64(absl::string_view bytes, std::string* out);

}  // namespace binlogd
