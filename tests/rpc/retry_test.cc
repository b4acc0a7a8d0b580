#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

using grpc::StatusCode;
using Stub = v1::StreamerService::Stub;

// Requests that are sent again.
class RetryTest : public testing::RpcTest {
 protected:
  ~RetryTest() override { slow_.Release(); }

  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    return (stub_.get()->*method)(&context, request, response);
  }
  v1::CreateRequest CreateWithId(const std::string& name, const std::string& id) const {
    v1::CreateRequest request;
    *request.mutable_spec() = Spec(name);
    request.set_request_id(id);
    return request;
  }
  template <typename Request>
  static Request Named(const std::string& name, const std::string& id) {
    Request request;
    request.set_name(name);
    request.set_request_id(id);
    return request;
  }
  // A streamer that runs and cannot stop before slow_ is released.
  void CreateSlow(const std::string& name) {
    v1::StreamerSpec spec = Spec(name);
    spec.mutable_source()->mutable_password()->set_file(slow_.secret().text);
    ASSERT_TRUE(Create(spec, true).ok());
    slow_.AwaitReader();
  }

  testing::SlowSecret slow_{dir_ / "password"};
};

TEST_F(RetryTest, CreateIsNotRefusedTheSecondTime) {
  v1::Streamer first, second;
  ASSERT_TRUE(Call(&Stub::Create, CreateWithId("a", "1"), &first).ok());
  ASSERT_TRUE(Call(&Stub::Create, CreateWithId("a", "1"), &second).ok());
  EXPECT_EQ(first.SerializeAsString(), second.SerializeAsString());
  ExpectError(Call(&Stub::Create, CreateWithId("a", "2"), &second), StatusCode::ALREADY_EXISTS, "STREAMER_EXISTS");
  ExpectError(Call(&Stub::Create, CreateWithId("b", "1"), &second), StatusCode::INVALID_ARGUMENT, "REQUEST_ID_REUSED",
              "request_id");
  ExpectError(Call(&Stub::Create, CreateWithId("b", "no blanks"), &second), StatusCode::INVALID_ARGUMENT, "BAD_VALUE",
              "request_id");
}

TEST_F(RetryTest, CreateIsKnownAfterARestart) {
  v1::Streamer first, second;
  ASSERT_TRUE(Call(&Stub::Create, CreateWithId("a", "1"), &first).ok());
  Restart();
  ASSERT_TRUE(Call(&Stub::Create, CreateWithId("a", "1"), &second).ok());
  EXPECT_EQ(first.etag(), second.etag());
  EXPECT_EQ(first.create_time().seconds(), second.create_time().seconds());
  Restart();
  v1::CreateRequest other = CreateWithId("a", "1");
  other.set_start(true);
  ExpectError(Call(&Stub::Create, other, &second), StatusCode::ALREADY_EXISTS, "STREAMER_EXISTS");
}

TEST_F(RetryTest, EachChangeIsDoneOnce) {
  ASSERT_TRUE(Create(Spec("a"), false).ok());
  v1::Streamer streamer;
  v1::ApplyResponse applied;
  v1::DeleteResponse deleted;
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Call(&Stub::Start, Named<v1::StartRequest>("a", "1"), &streamer).ok());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Call(&Stub::Stop, Named<v1::StopRequest>("a", "2"), &streamer).ok());
  v1::UpdateRequest update;
  *update.mutable_spec() = Spec("a");
  update.mutable_spec()->mutable_batch()->set_max_events(7);
  update.set_etag(streamer.etag());
  update.set_request_id("3");
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Call(&Stub::Update, update, &streamer).ok());
  v1::ApplyRequest apply;
  *apply.mutable_spec() = Spec("b");
  apply.set_request_id("4");
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(Call(&Stub::Apply, apply, &applied).ok());
    EXPECT_EQ(applied.outcome(), v1::ApplyResponse::CREATED);
  }
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(Call(&Stub::Delete, Named<v1::DeleteRequest>("a", "5"), &deleted).ok());
  ExpectError(Call(&Stub::Delete, Named<v1::DeleteRequest>("a", "6"), &deleted), StatusCode::NOT_FOUND,
              "STREAMER_NOT_FOUND");
  ExpectError(Call(&Stub::Start, Named<v1::StartRequest>("b", "2"), &streamer), StatusCode::INVALID_ARGUMENT,
              "REQUEST_ID_REUSED", "request_id");
}

TEST_F(RetryTest, AChangeThatGoesOnIsAwaited) {
  CreateSlow("a");
  const std::string etag = manager_->Get("a")->etag;
  v1::UpdateRequest update;
  *update.mutable_spec() = Spec("a");
  update.set_etag(etag);
  update.set_request_id("1");
  v1::Streamer streamer;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(300)));
  EXPECT_EQ(stub_->Update(&context, update, &streamer).error_code(), StatusCode::DEADLINE_EXCEEDED);
  ASSERT_TRUE(testing::Eventually([&] { return manager_->Get("a")->etag != etag; }));
  slow_.Release();
  const grpc::Status again = Call(&Stub::Update, update, &streamer);
  ASSERT_TRUE(again.ok()) << again.error_message() << ": the etag was the right one the first time";
  EXPECT_NE(streamer.etag(), etag);
}

TEST_F(RetryTest, ADeleteThatGoesOnIsAwaited) {
  CreateSlow("a");
  const v1::DeleteRequest request = Named<v1::DeleteRequest>("a", "1");
  v1::DeleteResponse deleted;
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(300)));
  EXPECT_EQ(stub_->Delete(&context, request, &deleted).error_code(), StatusCode::DEADLINE_EXCEEDED);
  ASSERT_TRUE(testing::Eventually([&] { return manager_->Get("a")->snapshot.state == StreamerState::kStopping; }));
  slow_.Release();
  const grpc::Status again = Call(&Stub::Delete, request, &deleted);
  EXPECT_TRUE(again.ok()) << again.error_message();
  EXPECT_TRUE(absl::IsNotFound(manager_->Get("a").status()));
}

}  // namespace
}  // namespace binlogd
