// The process's log: one line an event worth knowing, on standard error.
#pragma once

#include "absl/strings/string_view.h"

namespace binlogd {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Lines below `level` are dropped from now on. Thread-safe.
void SetLogLevel(LogLevel level);

// "debug", "info", "warning" or "error"; false for another word.
bool ParseLogLevel(absl::string_view word, LogLevel* level);

// Writes one line, and keeps it in the subject's LogHistory, if somebody has that. `subject` is what the line is about:
// a streamer's name, or "server". Thread-safe. Never pass a secret.
void Log(LogLevel level, absl::string_view subject, absl::string_view message);

}  // namespace binlogd
