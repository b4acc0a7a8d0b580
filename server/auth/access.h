// Who calls, and whether they may.
#pragma once

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

// Who calls.
struct Caller {
  // The user; without a list of users, the certificate's first name; "anyone" without that.
  std::string name = "anyone";
  // "token", "certificate" or "none".
  absl::string_view shown = "none";
  // Null: may do everything.
  std::shared_ptr<const User> user;

  bool May(Right right, absl::string_view streamer) const { return user == nullptr || user->May(right, streamer); }
};

// Tells who calls, by a list of users that may be replaced while binlogd runs. Thread-safe.
class Access {
 public:
  // The users that `text` names; errors begin with `origin`.
  using Parser = std::function<absl::StatusOr<std::vector<User>>(absl::string_view text, absl::string_view origin)>;

  // Every caller may do everything: whoever reaches the port is trusted.
  Access() = default;
  // Those in the file at `path`. NOT_FOUND and the like, USERS_INVALID and what `parser` returns.
  static absl::StatusOr<std::unique_ptr<Access>> Open(std::string path, Parser parser);

  bool has_users() const { return !path_.empty(); }
  // Looks first whether the file has changed; what is wrong with a new one is logged once, and the old users stay.
  // UNAUTHENTICATED: CREDENTIALS_MISSING when nothing is shown, CREDENTIALS_UNKNOWN when it is nobody's. A token that
  // is shown must be right, whatever the certificate.
  absl::StatusOr<Caller> Authenticate(const CallerCredentials& credentials);

 private:
  Access(std::string path, Parser parser) : path_(std::move(path)), parser_(std::move(parser)) {}
  absl::StatusOr<std::shared_ptr<const UserList>> Load() const;
  std::shared_ptr<const UserList> Users();

  const std::string path_;
  const Parser parser_;
  absl::Mutex mutex_;
  FileStamp stamp_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const UserList> users_ ABSL_GUARDED_BY(mutex_);
};

// OK, or PERMISSION_DENIED (NOT_ALLOWED), which does not tell whether there is such a streamer.
absl::Status CheckAllowed(const Caller& caller, Right right, absl::string_view streamer);
// The same of every streamer, those to come included: a grant on "*" gives that.
absl::Status CheckAllowedEverywhere(const Caller& caller, Right right);

}  // namespace binlogd
