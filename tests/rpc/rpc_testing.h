// A server on loopback and a client of it.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "binlogd/v1/service.grpc.pb.h"
#include "rpc/server.h"
#include "rpc/spec_json.h"
#include "streamer/manager.h"
#include "tests/harness/temp_dir.h"
#include "tests/streamer/streamer_testing.h"
#include "wire/status_detail.h"

namespace binlogd::testing {

class RpcTest : public ::testing::Test {
 protected:
  RpcTest() { Restart(); }
  ~RpcTest() override { End(); }

  // As if binlogd had been ended, if it was there, and started again.
  void Restart() {
    End();
    manager_ = std::make_unique<Manager>(*Store::Open(dir_ / "state", &codec_));
    Serve({"127.0.0.1:0"});
    ASSERT_TRUE(manager_->Load().ok());
  }
  void End() {
    if (manager_ != nullptr) manager_->Shutdown();
    server_.reset();
    manager_.reset();
  }

  // In place of the server that is there.
  void Serve(const RpcServerOptions& options) {
    server_.reset();
    server_ = *RpcServer::Listen(options, manager_.get());
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials());
    stub_ = v1::StreamerService::NewStub(channel_);
  }

  // A spec that is right, of a source where nobody listens.
  v1::StreamerSpec Spec(const std::string& name) const {
    v1::StreamerSpec spec;
    spec.set_name(name);
    spec.mutable_source()->add_endpoints("127.0.0.1:1");
    spec.mutable_source()->set_user("repl");
    v1::TargetSpec* target = spec.add_targets();
    target->set_name("archive");
    target->mutable_file()->set_path(dir_ / "targets/" + name);
    return spec;
  }
  grpc::Status Create(const v1::StreamerSpec& spec, bool start, v1::Streamer* response = nullptr) {
    v1::CreateRequest request;
    *request.mutable_spec() = spec;
    request.set_start(start);
    v1::Streamer ignored;
    grpc::ClientContext context;
    return stub_->Create(&context, request, response == nullptr ? &ignored : response);
  }
  grpc::Status Stop(const std::string& name) {
    v1::StopRequest request;
    request.set_name(name);
    v1::Streamer response;
    grpc::ClientContext context;
    return stub_->Stop(&context, request, &response);
  }
  grpc::Status Delete(const std::string& name, const std::string& etag = "") {
    v1::DeleteRequest request;
    request.set_name(name);
    request.set_etag(etag);
    v1::DeleteResponse response;
    grpc::ClientContext context;
    return stub_->Delete(&context, request, &response);
  }

  // How a call ended, and the bytes of its first answer; empty on failure.
  struct RawAnswer {
    grpc::Status status;
    std::string message;
  };
  // Sends one message, as bytes, to a method that this program may have no stub for. With `cancel` the call is
  // cancelled after its first answer, as it may have no end.
  RawAnswer Ask(const std::string& method, const std::string& message, const std::string& token = "",
                bool cancel = false) {
    grpc::GenericStub stub(channel_);
    grpc::CompletionQueue queue;
    grpc::ClientContext context;
    if (!token.empty()) context.AddMetadata("authorization", "Bearer " + token);
    const grpc::Slice slice(message);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    RawAnswer answer;
    const auto call = stub.PrepareCall(&context, method, &queue);
    const auto wait = [&queue] {
      void* tag = nullptr;
      bool ok = false;
      return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    bool ok = wait();
    call->Write(request, nullptr);
    ok = wait() && ok;
    call->WritesDone(nullptr);
    ok = wait() && ok;
    call->Read(&response, nullptr);
    const bool answered = wait() && ok;
    if (answered) {
      std::vector<grpc::Slice> slices;
      if (response.Dump(&slices).ok()) {
        for (const grpc::Slice& part : slices) {
          answer.message.append(reinterpret_cast<const char*>(part.begin()), part.size());
        }
      }
    }
    if (cancel && answered) context.TryCancel();
    call->Finish(&answer.status, nullptr);
    (void)wait();
    queue.Shutdown();
    while (wait()) {
    }
    if (!answer.status.ok()) answer.message.clear();
    return answer;
  }

  static void ExpectError(const grpc::Status& status, grpc::StatusCode code, const std::string& reason,
                          const std::string& field = "") {
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_EQ(ErrorDetailOf(status).reason(), reason) << status.error_message();
    EXPECT_EQ(ErrorDetailOf(status).field(), field);
    EXPECT_FALSE(status.error_message().empty());
  }

  TempDir dir_;
  SpecJson codec_;
  std::unique_ptr<Manager> manager_;
  std::unique_ptr<RpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::StreamerService::Stub> stub_;
};

}  // namespace binlogd::testing
