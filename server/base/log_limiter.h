// Keeps what others cause from flooding the log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace binlogd {

// Lets one line through in a while, and counts those that it keeps back. Thread-safe.
class LogLimiter {
 public:
  explicit LogLimiter(absl::Duration interval) : interval_(interval) {}

  // Whether a line may be written at `now`: then the number of lines that were kept back since the last one.
  std::optional<uint64_t> Admit(absl::Time now) {
    absl::MutexLock lock(&mutex_);
    // A clock that was set back must not keep the log silent.
    if (now >= last_ && now - last_ < interval_) {
      ++kept_back_;
      return std::nullopt;
    }
    last_ = now;
    const uint64_t kept_back = kept_back_;
    kept_back_ = 0;
    return kept_back;
  }

 private:
  const absl::Duration interval_;
  absl::Mutex mutex_;
  absl::Time last_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  uint64_t kept_back_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What a line that is admitted ends with, for the lines before it that were not.
inline std::string KeptBackText(uint64_t kept_back) {
  return kept_back == 0 ? "" : absl::StrCat("; ", kept_back, " more such lines since the last one");
}

}  // namespace binlogd
