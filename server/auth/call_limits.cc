#include "auth/call_limits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

// From so many on, buckets that are full again are forgotten: whoever comes anew has a full one.
constexpr size_t kManyBuckets = 4096;

}  // namespace

absl::Status CallLimits::CountCall(const std::string& client) {
  if (options_.calls_per_second == 0) return absl::OkStatus();
  const absl::Time now = clock_();
  absl::MutexLock lock(&mutex_);
  if (buckets_.size() >= kManyBuckets && !buckets_.contains(client)) ForgetFullBuckets(now);
  Bucket& bucket = buckets_.try_emplace(client, Bucket{Full(), now}).first->second;
  const double since = std::max(0.0, absl::ToDoubleSeconds(now - bucket.filled));
  bucket.calls = std::min(Full(), bucket.calls + since * options_.calls_per_second);
  bucket.filled = now;
  if (bucket.calls >= 1) {
    bucket.calls -= 1;
    return absl::OkStatus();
  }
  return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_CALLS",
                   absl::StrCat("this client makes more than ", options_.calls_per_second,
                                " calls a second; call less often, or raise --max-calls-per-second"));
}

void CallLimits::ForgetFullBuckets(absl::Time now) {
  absl::erase_if(buckets_, [this, now](const auto& entry) {
    const Bucket& bucket = entry.second;
    return bucket.calls + absl::ToDoubleSeconds(now - bucket.filled) * options_.calls_per_second >= Full();
  });
}

absl::StatusOr<CallLimits::Stream> CallLimits::OpenStream(const std::string& client) {
  {
    absl::MutexLock lock(&streams_->mutex);
    int& open = streams_->open[client];
    if (options_.streams != 0 && open >= options_.streams) {
      return MakeError(
          absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
          absl::StrCat("this client holds ", open, " streams open; end some, or raise --max-streams-per-client"));
    }
    ++open;
  }
  return Stream(streams_.get(), [streams = streams_, client](void*) {
    absl::MutexLock lock(&streams->mutex);
    const auto found = streams->open.find(client);
    if (--found->second == 0) streams->open.erase(found);
  });
}

}  // namespace binlogd
