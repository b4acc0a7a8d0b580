// A server whose callers have roles.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "auth/access.h"
#include "auth/audit_log.h"
#include "base/file.h"
#include "tests/rpc/rpc_testing.h"

namespace binlogd::testing {

inline std::string TokenOf(const std::string& role) { return "token-of-" + role; }

// One user for each line: a role, which is the name as well, and the streamers on which it is granted.
inline absl::StatusOr<std::vector<User>> UsersByRole(absl::string_view text, absl::string_view) {
  std::vector<User> users;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> user = absl::StrSplit(line, ' ');
    users.push_back({user.first, {{HashToken(TokenOf(user.first))}}, {}, {{RightsOfRole(user.first), {user.second}}}});
  }
  return users;
}

// By default each role is granted on streamers whose names begin with "a", and nothing is limited.
class GuardedRpcTest : public RpcTest {
 protected:
  GuardedRpcTest() {
    PutUsers("viewer a*\noperator a*\nadmin a*\ntap a*\n");
    access_ = *Access::Open(dir_ / "users", UsersByRole);
    audit_ = *AuditLog::Open(dir_ / "audit");
    ServeUsers();
  }
  ~GuardedRpcTest() override { server_.reset(); }

  void PutUsers(const std::string& lines) { ASSERT_TRUE(ReplaceFile(dir_ / "users", lines, 0600).ok()); }
  void ServeUsers(CallLimitOptions limits = {0, 0, 0, 0}) {
    Serve({"127.0.0.1:0", nullptr, access_.get(), audit_.get(), limits});
  }

  std::unique_ptr<Access> access_;
  std::unique_ptr<AuditLog> audit_;
};

}  // namespace binlogd::testing
