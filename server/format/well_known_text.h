// Geometries as text.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// Appends a geometry in well-known binary form (OGC 06-103r4, chapter 8) as well-known text: "POINT (1 2)". Numbers are
// the shortest that read back to the same bits. False, with `out` untouched, when the bytes are no geometry that the
// servers store (two dimensions, finite numbers).
bool AppendWellKnownText(absl::string_view wkb, std::string* out);

}  // namespace binlogd
