// All about one streamer on one page.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "binlogd/v1/client.pb.h"

namespace binlogd {

// Its spec in short, what it and its targets do, what happened lately, and what to do when something is wrong.
std::string DescriptionText(const v1::StreamerDescription& description, absl::Time now, absl::TimeZone zone,
                            bool colour);

}  // namespace binlogd
