// One line of the log, in the forms in which it is written. docs/logs.md describes the fields.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace binlogd {

enum class LogFormat { kText, kJson };

// What is empty, or an offset of 0, is left out of the line.
struct LogRecord {
  absl::Time time;
  absl::string_view level;
  std::string streamer;   // Whom the line is about,
  std::string target;     // and which of its targets;
  std::string component;  // or else which part of the server.
  std::string file;       // How far the streamer had come.
  uint64_t offset = 0;
  std::string trace_id;
  absl::string_view message;
};

// Without the line feed at its end, and without another in it: key=value pairs, or one JSON object. What is no UTF-8 is
// replaced.
std::string LogLineText(LogFormat format, const LogRecord& record);

}  // namespace binlogd
