#include "rpc/server.h"

#include <grpcpp/generic/generic_stub.h>

#include "base/error.h"
#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

class RpcServerTest : public testing::RpcTest {
 protected:
  // Sends one message, as bytes, to a method that this program has no stub for. The first answer's bytes; empty on
  // failure.
  std::string Ask(const std::string& method, const std::string& message) {
    grpc::GenericStub stub(channel_);
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    const grpc::Slice slice(message);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    grpc::Status status;
    const auto call = stub.PrepareCall(&context, method, &queue);
    const auto wait = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    std::string answer;
    bool ok = wait();
    call->Write(request, nullptr);
    ok = wait() && ok;
    call->WritesDone(nullptr);
    ok = wait() && ok;
    call->Read(&response, nullptr);
    if (wait() && ok) {
      std::vector<grpc::Slice> slices;
      if (response.Dump(&slices).ok()) {
        for (const grpc::Slice& part : slices) answer.append(reinterpret_cast<const char*>(part.begin()), part.size());
      }
    }
    call->Finish(&status, nullptr);
    (void)wait();
    queue.Shutdown();
    while (wait()) {
    }
    return status.ok() ? answer : "";
  }
};

TEST_F(RpcServerTest, HealthTellsWhetherItServes) {
  EXPECT_EQ(Ask("/grpc.health.v1.Health/Check", ""), "\x08\x01");
  EXPECT_EQ(Ask("/grpc.health.v1.Health/Check",
                "\x0a\x1a"
                "binlogd.v1.StreamerService"),
            "\x08\x01");
  server_->SetNotServing();
  EXPECT_EQ(Ask("/grpc.health.v1.Health/Check", ""), "\x08\x02");
}

TEST_F(RpcServerTest, ReflectionListsTheServices) {
  const std::string services = Ask("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "\x3a\x01*");
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
