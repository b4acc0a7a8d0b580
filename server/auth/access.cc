#include "auth/access.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logging.h"
#include "base/shown.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr size_t kLargestFile = 8 << 20;

absl::Status Unauthenticated(absl::string_view reason, absl::string_view message) {
  return MakeError(absl::StatusCode::kUnauthenticated, reason, message);
}

absl::StatusOr<Caller> CallerOf(std::shared_ptr<const User> user, absl::string_view shown) {
  if (user == nullptr) {
    return Unauthenticated(
        "CREDENTIALS_UNKNOWN",
        absl::StrCat("the ", shown, " that was shown is no user's of this server; ask its operator"));
  }
  return Caller{user->name, shown, std::move(user)};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Access>> Access::Open(std::string path, Parser parser) {
  std::unique_ptr<Access> access(new Access(std::move(path), std::move(parser)));
  absl::MutexLock lock(&access->mutex_);
  access->stamp_ = StampOf(access->path_);
  ASSIGN_OR_RETURN(access->users_, access->Load());
  return access;
}

absl::StatusOr<std::shared_ptr<const UserList>> Access::Load() const {
  ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(path_, kLargestFile));
  ASSIGN_OR_RETURN(std::vector<User> users, parser_(text, path_));
  absl::StatusOr<std::shared_ptr<const UserList>> list = UserList::Make(std::move(users));
  if (!list.ok()) return Annotate(list.status(), path_);
  return list;
}

std::shared_ptr<const UserList> Access::Users() {
  // Before it is read: what is written in between has another stamp next time.
  const FileStamp stamp = StampOf(path_);
  {
    absl::MutexLock lock(&mutex_);
    if (stamp == stamp_) return users_;
    stamp_ = stamp;
  }
  absl::StatusOr<std::shared_ptr<const UserList>> loaded = Load();
  Log(loaded.ok() ? LogLevel::kInfo : LogLevel::kError, "server",
      loaded.ok() ? absl::StrCat(path_, ": ", (*loaded)->size(), " users from now on")
                  : absl::StrCat("the users stay as they were: ", loaded.status().message()));
  absl::MutexLock lock(&mutex_);
  // Unless another call has read a newer file meanwhile.
  if (loaded.ok() && stamp_ == stamp) users_ = *std::move(loaded);
  return users_;
}

absl::StatusOr<Caller> Access::Authenticate(const CallerCredentials& credentials) {
  const std::vector<std::string>& names = credentials.certificate_names;
  if (!has_users()) return names.empty() ? Caller() : Caller{names[0], "certificate", nullptr};
  const std::shared_ptr<const UserList> users = Users();
  if (!credentials.authorization.empty()) {
    absl::string_view token = credentials.authorization;
    if (!absl::StartsWithIgnoreCase(token, "Bearer ")) {
      return Unauthenticated("CREDENTIALS_UNKNOWN", "the authorization header is not \"Bearer TOKEN\"");
    }
    token.remove_prefix(7);
    return CallerOf(users->FindByToken(token), "token");
  }
  if (!names.empty()) return CallerOf(users->FindByCertificate(names), "certificate");
  return Unauthenticated("CREDENTIALS_MISSING",
                         "this server answers only callers who show a token (authorization: Bearer TOKEN; "
                         "binlogctl --token-file) or a client certificate");
}

absl::Status CheckAllowed(const Caller& caller, Right right, absl::string_view streamer) {
  if (caller.May(right, streamer)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED",
                   absl::StrCat("user \"", caller.name, "\" may not ", RightName(right), " streamer ", Shown(streamer),
                                "; a role that gives this right has to be granted"));
}

absl::Status CheckAllowedEverywhere(const Caller& caller, Right right) {
  if (caller.user == nullptr || caller.user->MayEverywhere(right)) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kPermissionDenied, "NOT_ALLOWED",
      absl::StrCat("user \"", caller.name, "\" may not ", RightName(right),
                   " all streamers, which this call shows; a role that gives this right on \"*\" has to be "
                   "granted"));
}

}  // namespace binlogd
