// Many who change the same few streamers at once. Made for ThreadSanitizer, under which calls by gRPC cannot be tested.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "base/error.h"
#include "streamer/manager.h"
#include "tests/harness/temp_dir.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

constexpr int kWorkers = 16;
constexpr int kChanges = 150;
constexpr int kStreamers = 3;

class ManagerChaos {
 public:
  ManagerChaos(Manager* manager, std::string folder) : manager_(*manager), folder_(std::move(folder)) {}

  void Run(uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < kChanges; ++i) DoOne(random);
  }

 private:
  static void Check(const absl::Status& status, const std::vector<std::string>& allowed) {
    const std::string reason = ErrorReason(status);
    EXPECT_TRUE(status.ok() || std::find(allowed.begin(), allowed.end(), reason) != allowed.end()) << status;
  }

  void DoOne(std::mt19937_64& random) {
    const std::string name = std::string(1, static_cast<char>('a' + random() % kStreamers));
    StreamerSpec spec = testing::MakeSpec(name, folder_);
    spec.batch.max_events = 100 + random() % 3;
    spec.labels["variant"] = std::string(1, static_cast<char>('0' + random() % 3));
    const Cancellation caller(random() % 4 == 0 ? absl::Now() + absl::Milliseconds(random() % 5)
                                                : absl::InfiniteFuture());
    const auto check = [](const absl::Status& status, std::vector<std::string> allowed) {
      allowed.insert(allowed.end(), {"CHANGE_NOT_BEGUN", "CHANGE_GOES_ON"});
      Check(status, allowed);
    };
    Manager::Applied applied;
    switch (random() % 9) {
      case 0: return check(manager_.Create(spec, random() % 2 == 0).status(), {"STREAMER_EXISTS"});
      case 1: return check(manager_.Apply(spec, true, &applied, caller).status(), {"ALREADY_RUNNING"});
      case 2: return check(manager_.Update(spec, "", caller).status(), {"STREAMER_NOT_FOUND"});
      case 3: return check(manager_.Delete(name, "", caller), {"STREAMER_NOT_FOUND"});
      case 4: return check(manager_.Start(name, caller).status(), {"STREAMER_NOT_FOUND", "ALREADY_RUNNING"});
      case 5: return check(manager_.Stop(name, caller).status(), {"STREAMER_NOT_FOUND", "NOT_RUNNING"});
      case 6: return check(manager_.Settle(name, caller).status(), {"STREAMER_NOT_FOUND"});
      case 7: {
        const absl::StatusOr<std::shared_ptr<Streamer>> streamer = manager_.Find(name);
        if (streamer.ok()) (void)(*streamer)->taps().count();
        return;
      }
      default: EXPECT_LE(manager_.List().size(), size_t{kStreamers});
    }
  }

  Manager& manager_;
  const std::string folder_;
};

TEST(ManagerChaosTest, WhoeverDoesWhateverGetsAnAnswerThatFits) {
  testing::TempDir dir;
  testing::FakeCodec codec;
  Manager manager(*Store::Open(dir / "state", &codec));
  ASSERT_TRUE(manager.Load().ok());
  ManagerChaos chaos(&manager, dir / "targets");
  std::vector<std::thread> workers;
  for (uint64_t i = 0; i < kWorkers; ++i) workers.emplace_back([&chaos, i] { chaos.Run(i); });
  for (std::thread& worker : workers) worker.join();
  manager.Shutdown();
  for (const StreamerView& view : manager.List()) EXPECT_EQ(view.snapshot.state, StreamerState::kStopped);
}

}  // namespace
}  // namespace binlogd
