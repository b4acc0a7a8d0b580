#include "rpc/call_counters.h"

#include <string>

#include "absl/status/status.h"

namespace binlogd {
namespace {

constexpr MetricFamily kCalls = {
    "binlogd_grpc_calls_total", MetricType::kCounter, "method code",
    "Calls that ended, by the code that was sent; CANCELLED also where the client had gone."};
constexpr MetricFamily kOpen = {"binlogd_grpc_calls_in_flight", MetricType::kGauge, "method",
                                "Calls that have begun and not ended; of Tap, Watch and Logs those that are open."};
constexpr MetricFamily kSeconds = {"binlogd_grpc_call_seconds", MetricType::kHistogram, "method",
                                   "Time from a call's arrival to its end. Not of Tap, Watch and Logs."};

constexpr size_t kUnknown = 2;

}  // namespace

CallCounters::CallCounters(const std::vector<Method>& methods) {
  for (const Method& method : methods) methods_.emplace_back(method);
}

void CallCounters::Begin(size_t method) { methods_[method].open.fetch_add(1, std::memory_order_relaxed); }

void CallCounters::End(size_t method, int code, absl::Duration duration) {
  OfMethod& counters = methods_[method];
  const bool is_known = code >= 0 && static_cast<size_t>(code) < kCodes;
  counters.open.fetch_sub(1, std::memory_order_relaxed);
  counters.ended[is_known ? static_cast<size_t>(code) : kUnknown].fetch_add(1, std::memory_order_relaxed);
  if (!counters.method.is_stream) counters.seconds.Observe(absl::ToDoubleSeconds(duration));
}

std::vector<const MetricFamily*> CallCounters::Families() { return {&kCalls, &kOpen, &kSeconds}; }

std::vector<MetricSample> CallCounters::Metrics() const {
  std::vector<MetricSample> samples;
  for (const OfMethod& counters : methods_) {
    const std::string name(counters.method.name);
    for (size_t code = 0; code < kCodes; ++code) {
      const uint64_t ended = counters.ended[code].load(std::memory_order_relaxed);
      // Most codes are never sent; a counter that is there from the beginning shows its first increase.
      if (ended == 0 && code != 0) continue;
      samples.push_back(
          {&kCalls, {name, absl::StatusCodeToString(static_cast<absl::StatusCode>(code))}, static_cast<double>(ended)});
    }
  }
  for (const OfMethod& counters : methods_) {
    samples.push_back({&kOpen,
                       {std::string(counters.method.name)},
                       static_cast<double>(counters.open.load(std::memory_order_relaxed))});
  }
  for (const OfMethod& counters : methods_) {
    if (counters.method.is_stream) continue;
    samples.push_back({&kSeconds, {std::string(counters.method.name)}, 0, counters.seconds.Read()});
  }
  return samples;
}

}  // namespace binlogd
