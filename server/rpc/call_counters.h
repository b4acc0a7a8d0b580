// How many calls there were of each RPC, how they ended, and how long they took.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/histogram.h"
#include "base/metric.h"

namespace binlogd {

// Thread-safe. A call is counted by its method's index.
class CallCounters {
 public:
  struct Method {
    absl::string_view name;  // Outlives the counters.
    bool is_stream = false;  // It lasts as long as its caller likes.
  };
  explicit CallCounters(const std::vector<Method>& methods);

  void Begin(size_t method);
  // `code` as gRPC numbers them; larger ones count as UNKNOWN.
  void End(size_t method, int code, absl::Duration duration);

  static std::vector<const MetricFamily*> Families();
  std::vector<MetricSample> Metrics() const;

 private:
  static constexpr size_t kCodes = 17;
  struct OfMethod {
    explicit OfMethod(const Method& m) : method(m) {}
    const Method method;
    std::array<std::atomic<uint64_t>, kCodes> ended = {};
    std::atomic<int64_t> open{0};
    Histogram seconds{kSecondsBuckets};
  };
  std::deque<OfMethod> methods_;
};

}  // namespace binlogd
