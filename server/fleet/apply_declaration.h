// From what is declared to what runs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/cancellation.h"
#include "fleet/declaration.h"
#include "streamer/manager.h"

namespace binlogd {

// What came of it. Plain data.
struct FleetReport {
  size_t applied = 0;                 // Specs that are in force, changed or not.
  std::vector<absl::Status> refused;  // Each names the file, and the field or the streamer.
  std::vector<std::string> pruned;
  std::vector<std::string> left;  // Streamers that a spec file made and none that could be read declares any more.
};

// Told of each change that was tried: "Create", "Update" or "Delete", the streamer's name, and what came of it. Called
// on any thread, several at a time, without a lock; empty for nobody.
using ChangeListener =
    std::function<void(const std::string& method, const std::string& streamer, const absl::Status& result)>;

// Makes a streamer of each declared spec, and starts it, or gives the spec to the streamer of that name, whoever made
// it; whether that one runs is left as it is. The same spec again touches nothing.
//
// With `prune`, streamers that a spec file made and none declares any more are deleted, before that; never those that a
// request made. Nothing is deleted while anything is refused, a file may be cut, or nothing at all is declared: what
// was not read may well be declared.
//
// Several are changed at a time. A streamer that takes its time to stop is waited for a little, and changed all the
// same. `ended` ends the waiting. Thread-safe.
FleetReport ApplyDeclaration(const Declaration& declaration, bool prune, const Cancellation& ended, Manager* manager,
                             const ChangeListener& listener = nullptr);

}  // namespace binlogd
