// What a change of a spec leads to, for a person.
#pragma once

#include <string>

#include "binlogd/v1/service.pb.h"

namespace binlogd {

// What comes of one change: "restarts the streamer". `restarts`: of the response that tells of it.
std::string EffectText(const v1::FieldChange& change, bool restarts);

// The changes of a response, a line each, indented; empty when there are none.
std::string ChangesText(const v1::ApplyResponse& response);

}  // namespace binlogd
