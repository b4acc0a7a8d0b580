// A server on loopback and a client of it.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

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
    server_ = *RpcServer::Listen({"127.0.0.1:0"}, manager_.get());
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials());
    stub_ = v1::StreamerService::NewStub(channel_);
    ASSERT_TRUE(manager_->Load().ok());
  }
  void End() {
    if (manager_ != nullptr) manager_->Shutdown();
    server_.reset();
    manager_.reset();
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
