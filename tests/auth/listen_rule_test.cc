#include "auth/listen_rule.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace binlogd {
namespace {

TEST(ListenRuleTest, BeyondLoopbackTakesEncryptionAndAuthentication) {
  EXPECT_TRUE(CheckListen("--listen", "127.0.0.1:1", {}, "").ok());
  EXPECT_TRUE(CheckListen("--listen", "0.0.0.0:1", {true, true}, "").ok());
  for (const PortProtection lacking : {PortProtection{}, {true, false}, {false, true}}) {
    const absl::Status refused = CheckListen("--listen", "0.0.0.0:1", lacking, "do this");
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(ErrorReason(refused), "INSECURE_LISTEN");
    EXPECT_NE(refused.message().find("--listen 0.0.0.0:1"), absl::string_view::npos) << refused;
    EXPECT_NE(refused.message().find("do this"), absl::string_view::npos) << refused;
  }
}

}  // namespace
}  // namespace binlogd
