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

}  // namespace

absl::StatusOr<std::unique_ptr<Access>> Access::Open(std::string path, Parser parser, Clock clock) {
  std::unique_ptr<Access> access(new Access(std::move(path), std::move(parser), std::move(clock)));
  absl::MutexLock lock(&access->mutex_);
  access->stamp_ = StampOf(access->path_);
  access->edition_.generation = 1;
  ASSIGN_OR_RETURN(access->edition_.users, access->Load());
  return access;
}

absl::StatusOr<std::shared_ptr<const UserList>> Access::Load() const {
  ASSIGN_OR_RETURN(const std::string text, ReadProtectedFile(path_, Protection::kUnwritten, kLargestFile));
  ASSIGN_OR_RETURN(std::vector<User> users, parser_(text, path_));
  absl::StatusOr<std::shared_ptr<const UserList>> list = UserList::Make(std::move(users));
  if (!list.ok()) return Annotate(list.status(), path_);
  return list;
}

Access::Edition Access::Current() {
  // Before it is read: what is written in between has another stamp next time.
  const FileStamp stamp = StampOf(path_);
  {
    absl::MutexLock lock(&mutex_);
    if (stamp == stamp_) return edition_;
    stamp_ = stamp;
  }
  absl::StatusOr<std::shared_ptr<const UserList>> loaded = Load();
  Log(loaded.ok() ? LogLevel::kInfo : LogLevel::kError, "server",
      loaded.ok() ? absl::StrCat(path_, ": ", (*loaded)->size(), " users from now on")
                  : absl::StrCat("the users stay as they were: ", loaded.status().message()));
  absl::MutexLock lock(&mutex_);
  // Unless another call has read a newer file meanwhile.
  if (loaded.ok() && stamp_ == stamp) edition_ = {*std::move(loaded), edition_.generation + 1};
  return edition_;
}

absl::StatusOr<Caller> Access::Authenticate(const CallerCredentials& credentials) {
  const std::vector<std::string>& names = credentials.certificate_names;
  if (!has_users()) {
    Caller anyone;
    if (!names.empty()) {
      anyone.name = names[0];
      anyone.shown = "certificate";
    }
    return anyone;
  }
  const Edition edition = Current();
  ASSIGN_OR_RETURN(Caller caller, CallerOf(credentials, *edition.users));
  caller.generation = edition.generation;
  return caller;
}

bool Access::HasChanged(const Caller& caller) {
  return has_users() && (Current().generation != caller.generation || clock_() >= caller.expires);
}

absl::StatusOr<Caller> Access::CallerOf(const CallerCredentials& credentials, const UserList& users) const {
  Caller caller;
  if (!credentials.authorization.empty()) {
    absl::string_view token = credentials.authorization;
    if (!absl::StartsWithIgnoreCase(token, "Bearer ")) {
      return Unauthenticated("CREDENTIALS_UNKNOWN", "the authorization header is not \"Bearer TOKEN\"");
    }
    token.remove_prefix(7);
    caller.shown = "token";
    caller.user = users.FindByToken(token, &caller.expires);
  } else if (!credentials.certificate_names.empty()) {
    caller.shown = "certificate";
    caller.user = users.FindByCertificate(credentials.certificate_names);
  } else {
    return Unauthenticated("CREDENTIALS_MISSING",
                           "this server answers only callers who show a token (authorization: Bearer TOKEN; "
                           "binlogctl --token-file) or a client certificate");
  }
  if (caller.user == nullptr) {
    return Unauthenticated("CREDENTIALS_UNKNOWN",
                           absl::StrCat("the ", caller.shown,
                                        " that was shown is no user's of this server; see that it "
                                        "is the right one, or ask who runs the server for another"));
  }
  if (clock_() >= caller.expires) {
    return Unauthenticated(
        "CREDENTIALS_EXPIRED",
        absl::StrCat("the token of user \"", caller.user->name, "\" ended at ",
                     absl::FormatTime(caller.expires, absl::UTCTimeZone()), "; ask who runs the server for a new one"));
  }
  caller.name = caller.user->name;
  return caller;
}

absl::Status CheckAllowed(const Caller& caller, Right right, absl::string_view streamer) {
  if (caller.May(right, streamer)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED",
                   absl::StrCat("user \"", caller.name, "\" may not ", RightName(right), " ",
                                streamer.empty() ? "all streamers" : absl::StrCat("streamer ", Shown(streamer)),
                                "; ask who runs the server to grant the role ", LeastRole(right), " on ",
                                streamer.empty() ? "them" : "it"));
}

}  // namespace binlogd
