// What docs/errors.md says of the reasons that errors carry.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace binlogd {

// The page itself; made from it by the build.
extern const char kErrorsPage[];

// One line of its tables. Plain text, without marks.
struct ReasonHelp {
  std::vector<std::string> reasons;
  std::string code;     // Of gRPC; empty where the table has none.
  std::string then;     // What the streamer does; empty where the table has none.
  std::string meaning;  // And the way out.
};

// Null when the page has nothing on it.
const ReasonHelp* FindReason(absl::string_view reason);
const std::vector<ReasonHelp>& AllReasons();

}  // namespace binlogd
