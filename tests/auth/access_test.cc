#include "auth/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// One user a word of the text, whose token and certificate are called like the user; "bad" is no good.
absl::StatusOr<std::vector<User>> ParseWords(absl::string_view text, absl::string_view origin) {
  std::vector<User> users;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (word == "bad") return MakeError(absl::StatusCode::kInvalidArgument, "USERS_INVALID", origin);
    User user;
    user.name = std::string(word);
    user.tokens = {{HashToken(word)}, {HashToken(absl::StrCat("until-2000-", word)), absl::FromUnixSeconds(2000)}};
    user.certificate_names = {std::string(word)};
    user.grants = {{RightsOfRole("viewer"), {"*"}}};
    users.push_back(std::move(user));
  }
  return users;
}

class AccessTest : public ::testing::Test {
 protected:
  AccessTest() {
    Put("alice bob");
    access_ = *Access::Open(path_, ParseWords, [this] { return now_; });
  }
  void Put(const std::string& text) { ASSERT_TRUE(ReplaceFile(path_, text, 0600).ok()); }
  std::string NameOf(const CallerCredentials& credentials) {
    const absl::StatusOr<Caller> caller = access_->Authenticate(credentials);
    return caller.ok() ? caller->name : ErrorReason(caller.status());
  }

  testing::TempDir directory_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
  const std::string path_ = directory_ / "users";
  std::unique_ptr<Access> access_;
};

TEST_F(AccessTest, ATokenOrACertificateSaysWhoCalls) {
  EXPECT_EQ(NameOf({"Bearer alice", {}}), "alice");
  EXPECT_EQ(NameOf({"bearer alice", {}}), "alice");
  EXPECT_EQ(NameOf({"", {"x", "bob"}}), "bob");
  EXPECT_EQ(NameOf({"", {}}), "CREDENTIALS_MISSING");
  for (const char* forged : {"Bearer", "Bearer ", "Bearer carol", "Bearer  alice", "Basic alice", "alice"}) {
    EXPECT_EQ(NameOf({forged, {}}), "CREDENTIALS_UNKNOWN") << forged;
  }
  EXPECT_EQ(NameOf({"", {"carol"}}), "CREDENTIALS_UNKNOWN");
}

TEST_F(AccessTest, AWrongTokenIsNotMendedByACertificate) {
  EXPECT_EQ(NameOf({"Bearer carol", {"bob"}}), "CREDENTIALS_UNKNOWN");
  EXPECT_EQ(NameOf({"Bearer alice", {"bob"}}), "alice");
}

TEST_F(AccessTest, ATokenEndsInTime) {
  const absl::StatusOr<Caller> caller = access_->Authenticate({"Bearer until-2000-alice", {}});
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_FALSE(access_->HasChanged(*caller));
  now_ = absl::FromUnixSeconds(2000);
  EXPECT_TRUE(access_->HasChanged(*caller));
  const absl::Status refused = access_->Authenticate({"Bearer until-2000-alice", {}}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ErrorReason(refused), "CREDENTIALS_EXPIRED");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("user \"alice\" ended at 1970-01-01T00:33:20"));
  EXPECT_EQ(NameOf({"Bearer alice", {}}), "alice");
}

TEST_F(AccessTest, WhoWasLetInIsLookedAtAgainWhenTheUsersChange) {
  const Caller alice = *access_->Authenticate({"Bearer alice", {}});
  EXPECT_FALSE(access_->HasChanged(alice));
  Put("bad");
  EXPECT_FALSE(access_->HasChanged(alice)) << "a bad file changes nothing";
  Put("bob");
  EXPECT_TRUE(access_->HasChanged(alice));
  EXPECT_FALSE(access_->HasChanged(*access_->Authenticate({"Bearer bob", {}})));
  Access open;
  EXPECT_FALSE(open.HasChanged(*open.Authenticate({"", {}})));
}

TEST_F(AccessTest, AFileThatOthersMayWriteIsRefused) {
  ASSERT_TRUE(ReplaceFile(path_, "mallory", 0666).ok());
  EXPECT_EQ(ErrorReason(Access::Open(path_, ParseWords).status()), "FILE_OPEN_TO_EVERYBODY");
  EXPECT_EQ(NameOf({"Bearer mallory", {}}), "CREDENTIALS_UNKNOWN");
  EXPECT_EQ(NameOf({"Bearer alice", {}}), "alice");
}

TEST_F(AccessTest, RefusalsDoNotRepeatTheToken) {
  const absl::Status refused = access_->Authenticate({"Bearer secret-word", {}}).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("secret-word")));
}

TEST_F(AccessTest, ANewFileIsNoticed) {
  Put("bob carol");
  EXPECT_EQ(NameOf({"Bearer alice", {}}), "CREDENTIALS_UNKNOWN");
  EXPECT_EQ(NameOf({"Bearer carol", {}}), "carol");
}

TEST_F(AccessTest, ABadOrMissingFileLeavesTheOldUsers) {
  Put("carol bad");
  EXPECT_EQ(NameOf({"Bearer alice", {}}), "alice");
  EXPECT_EQ(NameOf({"Bearer carol", {}}), "CREDENTIALS_UNKNOWN");
  unlink(path_.c_str());
  EXPECT_EQ(NameOf({"Bearer alice", {}}), "alice");
  Put("carol");
  EXPECT_EQ(NameOf({"Bearer carol", {}}), "carol");
  EXPECT_EQ(ErrorReason(Access::Open(directory_ / "missing", ParseWords).status()), "NOT_FOUND");
}

TEST_F(AccessTest, WithoutUsersEverybodyMayDoEverything) {
  access_ = std::make_unique<Access>();
  EXPECT_EQ(NameOf({"", {}}), "anyone");
  EXPECT_EQ(NameOf({"", {"client"}}), "client");
  EXPECT_TRUE(access_->Authenticate({"", {}})->May(Right::kTap, "a"));
}

TEST_F(AccessTest, ARefusalNamesTheUserTheRightAndTheStreamer) {
  const absl::StatusOr<Caller> caller = access_->Authenticate({"Bearer alice", {}});
  ASSERT_TRUE(caller.ok());
  EXPECT_TRUE(CheckAllowed(*caller, Right::kView, "orders").ok());
  const absl::Status refused = CheckAllowed(*caller, Right::kChange, "or\nders");
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrorReason(refused), "NOT_ALLOWED");
  EXPECT_THAT(std::string(refused.message()), HasSubstr("user \"alice\" may not change streamer \"or\\nders\""));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("grant the role admin on it"));
}

}  // namespace
}  // namespace binlogd
