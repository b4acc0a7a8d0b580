#include "s3/credential_provider.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "s3/credential_sources.h"

namespace binlogd {
namespace {

constexpr absl::Duration kRenewBefore = absl::Minutes(5);
constexpr absl::Duration kReadAgain = absl::Minutes(1);
constexpr absl::Duration kTryAgain = absl::Seconds(10);

}  // namespace

CredentialProvider::CredentialProvider(std::vector<std::unique_ptr<CredentialSource>> sources, std::string subject,
                                       Clock clock)
    : subject_(std::move(subject)), clock_(std::move(clock)), sources_(std::move(sources)) {}

absl::StatusOr<Credentials> CredentialProvider::Get() {
  {
    absl::MutexLock lock(&mutex_);
    if (Usable() && (renewing_ || clock_() < renew_at_)) return current_;
    if (renewing_) {
      mutex_.Await(absl::Condition(this, &CredentialProvider::NobodyRenews));
      if (Usable()) return current_;
      if (!failure_.ok()) return failure_;
    }
    renewing_ = true;
  }
  const absl::StatusOr<Credentials> fetched = Fetch();
  const absl::StatusOr<Credentials> valid = Keep(fetched);
  if (!fetched.ok() && valid.ok()) {
    Log(LogLevel::kWarning, subject_, absl::StrCat("credentials were not renewed: ", fetched.status().message()));
  }
  return valid;
}

void CredentialProvider::Refuse(const Credentials& refused) {
  absl::MutexLock lock(&mutex_);
  if (have_ && current_ == refused) have_ = false;
}

absl::StatusOr<Credentials> CredentialProvider::Fetch() {
  std::string asked;
  for (const std::unique_ptr<CredentialSource>& source : sources_) {
    const absl::StatusOr<std::optional<Credentials>> found = source->Fetch();
    if (!found.ok()) return Annotate(found.status(), absl::StrCat("credentials from ", source->description()));
    if (*found) {
      RETURN_IF_ERROR(CheckCredentials(**found, source->description()));
      if ((*found)->expiration > clock_()) return **found;
      return MakeError(absl::StatusCode::kUnauthenticated, "S3_CREDENTIALS_EXPIRED",
                       absl::StrCat("credentials from ", source->description(),
                                    ": they have expired; check this "
                                    "machine's clock, and what renews them"));
    }
    absl::StrAppend(&asked, asked.empty() ? "" : ", ", source->description());
  }
  return MakeError(absl::StatusCode::kFailedPrecondition, "S3_CREDENTIALS_MISSING",
                   absl::StrCat("no credentials; looked for them in ", asked));
}

absl::StatusOr<Credentials> CredentialProvider::Keep(const absl::StatusOr<Credentials>& fetched) {
  absl::MutexLock lock(&mutex_);
  renewing_ = false;
  failure_ = fetched.status();
  const absl::Time now = clock_();
  if (fetched.ok()) {
    current_ = *fetched;
    have_ = true;
    const absl::Duration lifetime = current_.expiration - now;
    renew_at_ = lifetime == absl::InfiniteDuration() ? now + kReadAgain
                                                     : current_.expiration - std::min(kRenewBefore, lifetime / 2);
  } else {
    renew_at_ = now + kTryAgain;
    if (!Usable()) return failure_;
  }
  return current_;
}

}  // namespace binlogd
