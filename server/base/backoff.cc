#include "base/backoff.h"

#include <algorithm>

namespace binlogd {

absl::Duration Backoff::Next() {
  const int doublings = std::min(tries_++, 30);
  const absl::Duration ceiling = std::min(most_, first_ * (int64_t{1} << doublings));
  return ceiling * absl::Uniform(random_, least_share_, 1.0);
}

}  // namespace binlogd
