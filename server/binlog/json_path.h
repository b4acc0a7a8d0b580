// Paths into JSON documents as the log has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace binlogd {

// One step of a path.
struct JsonPathLeg {
  bool is_index = false;
  uint64_t index = 0;     // Of an array's cell.
  bool from_end = false;  // The index counts back from the last cell, which is 0.
  std::string member;     // An object's member, UTF-8.
};

// Parses "$.name.\"other name\"[3][last-1]", the form of a path to one value: no wildcards or ranges. False when it is
// of another form or has more than 100 legs, which lead deeper than documents are.
bool ParseJsonPath(absl::string_view text, std::vector<JsonPathLeg>* legs);

}  // namespace binlogd
