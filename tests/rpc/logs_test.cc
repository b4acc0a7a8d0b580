#include "absl/strings/match.h"
#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

using grpc::StatusCode;

class LogsTest : public testing::RpcTest {
 protected:
  // A call, and what it has brought so far.
  struct Call {
    Call(v1::StreamerService::Stub* stub, const v1::LogsRequest& request) : reader(stub->Logs(&context, request)) {}
    // Reads until a line has `text`; false when the call ends before.
    bool Until(const std::string& text) {
      v1::LogsResponse response;
      while (!Has(text)) {
        if (!reader->Read(&response)) return false;
        entries.insert(entries.end(), response.entries().begin(), response.entries().end());
      }
      return true;
    }
    bool Has(const std::string& text) const {
      for (const v1::LogEntry& entry : entries) {
        if (absl::StrContains(entry.text(), text)) return true;
      }
      return false;
    }

    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::LogsResponse>> reader;
    std::vector<v1::LogEntry> entries;
  };
  std::unique_ptr<Call> Begin(const std::string& name, bool follow, uint32_t last = 0, uint64_t after = 0) {
    v1::LogsRequest request;
    request.set_name(name);
    request.set_follow(follow);
    request.set_last(last);
    request.set_after(after);
    return std::make_unique<Call>(stub_.get(), request);
  }
};

TEST_F(LogsTest, TellsWhatIsRememberedAndEnds) {
  ASSERT_TRUE(Create(Spec("logs"), false).ok());
  const auto call = Begin("logs", false);
  EXPECT_TRUE(call->Until("created"));
  EXPECT_FALSE(call->Until("never logged"));
  EXPECT_TRUE(call->reader->Finish().ok());
  ASSERT_EQ(call->entries.size(), 1u);
  EXPECT_EQ(call->entries[0].level(), v1::LogEntry::INFO);
  EXPECT_GT(call->entries[0].time().seconds(), 0);
  EXPECT_FALSE(call->entries[0].has_position());
}

TEST_F(LogsTest, FollowsAStreamerOverItsRestartsUntilItIsDeleted) {
  ASSERT_TRUE(Create(Spec("logs"), true).ok());
  const auto call = Begin("logs", true);
  EXPECT_TRUE(call->Until("retrying in"));
  ASSERT_TRUE(Stop("logs").ok());
  EXPECT_TRUE(call->Until("STOPPED"));
  v1::UpdateRequest request;
  *request.mutable_spec() = Spec("logs");
  request.mutable_spec()->mutable_source()->set_user("other");
  v1::Streamer response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->Update(&context, request, &response).ok());
  EXPECT_TRUE(call->Until("spec changed, generation 2"));
  EXPECT_TRUE(call->Has("created")) << "before the restart";
  for (size_t i = 1; i < call->entries.size(); ++i) {
    EXPECT_EQ(call->entries[i].number(), call->entries[i - 1].number() + 1);
  }
  ASSERT_TRUE(Delete("logs").ok());
  EXPECT_TRUE(call->Until("deleted"));
  EXPECT_FALSE(call->Until("never logged"));
  ExpectError(call->reader->Finish(), StatusCode::NOT_FOUND, "STREAMER_NOT_FOUND");
}

TEST_F(LogsTest, GoesOnAfterANumber) {
  ASSERT_TRUE(Create(Spec("logs"), true).ok());
  const auto all = Begin("logs", true);
  ASSERT_TRUE(all->Until("retrying in"));
  const auto rest = Begin("logs", true, 0, all->entries[0].number());
  ASSERT_TRUE(rest->Until("retrying in"));
  EXPECT_EQ(rest->entries[0].number(), all->entries[0].number() + 1);
  ASSERT_TRUE(Stop("logs").ok());
  const auto last = Begin("logs", false, 1);
  ASSERT_TRUE(last->Until("STOPPED"));
  EXPECT_EQ(last->entries.size(), 1u);
}

TEST_F(LogsTest, EndsWhenBinlogdShutsDown) {
  ASSERT_TRUE(Create(Spec("logs"), false).ok());
  const auto call = Begin("logs", true);
  ASSERT_TRUE(call->Until("created"));
  manager_->Shutdown();
  EXPECT_FALSE(call->Until("never logged"));
  ExpectError(call->reader->Finish(), StatusCode::UNAVAILABLE, "SHUTTING_DOWN");
}

TEST_F(LogsTest, RefusesAnUnknownStreamer) {
  const auto call = Begin("absent", false);
  EXPECT_FALSE(call->Until("never logged"));
  ExpectError(call->reader->Finish(), StatusCode::NOT_FOUND, "STREAMER_NOT_FOUND");
}

}  // namespace
}  // namespace binlogd
