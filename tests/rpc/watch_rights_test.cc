#include "rpc/convert.h"
#include "rpc/status_feed.h"
#include "tests/rpc/guard_testing.h"
#include "tests/rpc/watcher.h"

namespace binlogd {
namespace {

using testing::TokenOf;
using testing::Watch;

// The viewer sees streamers whose names begin with "a".
class WatchRightsTest : public testing::GuardedRpcTest {
 protected:
  std::unique_ptr<Watch> Begin(const std::string& role, uint64_t revision = 0) {
    v1::WatchRequest request;
    request.set_revision(revision);
    return std::make_unique<Watch>(stub_.get(), request, TokenOf(role));
  }
  // Without asking the guard.
  void Make(const std::string& name) {
    ASSERT_TRUE(manager_->Create(*FromProto(Spec(name)), /*start=*/false, Creation()).ok());
  }
  void Remove(const std::string& name) { ASSERT_TRUE(manager_->Delete(name, "", Cancellation::Never()).ok()); }
};

TEST_F(WatchRightsTest, OnlyWhatTheCallerMaySeeIsTold) {
  Make("a1");
  Make("b1");
  const auto watch = Begin("viewer");
  ASSERT_TRUE(watch->Synced());
  EXPECT_EQ(watch->Names(), "a1 ");
  Make("b2");
  Remove("b1");
  Make("a2");
  ASSERT_TRUE(watch->Until([&] { return watch->streamers.count("a2") == 1; }));
  Remove("b2");
  Remove("a1");
  ASSERT_TRUE(watch->Until([&] { return watch->deleted.count("a1") == 1; }));
  EXPECT_EQ(watch->Names(), "a2 ");
  EXPECT_EQ(watch->deleted, std::set<std::string>({"a1"}));
}

TEST_F(WatchRightsTest, WhoResumesIsNotToldOfOthersThatAreGone) {
  for (const char* name : {"a1", "a2", "b1", "b2"}) Make(name);
  uint64_t revision = 0;
  {
    const auto watch = Begin("viewer");
    ASSERT_TRUE(watch->Synced());
    revision = watch->revision;
  }
  for (const char* name : {"a1", "b1"}) Remove(name);
  Make("b3");
  Make("a3");
  const auto resumed = Begin("viewer", revision);
  ASSERT_TRUE(resumed->Until([&] { return resumed->deleted.count("a1") == 1 && resumed->streamers.count("a3") == 1; }));
  EXPECT_EQ(resumed->resets, 0);
  EXPECT_EQ(resumed->Names(), "a3 ");
  EXPECT_EQ(resumed->deleted, std::set<std::string>({"a1"}));
}

TEST_F(WatchRightsTest, WhoMaySeeNothingIsToldNothing) {
  Make("a1");
  const auto watch = Begin("tap");
  ASSERT_TRUE(watch->Synced());
  EXPECT_EQ(watch->resets, 1);
  EXPECT_EQ(watch->Names(), "");
  const auto nobody = Begin("nobody");
  EXPECT_FALSE(nobody->Synced());
  ExpectError(nobody->Finish(), grpc::StatusCode::UNAUTHENTICATED, "CREDENTIALS_UNKNOWN");
}

TEST_F(WatchRightsTest, WhenTheUsersChangeAWatchBeginsAnew) {
  Make("a1");
  Make("b1");
  const auto watch = Begin("viewer");
  ASSERT_TRUE(watch->Synced());
  const uint64_t revision = watch->revision;
  PutUsers("viewer b*\n");
  Make("b2");
  ASSERT_TRUE(watch->Until([&] { return watch->Names() == "b1 b2 "; }));
  EXPECT_EQ(watch->resets, 2);
  // What is granted now was not told then, although it has not changed.
  const auto resumed = Begin("viewer", revision);
  ASSERT_TRUE(resumed->Synced());
  EXPECT_EQ(resumed->resets, 1);
  EXPECT_EQ(resumed->Names(), "b1 b2 ");
}

TEST_F(WatchRightsTest, AWatchEndsWithItsUser) {
  const auto watch = Begin("viewer");
  ASSERT_TRUE(watch->Synced());
  PutUsers("admin a*\n");
  Make("a1");
  EXPECT_FALSE(watch->Until([] { return false; }));
  EXPECT_EQ(watch->Names(), "");
  ExpectError(watch->Finish(), grpc::StatusCode::UNAUTHENTICATED, "CREDENTIALS_UNKNOWN");
}

TEST_F(WatchRightsTest, AClientHasSoManyWatches) {
  ServeUsers({/*calls_per_second=*/0, /*failures_per_second=*/0, /*taps=*/0, /*watches=*/1});
  const auto watch = Begin("viewer");
  ASSERT_TRUE(watch->Synced());
  const auto refused = Begin("viewer");
  EXPECT_FALSE(refused->Synced());
  ExpectError(refused->Finish(), grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS");
  EXPECT_TRUE(Begin("admin")->Synced());
}

// One call of a flood, of which only the end is of interest.
class FloodedWatch : public grpc::ClientReadReactor<v1::WatchResponse> {
 public:
  explicit FloodedWatch(v1::StreamerService::Stub* stub) {
    context_.AddMetadata("authorization", "Bearer " + TokenOf("viewer"));
    stub->async()->Watch(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (ok) SetAnswered();
  }
  void OnDone(const grpc::Status& status) override {
    absl::MutexLock lock(&mutex_);
    status_ = status;
    answered_ = ended_ = true;
  }
  void AwaitAnswer() {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&answered_));
  }
  // Cancels it if it has not ended yet.
  grpc::Status End() {
    context_.TryCancel();
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&ended_));
    return status_;
  }

 private:
  void SetAnswered() {
    absl::MutexLock lock(&mutex_);
    answered_ = true;
  }

  grpc::ClientContext context_;
  const v1::WatchRequest request_;
  v1::WatchResponse response_;
  absl::Mutex mutex_;
  bool answered_ = false;
  bool ended_ = false;
  grpc::Status status_;
};

TEST_F(WatchRightsTest, TenThousandWatchesAreToldThatTheyAreTooMany) {
  Make("a1");
  std::vector<std::unique_ptr<FloodedWatch>> watches(10'000);
  for (auto& watch : watches) watch = std::make_unique<FloodedWatch>(stub_.get());
  for (const auto& watch : watches) watch->AwaitAnswer();
  size_t refused = 0;
  for (const auto& watch : watches) {
    const grpc::Status status = watch->End();
    if (status.error_code() == grpc::StatusCode::CANCELLED) continue;
    ++refused;
    ExpectError(status, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_WATCHERS");
  }
  EXPECT_EQ(watches.size() - refused, StatusFeed::kMostWatchers);
  EXPECT_TRUE(testing::Eventually([this] { return Begin("viewer")->Synced(); })) << "those that are gone make room";
}

}  // namespace
}  // namespace binlogd
