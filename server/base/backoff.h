// How long to wait before trying again.
#pragma once

#include "absl/random/random.h"
#include "absl/time/time.h"

namespace binlogd {

// Doubling waits with full jitter over their upper half, so that many clients of one server do not come back together.
// Not thread-safe.
class Backoff {
 public:
  Backoff(absl::Duration first, absl::Duration most) : first_(first), most_(most) {}

  // The next wait: between half of and the whole of min(most, first * 2^n).
  absl::Duration Next();
  // After a success: the next wait is short again.
  void Reset() { tries_ = 0; }
  // Calls of Next() since the last Reset().
  int tries() const { return tries_; }

 private:
  const absl::Duration first_;
  const absl::Duration most_;
  int tries_ = 0;
  absl::BitGen random_;
};

}  // namespace binlogd
