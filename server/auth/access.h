// Who calls, and whether they may.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "auth/file_stamp.h"
#include "auth/users.h"

namespace binlogd {

// What a call shows.
struct CallerCredentials {
  // The authorization header; empty: none.
  std::string authorization;
  // Common and alternative names of the client's certificate, which has been verified; empty: none.
  std::vector<std::string> certificate_names;
};

// Who calls. A copy stays as it is when the users change.
struct Caller {
  // The user; without a list of users, the certificate's first name; "anyone" without that.
  std::string name = std::string(kAnyone);
  // "token", "certificate" or "none".
  absl::string_view shown = "none";
  // Null: may do everything.
  std::shared_ptr<const User> user;
  // When what was shown ends.
  absl::Time expires = absl::InfiniteFuture();
  // Goes up when the users change.
  uint64_t generation = 0;

  bool May(Right right, absl::string_view streamer) const { return user == nullptr || user->May(right, streamer); }
};

// Tells who calls, by a list of users that may be replaced while binlogd runs. Thread-safe.
class Access {
 public:
  // The users that `text` names; errors begin with `origin`.
  using Parser = std::function<absl::StatusOr<std::vector<User>>(absl::string_view text, absl::string_view origin)>;

  using Clock = std::function<absl::Time()>;

  // Every caller may do everything: whoever reaches the port is trusted.
  Access() = default;
  // Those in the file at `path`, which others must not be able to write (FILE_OPEN_TO_EVERYBODY). NOT_FOUND and the
  // like, USERS_INVALID and what `parser` returns.
  static absl::StatusOr<std::unique_ptr<Access>> Open(std::string path, Parser parser, Clock clock = absl::Now);

  bool has_users() const { return !path_.empty(); }
  // Looks first whether the file has changed; what is wrong with a new one is logged once, and the old users stay.
  // UNAUTHENTICATED: CREDENTIALS_MISSING when nothing is shown, CREDENTIALS_UNKNOWN when it is nobody's,
  // CREDENTIALS_EXPIRED when it was somebody's. A token that is shown must be right, whatever the certificate.
  absl::StatusOr<Caller> Authenticate(const CallerCredentials& credentials);
  // Whether Authenticate() might say something else now than when it gave `caller` out. Cheap.
  bool HasChanged(const Caller& caller);

 private:
  // The users, and how often they have changed.
  struct Edition {
    std::shared_ptr<const UserList> users;
    uint64_t generation = 0;
  };

  Access(std::string path, Parser parser, Clock clock)
      : path_(std::move(path)), parser_(std::move(parser)), clock_(std::move(clock)) {}
  absl::StatusOr<std::shared_ptr<const UserList>> Load() const;
  Edition Current();
  absl::StatusOr<Caller> CallerOf(const CallerCredentials& credentials, const UserList& users) const;

  const std::string path_;
  const Parser parser_;
  const Clock clock_ = absl::Now;
  absl::Mutex mutex_;
  FileStamp stamp_ ABSL_GUARDED_BY(mutex_);
  Edition edition_ ABSL_GUARDED_BY(mutex_);
};

// OK, or PERMISSION_DENIED (NOT_ALLOWED), which does not tell whether there is such a streamer.
absl::Status CheckAllowed(const Caller& caller, Right right, absl::string_view streamer);

}  // namespace binlogd
