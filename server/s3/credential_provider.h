// Credentials that are renewed before they expire.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "s3/credentials.h"

namespace binlogd {

// Asks its sources, the first that has any. Keeps what it got until five minutes before it expires; what never expires
// is read anew every minute, because the file or variable behind it may have changed. One thread at a time renews, and
// no lock is held meanwhile: as long as the old ones are valid the others take them, and they stay in use when renewing
// fails. Thread-safe.
class CredentialProvider {
 public:
  using Clock = std::function<absl::Time()>;

  // `subject` is what the log's lines are about.
  CredentialProvider(std::vector<std::unique_ptr<CredentialSource>> sources, std::string subject,
                     Clock clock = absl::Now);

  // Valid ones. FAILED_PRECONDITION (S3_CREDENTIALS_MISSING) when no source has any; UNAUTHENTICATED
  // (S3_CREDENTIALS_INVALID, permanent; S3_CREDENTIALS_EXPIRED); otherwise as the source's.
  absl::StatusOr<Credentials> Get();
  // The server took them for expired or unknown: they are not given again unless a source still has nothing else.
  void Refuse(const Credentials& refused);

 private:
  absl::StatusOr<Credentials> Fetch();
  // Ends the renewal. What is valid now.
  absl::StatusOr<Credentials> Keep(const absl::StatusOr<Credentials>& fetched);
  bool Usable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return have_ && clock_() < current_.expiration; }
  bool NobodyRenews() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !renewing_; }

  const std::string subject_;
  const Clock clock_;
  const std::vector<std::unique_ptr<CredentialSource>> sources_;  // Of the thread that renews.

  absl::Mutex mutex_;
  bool renewing_ ABSL_GUARDED_BY(mutex_) = false;
  bool have_ ABSL_GUARDED_BY(mutex_) = false;
  Credentials current_ ABSL_GUARDED_BY(mutex_);
  absl::Time renew_at_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);  // Of the last time.
};

}  // namespace binlogd
