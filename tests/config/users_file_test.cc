#include "config/users_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kHash[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(UsersFileTest, ReadsUsersAndGrants) {
  const auto users = ParseUsers(absl::StrCat(R"(
users:
- name: orchestrator  # drives the fleet
  token_sha256: )",
                                             kHash, R"(
  grants:
  - {role: admin, streamers: ["orders*", shop]}
  - role: tap
    streamers: shop
- name: alice
  certificate: [alice@example.net, alice]
  grants: [{role: viewer}]
- {name: nobody}
)"),
                                "users.yaml");
  ASSERT_TRUE(users.ok()) << users.status();
  ASSERT_EQ(users->size(), 3u);
  const User& orchestrator = (*users)[0];
  EXPECT_THAT(orchestrator.tokens, SizeIs(1));
  EXPECT_EQ(orchestrator.tokens[0].hash, HashToken("abc"));
  EXPECT_TRUE(orchestrator.May(Right::kChange, "orders-eu"));
  EXPECT_TRUE(orchestrator.May(Right::kTap, "shop"));
  EXPECT_FALSE(orchestrator.May(Right::kTap, "orders-eu"));
  const User& alice = (*users)[1];
  EXPECT_THAT(alice.certificate_names, ElementsAre("alice@example.net", "alice"));
  EXPECT_TRUE(alice.May(Right::kView, "anything"));
  EXPECT_FALSE(alice.May(Right::kOperate, "anything"));
  EXPECT_FALSE((*users)[2].May(Right::kView, "anything"));
}

TEST(UsersFileTest, NoUserTakesANameThatStandsForOthers) {
  for (const char* name : {"--streamers", "anyone", "\"a\\nb\"", "\"a\\u007f\""}) {
    const auto users = ParseUsers(absl::StrCat("users:\n- {name: ", name, "}\n"), "f");
    EXPECT_EQ(ErrorReason(users.status()), "USERS_INVALID") << name;
    EXPECT_THAT(std::string(users.status().message()), HasSubstr("f:2: ")) << name;
    EXPECT_THAT(std::string(users.status().message()), HasSubstr("is no user's name")) << name;
  }
  const auto users = ParseUsers(absl::StrCat("users:\n- {name: ", std::string(256, 'a'), "}\n"), "f");
  EXPECT_LT(users.status().message().size(), 200u) << users.status();
  EXPECT_EQ(ErrorReason(users.status()), "USERS_INVALID");
  EXPECT_TRUE(ParseUsers(absl::StrCat("users:\n- {name: größe ", std::string(240, 'a'), "}\n"), "f").ok());
}

TEST(UsersFileTest, AFileWithoutUsersIsNone) {
  for (const char* text : {"users: []\n", "{}\n", "users:\n", ""}) {
    const auto users = ParseUsers(text, "f");
    EXPECT_EQ(ErrorReason(users.status()), "USERS_INVALID") << text;
  }
  EXPECT_THAT(std::string(ParseUsers("users: []\n", "f").status().message()), HasSubstr("without --users"));
}

TEST(UsersFileTest, TokensMayEnd) {
  const auto users =
      ParseUsers(absl::StrCat("users:\n- name: a\n  token_sha256:\n  - {hash: ", kHash,
                              ", expires: 2027-01-31T12:00:00+01:00}\n  - ", TokenHashText(HashToken("new")), "\n"),
                 "f");
  ASSERT_TRUE(users.ok()) << users.status();
  const std::vector<TokenGrant>& tokens = (*users)[0].tokens;
  ASSERT_THAT(tokens, SizeIs(2));
  EXPECT_EQ(tokens[0].hash, HashToken("abc"));
  EXPECT_EQ(tokens[0].expires, absl::FromCivil(absl::CivilSecond(2027, 1, 31, 11, 0, 0), absl::UTCTimeZone()));
  EXPECT_EQ(tokens[1].hash, HashToken("new"));
  EXPECT_EQ(tokens[1].expires, absl::InfiniteFuture());
}

TEST(UsersFileTest, JsonIsReadToo) {
  const auto users = ParseUsers(R"({"users": [{"name": "a", "grants": [{"role": "operator"}]}]})", "users.json");
  ASSERT_TRUE(users.ok()) << users.status();
  EXPECT_TRUE((*users)[0].May(Right::kOperate, "x"));
}

TEST(UsersFileTest, WhatIsWrongIsNamedWithItsLine) {
  struct Row {
    std::string text;
    const char* message;
  };
  for (const Row& row : {
           Row{"users:\n- {name: a, role: admin}", "f:2: there is no field \"role\""},
           {"users:\n- name: a\n  grants: [{role: root}]", "f:3: \"root\" is no role"},
           {"users:\n- name: a\n  grants: [{streamers: [x]}]", "f:3: a grant has no role"},
           {"users:\n- name: a\n  grants: [{role: admin, streamers: []}]", "f:3: streamers is an empty list"},
           {"users:\n- name: a\n  grants: {role: admin}", "f:3: grants is not a list"},
           {"users:\n- grants: []", "f:2: a user has no name"},
           {"users:\n- name: a\n  token_sha256: []", "f:3: token_sha256 is an empty list"},
           {"users:\n- name: a\n  token_sha256: {expires: 2027-01-31T00:00:00Z}", "f:3: a token has no hash"},
           {absl::StrCat("users:\n- name: a\n  token_sha256: {hash: ", kHash, ", expires: soon}"),
            "f:3: expires is \"soon\", not a time"},
           {absl::StrCat("users:\n- name: a\n  token_sha256: {hash: ", kHash, ", ends: soon}"),
            "f:3: there is no field \"ends\""},
           {"users: {name: a}", "f:1: users is not a list"},
           {"user: []", "f:1: there is no field \"user\""},
           {"- name: a", "f:1: the file is not a mapping"},
           {"", "f: holds 0 documents"},
       }) {
    const absl::Status refused = ParseUsers(row.text, "f").status();
    EXPECT_EQ(ErrorReason(refused), "USERS_INVALID") << row.text;
    EXPECT_THAT(std::string(refused.message()), HasSubstr(row.message)) << row.text;
  }
  EXPECT_EQ(ErrorReason(ParseUsers("users: [", "f").status()), "YAML_SYNTAX");
}

TEST(UsersFileTest, ATokenInPlaceOfItsHashIsNotRepeated) {
  const absl::Status refused = ParseUsers("users:\n- {name: a, token_sha256: binlogd_secret}", "f").status();
  EXPECT_EQ(ErrorReason(refused), "USERS_INVALID");
  EXPECT_THAT(std::string(refused.message()), Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace binlogd
