// Binary log files to decoded events on standard output.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "archive/log_file.h"
#include "archive/log_selection.h"
#include "binlog/event_filter.h"
#include "client/output.h"
#include "format/event_encoder.h"

namespace binlogd {

struct DecodeOptions {
  std::vector<std::string> paths;
  LogFileOptions file;
  EventFormat format = EventFormat::kJson;
  EncoderOptions encoder;  // The flavor is the files'.
  LogSelection selection;
  FilterSpec filter;
};

// Writes the selected events that pass the filter, of all files in order as one stream. When it fails, everything
// before the error has been written. Errors of the files, named by path, offset and event type; those of LogSelector. A
// reader that goes away ends it without an error.
absl::Status DecodeFiles(const DecodeOptions& options, Output* output);

}  // namespace binlogd
