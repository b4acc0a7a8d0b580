// MySQL's binary form of JSON documents.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/json_container.h"

namespace binlogd {

// Appends the document as text, spelled as the server's SELECT does ("{"a": 1, "b": [true, null]}"): decimals as
// numbers, dates and times as strings, other opaque values as "base64:typeN:…" strings; doubles as the shortest number
// that reads back to the same bits, with a point or an exponent. `out` is appended to even on error. DATA_LOSS when the
// document is malformed or nested deeper than the server allows (100).
absl::Status AppendJsonDocument(absl::string_view document, std::string* out);

// The parts of it, for documents that are put together from pieces.
// The document's outermost value; false when it is empty.
bool ParseJsonDocument(absl::string_view document, JsonView* view);
// Appends a value that stands `depth` containers deep. DATA_LOSS also when `out` grows beyond `most_size`: then its
// parts overlap, to be read over and over.
absl::Status AppendJsonView(const JsonView& view, int depth, size_t most_size, std::string* out);
// Bytes of text that documents of so many bytes cannot exceed.
size_t MostJsonText(size_t document_bytes);
// Appends a key, the colon and the space after it.
absl::Status AppendJsonKey(absl::string_view key, std::string* out);

}  // namespace binlogd
