// Targets of one streamer that fail, come back, are added and removed under load, each on its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "base/file.h"
#include "streamer/manager.h"
#include "tests/harness/tcp_proxy.h"
#include "tests/integration/targets_testing.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

TEST_P(TargetsTest, ARequiredTargetThatFailsLagsAloneAndComesBack) {
  auto streamer = Make(Spec({Raw(), Json()}));
  ASSERT_TRUE(streamer->Start().ok());
  InsertBulk(10);
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  {
    const FileSizeLimit limit(8 << 20);
    InsertBulk(5);
    EXPECT_TRUE(WaitUntilHolds(*streamer, "raw")) << "the archive goes on";
    // It may work again for as long as there is room for one more transaction.
    StreamerSnapshot snapshot;
    ASSERT_TRUE(WaitUntil([&] {
      snapshot = streamer->Snapshot();
      return TargetOf(snapshot, "json").state == TargetState::kRetrying && snapshot.state == StreamerState::kRetrying;
    }));
    EXPECT_THAT(std::string(snapshot.error.message()), HasSubstr("target \"json\""));
    EXPECT_LT(ComparePositions(snapshot.position, TargetOf(snapshot, "raw").durable.position), 0)
        << "the checkpoint is what both hold";
    EXPECT_TRUE(TargetOf(snapshot, "raw").error.ok());
  }
  Insert(3);
  EXPECT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kFollowing); }));
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kRunning; }));
  Stop(*streamer);
  ExpectExact("raw", "json");
}

TEST_P(TargetsTest, AnOptionalTargetIsDetachedAndCatchesUpByItself) {
  TargetSpec optional = Json();
  optional.required = false;
  auto streamer = Make(Spec({Raw(), optional}));
  ASSERT_TRUE(streamer->Start().ok());
  InsertBulk(10);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "json"));
  {
    const FileSizeLimit limit(8 << 20);
    InsertBulk(50);
    ASSERT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kDetached); }));
    EXPECT_TRUE(WaitUntilHolds(*streamer, "raw"));
    StreamerSnapshot snapshot;
    ASSERT_TRUE(WaitUntil([&] {
      snapshot = streamer->Snapshot();
      return TargetOf(snapshot, "json").state == TargetState::kDetached && !TargetOf(snapshot, "json").error.ok();
    }));
    EXPECT_EQ(snapshot.state, StreamerState::kRunning) << "it is well without it";
    EXPECT_TRUE(snapshot.error.ok());
    EXPECT_FALSE(TargetOf(snapshot, "json").error.ok());
    EXPECT_EQ(ToString(snapshot.position), ToString(TargetOf(snapshot, "raw").durable.position));
    EXPECT_EQ(TargetOf(snapshot, "json").queue_bytes, 0u);
  }
  OrdersLoad load(*server_);
  EXPECT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kFollowing); }));
  load.Stop();
  ASSERT_TRUE(WaitUntilHolds(*streamer, "json"));
  ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
  EXPECT_TRUE(WaitUntil([&] { return TargetOf(*streamer, "json").lag_seconds == 0; }));
  Stop(*streamer);
  ExpectExact("raw", "json");
}

TEST_P(TargetsTest, ASourceThatIsKilledWhileATargetCatchesUpLosesNothing) {
  TargetSpec optional = Json();
  optional.required = false;
  auto streamer = Make(Spec({Raw(), optional}));
  ASSERT_TRUE(streamer->Start().ok());
  InsertBulk(10);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "json"));
  {
    const FileSizeLimit limit(8 << 20);
    InsertBulk(80);
    ASSERT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kDetached); }));
  }
  ASSERT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kCatchingUp); }));
  server_->Kill();
  ASSERT_TRUE(server_->Restart().ok());
  Insert(10);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "json"));
  ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
  Stop(*streamer);
  ExpectExact("raw", "json");
}

TEST_P(TargetsTest, AStopIsQuickWhileATargetFailsAndNothingIsLost) {
  auto streamer = Make(Spec({Raw(), Json()}));
  ASSERT_TRUE(streamer->Start().ok());
  InsertBulk(10);
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  {
    const FileSizeLimit limit(8 << 20);
    InsertBulk(5);
    ASSERT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kRetrying); }));
    streamer->RequestStop(absl::UnavailableError("the test ends"));
    EXPECT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(30)));
  }
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kStopped);
  EXPECT_FALSE(streamer->Snapshot().position.empty());
  streamer = Make(Spec({Raw(), Json()}));
  EXPECT_FALSE(streamer->Snapshot().position.empty()) << "told by the checkpoint file";
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  ExpectExact("raw", "json");
}

TEST_P(TargetsTest, ATargetThatCannotBeOpenedAtTheStartDoesNotStopTheOthers) {
  const MountedFolder mounted(directory_ / "mounted");
  if (!mounted.ok()) GTEST_SKIP() << "this machine does not let the test mount a tmpfs";
  for (const bool required : {true, false}) {
    const std::string name = absl::StrCat("mounted/", required ? "required" : "optional");
    TargetSpec decoded = Json();
    decoded.required = required;
    decoded.file()->path = directory_ / name;
    const std::string raw = required ? "raw1" : "raw2";
    mounted.Remount("ro");
    auto streamer = Make(Spec({Raw(raw), decoded}));
    ASSERT_TRUE(streamer->Start().ok());
    Insert(20);
    EXPECT_TRUE(WaitUntilHolds(*streamer, raw));
    EXPECT_FALSE(TargetOf(*streamer, "json").error.ok());
    EXPECT_EQ(streamer->Snapshot().state, required ? StreamerState::kRetrying : StreamerState::kRunning);
    mounted.Remount("rw");
    EXPECT_TRUE(WaitUntil([&] { return TargetOf(*streamer, "json").error.ok(); }));
    Insert(20);
    EXPECT_TRUE(WaitUntilHolds(*streamer, "json")) << TargetOf(*streamer, "json").error;
    Stop(*streamer);
    ExpectExact(raw, name);
  }
}

