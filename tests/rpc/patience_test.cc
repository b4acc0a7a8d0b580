#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <deque>

#include "base/file.h"
#include "rpc/waiting_calls.h"
#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

using grpc::StatusCode;
using testing::Eventually;

// Calls whose callers go away, or whose deadlines come.
class PatienceTest : public testing::RpcTest {
 protected:
  ~PatienceTest() override { slow_.Release(); }

  // A streamer that runs and cannot stop before slow_ is released.
  void CreateSlow(const std::string& name) {
    v1::StreamerSpec spec = Spec(name);
    spec.mutable_source()->mutable_password()->set_file(slow_.secret().text);
    ASSERT_TRUE(Create(spec, true).ok());
    slow_.AwaitReader();
  }
  // A change of the streamer that is under way until slow_ is released, after which it is gone.
  void HoldUpChanges(const std::string& name) {
    EXPECT_TRUE(absl::IsDeadlineExceeded(manager_->Delete(name, "", Cancellation(absl::Now()))));
  }
  // Makes `count` calls that wait for it.
  void StopInBackground(const std::string& name, int count) {
    v1::StopRequest request;
    request.set_name(name);
    for (int i = 0; i < count; ++i) {
      Pending& call = calls_.emplace_back();
      call.reader = stub_->AsyncStop(&call.context, request, &queue_);
      call.reader->Finish(&call.response, &call.status, &call);
    }
  }
  // The outcome of the next call that is answered.
  grpc::Status Next() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) ? static_cast<Pending*>(tag)->status : grpc::Status();
  }
  static void SetDeadline(grpc::ClientContext* context, absl::Duration after) {
    context->set_deadline(absl::ToChronoTime(absl::Now() + after));
  }

  struct Pending {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<v1::Streamer>> reader;
    v1::Streamer response;
    grpc::Status status;
  };
  testing::SlowSecret slow_{dir_ / "password"};
  grpc::CompletionQueue queue_;
  std::deque<Pending> calls_;
};

TEST_F(PatienceTest, AStopAnswersAtItsDeadlineAndGoesOn) {
  CreateSlow("a");
  v1::StopRequest request;
  request.set_name("a");
  v1::Streamer response;
  grpc::ClientContext context;
  SetDeadline(&context, absl::Seconds(1));
  const grpc::Status status = stub_->Stop(&context, request, &response);
  EXPECT_TRUE(status.ok() || status.error_code() == StatusCode::DEADLINE_EXCEEDED) << status.error_message();
  EXPECT_EQ(manager_->Get("a")->snapshot.state, StreamerState::kStopping);
  slow_.Release();
  EXPECT_TRUE(Eventually([&] { return manager_->Get("a")->snapshot.state == StreamerState::kStopped; }));
}

TEST_F(PatienceTest, ADeleteWhoseCallerIsGoneGoesOn) {
  CreateSlow("a");
  v1::DeleteRequest request;
  request.set_name("a");
  v1::DeleteResponse response;
  grpc::ClientContext context;
  SetDeadline(&context, absl::Milliseconds(200));
  EXPECT_EQ(stub_->Delete(&context, request, &response).error_code(), StatusCode::DEADLINE_EXCEEDED);
  EXPECT_TRUE(manager_->Get("a").ok());
  slow_.Release();
  EXPECT_TRUE(Eventually([&] { return absl::IsNotFound(manager_->Get("a").status()); }));
}

TEST_F(PatienceTest, AnUpdateWhoseCallerIsGoneGoesOn) {
  CreateSlow("a");
  v1::UpdateRequest request;
  *request.mutable_spec() = Spec("a");
  v1::Streamer response;
  grpc::ClientContext context;
  SetDeadline(&context, absl::Milliseconds(200));
  EXPECT_EQ(stub_->Update(&context, request, &response).error_code(), StatusCode::DEADLINE_EXCEEDED);
  slow_.Release();
  EXPECT_TRUE(Eventually([&] { return manager_->Get("a")->snapshot.state == StreamerState::kRetrying; }));
}

// More calls than threads wait for one streamer; were they not given up, nobody would answer the next.
TEST_F(PatienceTest, CancelledCallsGiveTheirThreadsBack) {
  CreateSlow("a");
  HoldUpChanges("a");
  StopInBackground("a", 200);
  for (Pending& call : calls_) call.context.TryCancel();
  for (size_t i = 0; i < calls_.size(); ++i) EXPECT_EQ(Next().error_code(), StatusCode::CANCELLED);
  EXPECT_TRUE(Create(Spec("b"), false).ok());
}

TEST_F(PatienceTest, TooManyCallsAreRefused) {
  CreateSlow("a");
  HoldUpChanges("a");
  StopInBackground("a", WaitingCalls::kMost + 1);
  ExpectError(Next(), StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");  // The others wait.
  slow_.Release();
  for (int i = 0; i < WaitingCalls::kMost; ++i) ExpectError(Next(), StatusCode::NOT_FOUND, "STREAMER_NOT_FOUND");
  EXPECT_TRUE(Create(Spec("b"), false).ok());
}

TEST_F(PatienceTest, AValidateWhoseCallerIsGoneEnds) {
  // A source that says nothing.
  const FileDescriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener.get(), 10), 0);
  ASSERT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);

  v1::ValidateRequest request;
  *request.mutable_spec() = Spec("a");
  request.mutable_spec()->mutable_source()->clear_endpoints();
  for (int i = 0; i < 3; ++i) {
    request.mutable_spec()->mutable_source()->add_endpoints("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  }
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  v1::ValidateResponse response;
  grpc::Status status;
  const auto reader = stub_->AsyncValidate(&context, request, &queue);
  reader->Finish(&response, &status, nullptr);
  const FileDescriptor connection(accept(listener.get(), nullptr, nullptr));
  ASSERT_GE(connection.get(), 0);
  context.TryCancel();
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), StatusCode::CANCELLED);
  queue.Shutdown();
  char byte;
  EXPECT_EQ(read(connection.get(), &byte, 1), 0) << "binlogd hangs up";
  server_->Shutdown(absl::ZeroDuration());  // Returns when the call has ended.
  pollfd more = {listener.get(), POLLIN, 0};
  EXPECT_EQ(poll(&more, 1, 0), 0) << "and tries no other endpoint";
}

}  // namespace
}  // namespace binlogd
