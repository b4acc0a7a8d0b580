// Options that take a duration.
#pragma once

#include <string>

#include "absl/time/time.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace binlogd {

// Adds an option that takes "500ms", "10s" or "2m", 10ms to 24h; `shown_default` is what help says of `duration` as it
// is now.
CLI::Option* AddDurationOption(CLI::App* app, const std::string& names, const std::string& description,
                               const std::string& shown_default, absl::Duration* duration);

}  // namespace binlogd
