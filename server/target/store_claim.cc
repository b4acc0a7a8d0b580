#include "target/store_claim.h"

#include <unistd.h>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "target/random_token.h"

namespace binlogd {
namespace {

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "an unnamed host";
}

}  // namespace

StoreClaim::StoreClaim() : token_(RandomToken()) {}

void StoreClaim::Note(const absl::Status& status) {
  if (held_ && lost_.ok() && IsPermanent(status) && ErrorReason(status) == "TARGET_IN_USE") lost_ = status;
}

StoreTake StoreClaim::TakeAfter(uint64_t generation) {
  const uint64_t taken = generation + 1;
  // A store that was made anew counts from the beginning.
  if (first_taken_ == 0 || taken < first_taken_) first_taken_ = taken;
  return {taken, token_, HostName(), absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone())};
}

bool StoreClaim::WasTakenBy(const StoreTake& take) {
  const bool took = first_taken_ != 0 && take.generation >= first_taken_;
  if (take.instance == token_ || !took) return false;
  if (take.generation > first_taken_) return true;
  // The take was not done, and now it cannot be: who is there was faster.
  first_taken_ = 0;
  return false;
}

}  // namespace binlogd
