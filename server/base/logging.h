// The process's log: one line an event worth knowing, on standard error.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "base/log_line.h"

namespace binlogd {

enum class LogLevel { kDebug, kInfo, kWarning, kError };
constexpr LogLevel kLogLevels[] = {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError};

// Lines below `level` are dropped from now on. Thread-safe.
void SetLogLevel(LogLevel level);
LogLevel CurrentLogLevel();

// "debug", "info", "warning" or "error".
absl::string_view LogLevelName(LogLevel level);
// The inverse; false for another word.
bool ParseLogLevel(absl::string_view word, LogLevel* level);

// How lines are written from now on; kText by default. Thread-safe.
void SetLogFormat(LogFormat format);

// The subject of lines about one target of a streamer.
std::string TargetSubject(absl::string_view streamer, absl::string_view target);

// Writes one line, and keeps it in the streamer's LogHistory, if somebody has that. `subject` is what the line is
// about: a streamer's name, a TargetSubject, or a part of the server such as "server". The line tells the streamer's
// position and the calling thread's trace. Thread-safe. Never pass a secret.
void Log(LogLevel level, absl::string_view subject, absl::string_view message);

// How often Log was called with the level, whether the line was dropped or not.
uint64_t LogCalls(LogLevel level);

}  // namespace binlogd
