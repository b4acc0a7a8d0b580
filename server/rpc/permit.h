// What a call was admitted by.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "auth/access.h"
#include "base/status_macros.h"

namespace binlogd {

// A right that a caller needs on one streamer.
struct NeededRight {
  Right right = Right::kView;
  std::string streamer;
};

// The caller of a call, and what it needs; a stream looks at it again for as long as it is open. Used by one thread at
// a time.
class Permit {
 public:
  // `access` outlives it. Without `needed` every caller who is known is admitted.
  Permit(Access* access, CallerCredentials credentials, Caller caller, std::optional<NeededRight> needed)
      : access_(access), credentials_(std::move(credentials)), caller_(std::move(caller)), needed_(std::move(needed)) {}

  // As of the last Check().
  const Caller& caller() const { return caller_; }

  // OK while the call would be admitted anew; else why it would not. Cheap while the users are the same.
  absl::Status Check() {
    if (!access_->HasChanged(caller_)) return absl::OkStatus();
    ASSIGN_OR_RETURN(caller_, access_->Authenticate(credentials_));
    return needed_ ? CheckAllowed(caller_, needed_->right, needed_->streamer) : absl::OkStatus();
  }

 private:
  Access* const access_;
  const CallerCredentials credentials_;
  Caller caller_;
  const std::optional<NeededRight> needed_;
};

}  // namespace binlogd
