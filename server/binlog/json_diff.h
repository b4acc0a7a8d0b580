// Differences of JSON documents, as partial updates log them (MySQL 8.0+, binlog_row_value_options=PARTIAL_JSON).
//
// Layout of differences, one after the other: 1 operation (0 replace, 1 insert, 2 remove); length-encoded length of the
// path, the path; but for a removal: length-encoded length of the value, the value as a binary document.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// Appends, as AppendJsonDocument, the document that `differences` make of the binary `document`. DATA_LOSS when either
// is malformed, or the differences do not fit the document: a path leads nowhere, or a member that is to be inserted is
// there. `out` is appended to even on error.
absl::Status AppendPatchedJson(absl::string_view document, absl::string_view differences, std::string* out);

// Appends the differences themselves as a JSON array, in order: [{"op": "replace", "path": "$.a", "value": 1}, {"op":
// "remove", "path": "$.b[2]"}]. DATA_LOSS as above.
absl::Status AppendJsonDifferences(absl::string_view differences, std::string* out);

}  // namespace binlogd
