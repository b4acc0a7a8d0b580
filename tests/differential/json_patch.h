// Differences of JSON documents, applied by a reader that knows the document before.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd::testing {

// Applies what a JSON line tells of a partial update, [{"op": "replace", "path": "$.a", "value": 1}, …], to a document.
// False, with the document as it was, when they are malformed or do not fit it.
bool ApplyJsonDifferences(absl::string_view differences, std::string* document);

// Whether two texts are the same document, however it is spelled: order of members, spaces, forms of numbers.
bool SameJsonDocument(absl::string_view a, absl::string_view b);

}  // namespace binlogd::testing
