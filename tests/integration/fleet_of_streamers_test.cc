// Many streamers of one manager on one source.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "streamer/manager.h"
#include "tests/integration/streamer_testing.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd::testing {
namespace {

constexpr int kStreamers = 100;

class FleetOfStreamersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = SharedServer(ServerKind::kMariaDb1011);
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *server;
    server_->Run({"SET GLOBAL max_connections=1000", "CREATE DATABASE IF NOT EXISTS shop",
                  "CREATE OR REPLACE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT)"});
    Restart();
  }
  void Restart() {
    manager_.reset();
    // Few at a time, so that most of them wait for their turn.
    manager_ = std::make_unique<Manager>(*Store::Open(directory_ / "state", &codec_), /*most_connecting=*/4);
    ASSERT_TRUE(manager_->Load().ok());
  }
  std::string Name(int i) const { return absl::StrCat("streamer-", i); }
  std::string Folder(int i) const { return directory_ / Name(i); }
  // Every other one decodes.
  StreamerSpec Spec(int i) const {
    StreamerSpec spec = SpecFor(*server_, Name(i));
    spec.source.server_id = static_cast<uint32_t>(5000 + i);
    spec.targets = {i % 2 == 0 ? RawTarget(Folder(i)) : JsonTarget(Folder(i))};
    return spec;
  }
  bool AllBecome(StreamerState state) {
    return WaitUntil([&] {
      const std::vector<StreamerView> all = manager_->List();
      return std::all_of(all.begin(), all.end(),
                         [state](const StreamerView& view) { return view.snapshot.state == state; });
    });
  }
  void ExpectAllDeliver() {
    for (int i = 0; i < 10; ++i) server_->Run({"INSERT INTO shop.orders (total) VALUES (1), (2), (3)"});
    for (int i = 0; i < kStreamers; ++i) {
      ASSERT_TRUE(WaitUntilCaughtUp(**manager_->Find(Name(i)), *server_)) << Name(i);
      if (i % 2 == 0) {
        EXPECT_EQ(CompareArchive(Folder(i), *server_), "") << Name(i);
      } else {
        EXPECT_EQ(CompareTable(ReadEvents(Folder(i)), *server_, "shop", "orders", "id"), "") << Name(i);
      }
    }
  }

  MySqlServer* server_ = nullptr;
  TempDir directory_;
  FakeCodec codec_;
  std::unique_ptr<Manager> manager_;
};

TEST_F(FleetOfStreamersTest, AllRunDeliverExactlyAndStop) {
  for (int i = 0; i < kStreamers; ++i) ASSERT_TRUE(manager_->Create(Spec(i), true).ok());
  EXPECT_TRUE(AllBecome(StreamerState::kRunning));
  ExpectAllDeliver();
  for (const StreamerView& view : manager_->List()) {
    EXPECT_EQ(view.spec.name, view.snapshot.name);
    EXPECT_EQ(view.snapshot.targets.size(), 1u);
  }
  // A restart takes all of them up where they were.
  Restart();
  EXPECT_TRUE(AllBecome(StreamerState::kRunning));
  ExpectAllDeliver();
  manager_->Shutdown();
  EXPECT_TRUE(AllBecome(StreamerState::kStopped));
}

TEST_F(FleetOfStreamersTest, ASourceThatComesBackGetsAllOfThemBack) {
  auto source = MySqlServer::Start(ServerKind::kMariaDb1011, {"--max-connections=1000"});
  ASSERT_TRUE(source.ok()) << source.status();
  server_ = source->get();
  server_->Run({"CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT)"});
  for (int i = 0; i < kStreamers; ++i) ASSERT_TRUE(manager_->Create(Spec(i), true).ok());
  EXPECT_TRUE(AllBecome(StreamerState::kRunning));
  server_->Kill();
  EXPECT_TRUE(AllBecome(StreamerState::kRetrying));
  ASSERT_TRUE(server_->Restart().ok());
  EXPECT_TRUE(AllBecome(StreamerState::kRunning));
  ExpectAllDeliver();
}

}  // namespace
}  // namespace binlogd::testing
