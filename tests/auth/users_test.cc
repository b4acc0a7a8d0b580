#include "auth/users.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace binlogd {
namespace {

User MakeUser(const std::string& name, const std::string& role, std::vector<std::string> streamers) {
  User user;
  user.name = name;
  user.grants = {{RightsOfRole(role), std::move(streamers)}};
  return user;
}

bool Has(const std::string& role, Right right) { return MakeUser("u", role, {"*"}).May(right, "a"); }

TEST(UsersTest, RolesGiveTheseRightsAndNoMore) {
  struct Row {
    const char* role;
    bool view, operate, change, tap;
  };
  for (const Row& row : {Row{"viewer", true, false, false, false}, Row{"operator", true, true, false, false},
                         Row{"admin", true, true, true, false}, Row{"tap", false, false, false, true},
                         Row{"root", false, false, false, false}, Row{"", false, false, false, false}}) {
    EXPECT_EQ(Has(row.role, Right::kView), row.view) << row.role;
    EXPECT_EQ(Has(row.role, Right::kOperate), row.operate) << row.role;
    EXPECT_EQ(Has(row.role, Right::kChange), row.change) << row.role;
    EXPECT_EQ(Has(row.role, Right::kTap), row.tap) << row.role;
  }
}

TEST(UsersTest, AGrantHoldsForTheStreamersThatItNames) {
  const User user = MakeUser("u", "operator", {"orders*", "shop"});
  EXPECT_TRUE(user.May(Right::kOperate, "orders-eu"));
  EXPECT_TRUE(user.May(Right::kView, "shop"));
  EXPECT_FALSE(user.May(Right::kView, "shop2"));
  EXPECT_FALSE(user.May(Right::kView, "Orders"));
  EXPECT_FALSE(user.May(Right::kView, ""));
}

TEST(UsersTest, TheLeastRoleGivesTheRight) {
  for (const Right right : {Right::kView, Right::kOperate, Right::kChange, Right::kTap}) {
    EXPECT_TRUE(Has(std::string(LeastRole(right)), right)) << RightName(right);
  }
}

TEST(UsersTest, ATokenIsFoundByItsHashAlone) {
  const std::string token = *NewToken();
  EXPECT_NE(token, *NewToken());
  User user = MakeUser("u", "viewer", {"*"});
  const absl::Time end = absl::FromUnixSeconds(1000);
  user.tokens = {{HashToken("old"), end}, {HashToken(token)}};
  const auto list = UserList::Make({user});
  ASSERT_TRUE(list.ok());
  absl::Time expires;
  ASSERT_NE((*list)->FindByToken(token, &expires), nullptr);
  EXPECT_EQ((*list)->FindByToken(token, &expires)->name, "u");
  EXPECT_EQ(expires, absl::InfiniteFuture());
  EXPECT_NE((*list)->FindByToken("old", &expires), nullptr);
  EXPECT_EQ(expires, end);
  for (const std::string& wrong : {std::string(), token + "x", token.substr(1), TokenHashText(HashToken(token))}) {
    EXPECT_EQ((*list)->FindByToken(wrong, &expires), nullptr) << wrong;
  }
}

TEST(UsersTest, HashesReadAsTheyAreWritten) {
  // FIPS 180-2, "abc".
  constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(TokenHashText(HashToken("abc")), kAbc);
  TokenHash hash;
  ASSERT_TRUE(ParseTokenHash(kAbc, &hash));
  EXPECT_EQ(hash, HashToken("abc"));
  const std::string text = kAbc;
  for (const std::string& wrong : {text.substr(1), text + "0", "g" + text.substr(1), std::string()}) {
    EXPECT_FALSE(ParseTokenHash(wrong, &hash)) << wrong;
  }
}

TEST(UsersTest, ACertificateIsFoundByAnyOfItsNames) {
  User user = MakeUser("u", "viewer", {"*"});
  user.certificate_names = {"client.example.net"};
  const auto list = UserList::Make({user});
  ASSERT_TRUE(list.ok());
  EXPECT_NE((*list)->FindByCertificate({"client", "client.example.net"}), nullptr);
  EXPECT_EQ((*list)->FindByCertificate({"client"}), nullptr);
  EXPECT_EQ((*list)->FindByCertificate({}), nullptr);
}

TEST(UsersTest, NothingIsShared) {
  User a = MakeUser("a", "viewer", {"*"});
  a.tokens = {{HashToken("t")}};
  a.certificate_names = {"c"};
  User b = MakeUser("b", "viewer", {"*"});
  EXPECT_TRUE(UserList::Make({a, b}).ok());
  b.tokens = a.tokens;
  EXPECT_EQ(ErrorReason(UserList::Make({a, b}).status()), "USERS_INVALID");
  b.tokens.clear();
  b.certificate_names = a.certificate_names;
  EXPECT_EQ(ErrorReason(UserList::Make({a, b}).status()), "USERS_INVALID");
  b.certificate_names.clear();
  b.name = "a";
  EXPECT_EQ(ErrorReason(UserList::Make({a, b}).status()), "USERS_INVALID");
}

}  // namespace
}  // namespace binlogd
