#include "base/logging.h"

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/log_history.h"
#include "base/trace.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace binlogd {
namespace {

std::atomic<LogLevel> least{LogLevel::kInfo};
std::atomic<LogFormat> written_as{LogFormat::kText};
std::array<std::atomic<uint64_t>, std::size(kLogLevels)> calls{};

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>("binlogd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  return *logger;
}

constexpr absl::string_view kStreamerBegin = "streamer \"";
constexpr absl::string_view kTargetBegin = "\", target \"";

// The inverse of TargetSubject, as names have no quotes. False for another subject.
bool ParseTargetSubject(absl::string_view subject, LogRecord* record) {
  if (!absl::ConsumePrefix(&subject, kStreamerBegin) || !absl::ConsumeSuffix(&subject, "\"")) return false;
  const size_t parted = subject.find(kTargetBegin);
  if (parted == absl::string_view::npos) return false;
  record->streamer = std::string(subject.substr(0, parted));
  record->target = std::string(subject.substr(parted + kTargetBegin.size()));
  return true;
}

}  // namespace

void SetLogLevel(LogLevel level) { least.store(level, std::memory_order_relaxed); }
LogLevel CurrentLogLevel() { return least.load(std::memory_order_relaxed); }
void SetLogFormat(LogFormat format) { written_as.store(format, std::memory_order_relaxed); }

absl::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "";
}

bool ParseLogLevel(absl::string_view word, LogLevel* level) {
  for (const LogLevel known : kLogLevels) {
    if (word != LogLevelName(known)) continue;
    *level = known;
    return true;
  }
  return false;
}

std::string TargetSubject(absl::string_view streamer, absl::string_view target) {
  return absl::StrCat(kStreamerBegin, streamer, kTargetBegin, target, "\"");
}

uint64_t LogCalls(LogLevel level) { return calls[static_cast<size_t>(level)].load(std::memory_order_relaxed); }

void Log(LogLevel level, absl::string_view subject, absl::string_view message) {
  calls[static_cast<size_t>(level)].fetch_add(1, std::memory_order_relaxed);
  const bool dropped = level < CurrentLogLevel();
  if (dropped && level == LogLevel::kDebug) return;  // No history keeps it.
  LogRecord record;
  record.time = absl::Now();
  record.level = LogLevelName(level);
  record.trace_id = CurrentTraceId();
  record.message = message;
  const bool is_target = ParseTargetSubject(subject, &record);
  const std::shared_ptr<LogHistory> history = LogHistory::Find(is_target ? record.streamer : subject);
  if (history != nullptr) {
    record.streamer = is_target ? record.streamer : std::string(subject);
    history->GetPlace(&record.file, &record.offset);
    if (level != LogLevel::kDebug) {
      history->Add(level, is_target ? absl::StrCat("target \"", record.target, "\": ", message) : std::string(message));
    }
  } else if (!is_target) {
    record.component = std::string(subject);
  }
  if (!dropped) Logger().log(spdlog::level::critical, LogLineText(written_as.load(std::memory_order_relaxed), record));
}

}  // namespace binlogd
