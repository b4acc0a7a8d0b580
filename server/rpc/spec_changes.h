// What one spec changes in another, and what comes of it.
#pragma once

#include <vector>

#include "binlogd/v1/service.pb.h"
#include "streamer/spec.h"

namespace binlogd {

// The fields in which `after` differs from `before`, both with their secrets, by targets and otherwise in the order of
// the proto; none when they are the same. Values are looked at and not told.
std::vector<v1::FieldChange> ChangesOf(const StreamerSpec& before, const StreamerSpec& after);

}  // namespace binlogd
