#include "telemetry/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/build_version.h"
#include "base/file.h"
#include "base/logging.h"

namespace binlogd {
namespace {

constexpr MetricFamily kBuildInfo = {"binlogd_build_info", MetricType::kGauge, "version",
                                     "1, with the version as a label."};
constexpr MetricFamily kReady = {"binlogd_ready", MetricType::kGauge, "",
                                 "1 from when the streamers are loaded until binlogd shuts down, as /readyz tells."};
constexpr MetricFamily kLeftOut = {"binlogd_streamers_left_out", MetricType::kGauge, "",
                                   "Streamers whose records could not be read when binlogd started."};
constexpr MetricFamily kLogLines = {"binlogd_log_lines_total", MetricType::kCounter, "level",
                                    "Lines of the log, by level, with those below the level that is written."};

// What one reading of /proc/self tells.
struct ProcessState {
  std::optional<double> cpu_seconds, virtual_bytes, resident_bytes, threads, start_seconds, open_files, most_files;
};

struct ProcessMetric {
  MetricFamily family;
  std::optional<double> ProcessState::*value;
};

constexpr ProcessMetric kMetrics[] = {
    {{"process_cpu_seconds_total", MetricType::kCounter, "",
      "Processor time used, in seconds of user and system mode."},
     &ProcessState::cpu_seconds},
    {{"process_resident_memory_bytes", MetricType::kGauge, "", "Memory that is in use."},
     &ProcessState::resident_bytes},
    {{"process_virtual_memory_bytes", MetricType::kGauge, "", "Address space that is in use."},
     &ProcessState::virtual_bytes},
    {{"process_threads", MetricType::kGauge, "", "Threads."}, &ProcessState::threads},
    {{"process_open_fds", MetricType::kGauge, "", "Open files, sockets among them."}, &ProcessState::open_files},
    {{"process_max_fds", MetricType::kGauge, "", "The most that may be open."}, &ProcessState::most_files},
    {{"process_start_time_seconds", MetricType::kGauge, "", "When the process was started, in seconds since 1970."},
     &ProcessState::start_seconds},
};

// When the machine was started, in seconds since 1970.
std::optional<double> BootSeconds() {
  const absl::StatusOr<std::string> stat = ReadWholeFile("/proc/stat");
  if (!stat.ok()) return std::nullopt;
  for (const absl::string_view line : absl::StrSplit(*stat, '\n')) {
    const std::pair<absl::string_view, absl::string_view> named = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    double seconds = 0;
    if (named.first == "btime" && absl::SimpleAtod(named.second, &seconds)) return seconds;
  }
  return std::nullopt;
}

// The fields of /proc/self/stat that follow the command's name, which may hold anything: the first is number 3 of
// proc(5).
void ReadStat(ProcessState* state) {
  constexpr size_t kFirst = 3, kUserTime = 14, kSystemTime = 15, kThreads = 20, kStart = 22, kVirtual = 23, kPages = 24;
  const absl::StatusOr<std::string> stat = ReadWholeFile("/proc/self/stat");
  if (!stat.ok() || stat->rfind(')') == std::string::npos) return;
  const std::vector<std::string> fields = absl::StrSplit(stat->substr(stat->rfind(')') + 1), ' ', absl::SkipEmpty());
  const auto field = [&fields](size_t number) -> std::optional<double> {
    double value = 0;
    const bool is_number = number - kFirst < fields.size() && absl::SimpleAtod(fields[number - kFirst], &value);
    return is_number ? std::optional(value) : std::nullopt;
  };
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (field(kUserTime) && field(kSystemTime)) state->cpu_seconds = (*field(kUserTime) + *field(kSystemTime)) / ticks;
  state->threads = field(kThreads);
  state->virtual_bytes = field(kVirtual);
  if (field(kPages)) state->resident_bytes = *field(kPages) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const std::optional<double> boot = BootSeconds();
  if (boot && field(kStart)) state->start_seconds = *boot + *field(kStart) / ticks;
}

void ReadFiles(ProcessState* state) {
  std::error_code error;
  const std::filesystem::directory_iterator open("/proc/self/fd", error);
  // The one that the iterator holds is not counted.
  if (!error) state->open_files = static_cast<double>(std::distance(begin(open), end(open))) - 1;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) state->most_files = static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::vector<const MetricFamily*> ProcessFamilies() {
  std::vector<const MetricFamily*> families = {&kBuildInfo, &kReady, &kLeftOut, &kLogLines};
  for (const ProcessMetric& metric : kMetrics) families.push_back(&metric.family);
  return families;
}

std::vector<MetricSample> ProcessMetrics(bool is_ready, size_t left_out) {
  std::vector<MetricSample> samples = {{&kBuildInfo, {kBuildVersion}, 1},
                                       {&kReady, {}, is_ready ? 1.0 : 0.0},
                                       {&kLeftOut, {}, static_cast<double>(left_out)}};
  for (const LogLevel level : kLogLevels) {
    samples.push_back({&kLogLines, {std::string(LogLevelName(level))}, static_cast<double>(LogCalls(level))});
  }
  ProcessState state;
  ReadStat(&state);
  ReadFiles(&state);
  for (const ProcessMetric& metric : kMetrics) {
    if (state.*metric.value) samples.push_back({&metric.family, {}, *(state.*metric.value)});
  }
  return samples;
}

}  // namespace binlogd
