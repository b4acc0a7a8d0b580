// The options of `binlogctl tap`.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "binlogd/v1/service.pb.h"

namespace binlogd {

struct TapOptions {
  v1::TapRequest request;
  std::string resume_file;  // Empty: none.

  uint64_t count() const { return request.end().events(); }
};

// Adds all but the streamer's name; `options` outlives the verb.
void AddTapOptions(CLI::App* verb, TapOptions* options);

// Makes the tap begin where the resume file says, if there is one and it exists. INVALID_ARGUMENT when it holds
// something else than a token; the errors of ReadWholeFile.
absl::Status ReadResumeFile(TapOptions* options);

}  // namespace binlogd
