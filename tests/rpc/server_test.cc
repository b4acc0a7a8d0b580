#include "rpc/server.h"

#include "base/error.h"
#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

using RpcServerTest = testing::RpcTest;

TEST_F(RpcServerTest, HealthTellsWhetherItServes) {
  EXPECT_EQ(Ask("/grpc.health.v1.Health/Check", "").message, "\x08\x01");
  EXPECT_EQ(Ask("/grpc.health.v1.Health/Check",
                "\x0a\x1a"
                "binlogd.v1.StreamerService")
                .message,
            "\x08\x01");
  server_->SetNotServing();
  EXPECT_EQ(Ask("/grpc.health.v1.Health/Check", "").message, "\x08\x02");
}

TEST_F(RpcServerTest, ReflectionListsTheServices) {
  const std::string services =
      Ask("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*").message;
  for (const char* name :
       {"binlogd.v1.StreamerService", "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}) {
    EXPECT_NE(services.find(name), std::string::npos) << name;
  }
}

TEST_F(RpcServerTest, APortHasOneServer) {
  const absl::Status refused =
      RpcServer::Listen({"127.0.0.1:" + std::to_string(server_->port())}, manager_.get()).status();
  EXPECT_EQ(ErrorReason(refused), "ADDRESS_IN_USE");
  EXPECT_EQ(ErrorReason(RpcServer::Listen({"no address"}, manager_.get()).status()), "ADDRESS_IN_USE");
}

TEST_F(RpcServerTest, AfterShutdownNobodyAnswers) {
  server_->Shutdown(absl::Seconds(1));
  EXPECT_EQ(Create(Spec("a"), false).error_code(), grpc::StatusCode::UNAVAILABLE);
  server_->Shutdown(absl::Seconds(1));
}

}  // namespace
}  // namespace binlogd
