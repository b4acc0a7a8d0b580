// How much one client may ask for.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace binlogd {

struct CallLimitOptions {
  // Calls a second that one client may go on making; 0: any number. It may make 10 seconds' worth at once.
  int calls_per_second = 200;
  // The same of calls whose caller could not be told; 0: any number.
  int failures_per_second = 5;
  // What one client may hold open; 0: any number.
  int taps = 1000;
  int watches = 100;
};

enum class StreamKind { kTap, kWatch };

// Counts what each client asks for. A client is a user, or an address where users are not told apart. Thread-safe.
class CallLimits {
 public:
  // One open stream, until it is destroyed. It may outlive its CallLimits.
  using Stream = std::shared_ptr<void>;

  explicit CallLimits(CallLimitOptions options, std::function<absl::Time()> clock = absl::Now)
      : options_(options), clock_(std::move(clock)), streams_(std::make_shared<Streams>()) {}

  // RESOURCE_EXHAUSTED (TOO_MANY_CALLS) when the client has made too many.
  absl::Status CountCall(const std::string& client);
  // RESOURCE_EXHAUSTED (TOO_MANY_FAILURES) when too many calls from the address failed to say who calls.
  absl::Status CountFailure(const std::string& address);
  // RESOURCE_EXHAUSTED (TOO_MANY_STREAMS) when the client has as many of the kind as it may.
  absl::StatusOr<Stream> OpenStream(StreamKind kind, const std::string& client);

 private:
  // Holds the calls that may be made at once; it fills with time.
  struct Bucket {
    double calls = 0;
    absl::Time filled;
  };
  struct Streams {
    absl::Mutex mutex;
    absl::flat_hash_map<std::pair<StreamKind, std::string>, int> open ABSL_GUARDED_BY(mutex);
  };
  using Buckets = absl::flat_hash_map<std::string, Bucket>;
  // Whether a bucket that `rate` calls a second flow into has one left, which is taken.
  bool Take(const std::string& client, int rate, Buckets* buckets) ABSL_LOCKS_EXCLUDED(mutex_);
  static void ForgetFullBuckets(absl::Time now, int rate, Buckets* buckets);

  const CallLimitOptions options_;
  const std::function<absl::Time()> clock_;
  absl::Mutex mutex_;
  Buckets calls_ ABSL_GUARDED_BY(mutex_);
  Buckets failures_ ABSL_GUARDED_BY(mutex_);
  const std::shared_ptr<Streams> streams_;
};

}  // namespace binlogd
