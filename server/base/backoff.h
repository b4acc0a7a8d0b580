// How long to wait before trying again.
#pragma once

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace binlogd {

// Doubling waits with jitter, so that many clients of one server do not come back together. Not thread-safe.
class Backoff {
 public:
  // For the third parameter: a server that many clients load is relieved most by waits over the whole range.
  static constexpr double kUpperHalf = 0.5;
  static constexpr double kFullJitter = 0;

  Backoff(absl::Duration first, absl::Duration most, double least_share = kUpperHalf)
      : first_(first), most_(most), least_share_(least_share) {}

  // The next wait: between `least_share` of and the whole of min(most, first * 2^n).
  absl::Duration Next();
  // After a success: the next wait is short again.
  void Reset() { tries_ = 0; }
  // Calls of Next() since the last Reset().
  int tries() const { return tries_; }

 private:
  const absl::Duration first_;
  const absl::Duration most_;
  const double least_share_;
  int tries_ = 0;
  absl::BitGen random_;
};

}  // namespace binlogd
