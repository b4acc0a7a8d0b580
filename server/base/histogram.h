// How often values fell into which range: an array of counters.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "absl/types/span.h"

namespace binlogd {

// Upper bounds of buckets, each a value that belongs to it; what is larger than the last falls into one more.
inline constexpr double kSecondsBuckets[] = {0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 2.5, 10, 30};
inline constexpr double kBytesBuckets[] = {4096, 65536, 1 << 20, 4 << 20, 16 << 20, 64 << 20};

// What a histogram held at one moment.
struct HistogramCounts {
  absl::Span<const double> bounds;
  std::vector<uint64_t> counts;  // Of each bucket alone; one more than there are bounds.
  double sum = 0;

  // As Prometheus has it: what belongs to the bucket or to one below it. The last bucket's bound is infinite, and its
  // count that of all values.
  struct Cumulative {
    double bound;
    uint64_t count;
  };
  std::vector<Cumulative> cumulative() const {
    std::vector<Cumulative> buckets;
    uint64_t total = 0;
    for (size_t i = 0; i < counts.size(); ++i) {
      total += counts[i];
      buckets.push_back({i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity(), total});
    }
    return buckets;
  }
  uint64_t total() const { return std::accumulate(counts.begin(), counts.end(), uint64_t{0}); }
};

// Thread-safe, without a lock: a reader may see a value counted and not yet in the sum.
class Histogram {
 public:
  static constexpr size_t kMostBounds = 12;

  // The bounds outlive the histogram; those beyond kMostBounds are not used.
  explicit Histogram(absl::Span<const double> bounds) : bounds_(bounds.subspan(0, kMostBounds)) {}

  void Observe(double value) {
    size_t bucket = 0;
    while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
    counts_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }

  HistogramCounts Read() const {
    HistogramCounts read;
    read.bounds = bounds_;
    for (size_t i = 0; i <= bounds_.size(); ++i) read.counts.push_back(counts_[i].load(std::memory_order_relaxed));
    read.sum = sum_.load(std::memory_order_relaxed);
    return read;
  }

 private:
  const absl::Span<const double> bounds_;
  std::array<std::atomic<uint64_t>, kMostBounds + 1> counts_ = {};
  std::atomic<double> sum_{0};
};

// Observes, when it is destroyed, the seconds since it was made.
class HistogramTimer {
 public:
  explicit HistogramTimer(Histogram* histogram) : histogram_(histogram) {}
  ~HistogramTimer() {
    histogram_->Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count());
  }
  HistogramTimer(const HistogramTimer&) = delete;
  HistogramTimer& operator=(const HistogramTimer&) = delete;

 private:
  Histogram* const histogram_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace binlogd