TEST_P(TargetsTest, AnOptionalTargetThatIsBrokenForGoodFailsAlone) {
  ASSERT_TRUE(MakeDirectories(directory_ / "json", 0750).ok());
  ASSERT_TRUE(ReplaceFile(directory_ / "json/precious", "mine", 0640).ok());
  TargetSpec optional = Json();
  optional.required = false;
  auto streamer = Make(Spec({Raw(), optional}));
  ASSERT_TRUE(streamer->Start().ok());
  Insert(10);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
  const StreamerSnapshot snapshot = streamer->Snapshot();
  EXPECT_EQ(snapshot.state, StreamerState::kRunning);
  EXPECT_EQ(TargetOf(snapshot, "json").state, TargetState::kFailed);
  EXPECT_EQ(ErrorReason(TargetOf(snapshot, "json").error), "TARGET_NOT_EMPTY");
  Stop(*streamer);
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
}

TEST_P(TargetsTest, ACheckpointThatCannotBeWrittenIsShownAndStopsNothing) {
  ASSERT_TRUE(ReplaceFile(directory_ / "blocked", "a file", 0640).ok());
  StreamerSpec spec = Spec({Raw()});
  spec.checkpoint.file = directory_ / "blocked/checkpoint.json";
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return !streamer->Snapshot().checkpoint_error.ok(); }));
  ASSERT_TRUE(WaitUntil([&] { return !streamer->Snapshot().error.ok(); }));
  EXPECT_THAT(std::string(streamer->Snapshot().error.message()), HasSubstr("checkpoint"));
  Insert(3);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kRunning);
  std::filesystem::remove(directory_ / "blocked");
  EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().error.ok(); }));
}

TEST_P(TargetsTest, AOneshotWaitsForATargetThatIsFarBehind) {
  InsertBulk(90);
  StreamerSpec spec = Spec({Raw()});
  spec.oneshot = true;
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(60)));
  spec.targets.push_back(Json());
  streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(60)));
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kFinished) << streamer->Snapshot().error;
  ExpectExact("raw", "json");
}

TEST_P(TargetsTest, TargetsComeAndGoUnderLoadAndTheOthersKeepTheirPositions) {
  FakeCodec codec;
  Manager manager(*Store::Open(directory_ / "state", &codec));
  const auto target_of = [&](const std::string& name) { return TargetOf(manager.Get("test")->snapshot, name); };
  const auto update = [&](std::vector<TargetSpec> targets) {
    const auto updated = manager.Update(Spec(std::move(targets)), "");
    EXPECT_TRUE(updated.ok()) << updated.status();
  };
  const auto holds_all = [&](const std::string& name) {
    const Position end = EndOfServerLog();
    return WaitUntil([&] { return ComparePositions(target_of(name).durable.position, end) >= 0; }, absl::Seconds(120))
               ? ""
               : absl::StrCat(ToString(target_of(name).durable.position), " of ", ToString(end), " ",
                              target_of(name).error.ToString());
  };
  InsertBulk(40);
  server_->Run({"FLUSH BINARY LOGS"});
  OrdersLoad load(*server_);
  ASSERT_TRUE(manager.Create(Spec({Raw(), Json()}), /*start=*/true).ok());
  ASSERT_EQ(holds_all("json"), "");
  const Position before = target_of("raw").durable.position;

  // One from the beginning, one from now on.
  TargetSpec earliest = Json("earliest");
  earliest.start = StartSpec();
  TargetSpec current = Json("current");
  current.start.emplace().kind = StartSpec::Kind::kCurrent;
  const Position now = EndOfServerLog();
  update({Raw(), Json(), earliest, current});
  ASSERT_EQ(holds_all("earliest"), "");
  ASSERT_EQ(holds_all("current"), "");
  EXPECT_GE(ComparePositions(target_of("raw").durable.position, before), 0);

  // One is left out for a while, one is changed.
  TargetSpec moved = Json();
  moved.file()->rotate_bytes = 1 << 20;
  update({Raw(), moved, current});
  ASSERT_EQ(holds_all("json"), "");
  update({Raw(), moved, current, earliest});
  load.Stop();
  for (const char* name : {"raw", "json", "earliest", "current"}) EXPECT_EQ(holds_all(name), "") << name;
  ASSERT_TRUE(manager.Stop("test", Cancellation::Never()).ok());
  ExpectExact("raw", "json");
  ExpectDecoded("earliest");
  // What the one from now on has is the end of what the others have.
  const std::vector<json> all = ReadEvents(directory_ / "json");
  const std::vector<json> late = ReadEvents(directory_ / "current");
  ASSERT_LE(late.size(), all.size());
  EXPECT_TRUE(std::equal(late.begin(), late.end(), all.end() - static_cast<std::ptrdiff_t>(late.size())));
  ASSERT_FALSE(late.empty());
  const Position first{late[0]["position"]["file"], late[0]["position"]["position"], ""};
  EXPECT_GE(ComparePositions(first, now), 0);
}

INSTANTIATE_TEST_SUITE_P(Servers, TargetsTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
