// MySQL's binary form of JSON documents.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// Appends the document as text, spelled as the server's SELECT does ("{"a": 1, "b": [true, null]}"): decimals as
// numbers, dates and times as strings, other opaque values as "base64:typeN:…" strings; doubles as the shortest number
// that reads back to the same bits, with a point or an exponent. `out` is appended to even on error. DATA_LOSS when the
// document is malformed or nested deeper than the server allows (100).
absl::Status AppendJsonDocument(absl::string_view document, std::string* out);

}  // namespace binlogd
