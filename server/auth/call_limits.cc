#include "auth/call_limits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

// From so many on, buckets that are full again are forgotten: whoever comes anew has a full one.
constexpr size_t kManyBuckets = 4096;

double Full(int rate) { return 10.0 * rate; }

absl::Status TooMany(absl::string_view reason, absl::string_view message) {
  return MakeError(absl::StatusCode::kResourceExhausted, reason, message);
}

}  // namespace

absl::Status CallLimits::CountCall(const std::string& client) {
  const int rate = options_.calls_per_second;
  if (Take(client, rate, &calls_)) return absl::OkStatus();
  return TooMany("TOO_MANY_CALLS", absl::StrCat("this client makes more than ", rate,
                                                " calls a second; call less often, or raise --max-calls-per-second"));
}

absl::Status CallLimits::CountFailure(const std::string& address) {
  if (Take(address, options_.failures_per_second, &failures_)) return absl::OkStatus();
  return TooMany("TOO_MANY_FAILURES",
                 "too many calls from this address showed no credentials, or wrong ones; correct them");
}

bool CallLimits::Take(const std::string& client, int rate, Buckets* buckets) {
  if (rate == 0) return true;
  const absl::Time now = clock_();
  absl::MutexLock lock(&mutex_);
  if (buckets->size() >= kManyBuckets && !buckets->contains(client)) ForgetFullBuckets(now, rate, buckets);
  Bucket& bucket = buckets->try_emplace(client, Bucket{Full(rate), now}).first->second;
  const double since = std::max(0.0, absl::ToDoubleSeconds(now - bucket.filled));
  bucket.calls = std::min(Full(rate), bucket.calls + since * rate);
  bucket.filled = now;
  if (bucket.calls < 1) return false;
  bucket.calls -= 1;
  return true;
}

void CallLimits::ForgetFullBuckets(absl::Time now, int rate, Buckets* buckets) {
  absl::erase_if(*buckets, [rate, now](const auto& entry) {
    const Bucket& bucket = entry.second;
    return bucket.calls + absl::ToDoubleSeconds(now - bucket.filled) * rate >= Full(rate);
  });
}

absl::StatusOr<CallLimits::Stream> CallLimits::OpenStream(StreamKind kind, const std::string& client) {
  const bool is_tap = kind == StreamKind::kTap;
  const int most = is_tap ? options_.taps : options_.watches;
  {
    absl::MutexLock lock(&streams_->mutex);
    int& open = streams_->open[{kind, client}];
    if (most != 0 && open >= most) {
      return TooMany("TOO_MANY_STREAMS", absl::StrCat("this client holds ", open, is_tap ? " taps" : " watches",
                                                      " open; end some, or raise ",
                                                      is_tap ? "--max-taps-per-client" : "--max-watches-per-client"));
    }
    ++open;
  }
  return Stream(streams_.get(), [streams = streams_, kind, client](void*) {
    absl::MutexLock lock(&streams->mutex);
    const auto found = streams->open.find({kind, client});
    if (--found->second == 0) streams->open.erase(found);
  });
}

}  // namespace binlogd
