// Targets of one streamer that fail, come back, are added and removed under load, each on its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
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
#include "tests/integration/streamer_testing.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

// While it lives, no file of this process can grow beyond `bytes`: writes fail, but not for want of room.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

// A file system of its own, on which a target can be kept from writing.
class MountedFolder {
 public:
  explicit MountedFolder(const std::string& path) : path_(path) {
    EXPECT_TRUE(MakeDirectories(path_, 0750).ok());
    ok_ = Run("mount -t tmpfs -o size=256m tmpfs");
  }
  ~MountedFolder() { EXPECT_TRUE(!ok_ || Run("umount")); }
  MountedFolder(const MountedFolder&) = delete;
  MountedFolder& operator=(const MountedFolder&) = delete;

  bool ok() const { return ok_; }
  // "ro" or "rw".
  void Remount(const std::string& mode) const { EXPECT_TRUE(Run("mount -o remount," + mode)); }

 private:
  bool Run(const std::string& command) const {
    return system(absl::StrCat(command, " ", path_, " 2>/dev/null").c_str()) == 0;
  }
  const std::string path_;
  bool ok_ = false;
};

class TargetsTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  // Files of the log are small, so that those of decoded targets are what grows.
  void SetUp() override {
    auto server = MySqlServer::Start(GetParam(), {"--max-binlog-size=4M"});
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *std::move(server);
    server_->Run({"CREATE DATABASE shop",
                  "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT, filler VARCHAR(500))",
                  "CREATE TABLE shop.bulk (id INT AUTO_INCREMENT PRIMARY KEY, filler LONGTEXT)"});
  }

  TargetSpec Raw(const std::string& name = "raw") const {
    TargetSpec target = RawTarget(directory_ / name);
    target.name = name;
    return target;
  }
  TargetSpec Json(const std::string& name = "json") const {
    TargetSpec target = JsonTarget(directory_ / name);
    target.name = name;
    return target;
  }
  StreamerSpec Spec(std::vector<TargetSpec> targets) const {
    StreamerSpec spec = SpecFor(*server_);
    spec.targets = std::move(targets);
    return spec;
  }
  std::unique_ptr<Streamer> Make(const StreamerSpec& spec) const {
    return std::make_unique<Streamer>(spec, directory_ / "checkpoint.json");
  }
  void Insert(int rows) {
    for (int i = 0; i < rows; ++i) {
      server_->Run({absl::StrCat("INSERT INTO shop.orders (total, filler) VALUES (", i, ", REPEAT('x', 400))")});
    }
  }
  // Transactions of a mebibyte.
  void InsertBulk(int count) {
    for (int i = 0; i < count; ++i) {
      server_->Run({"INSERT INTO shop.bulk (filler) VALUES (REPEAT('x', 524288)), (REPEAT('y', 524288))"});
    }
  }
  // Of which no target is told.
  void DeleteUnlogged(const std::string& rows) {
    server_->Run({"SET sql_log_bin = 0", absl::StrCat("DELETE FROM ", rows), "SET sql_log_bin = 1"});
  }
  // The new log begins with the end of the rows of shop.bulk.
  void ResetLog() {
    absl::SleepFor(absl::Milliseconds(1100));  // The log's creation time, in seconds, tells one log from the other.
    server_->Run({server_->flavor() == Flavor::kMySql ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER",
                  "DELETE FROM shop.bulk"});
  }
  static TargetSnapshot TargetOf(const StreamerSnapshot& snapshot, const std::string& name) {
    for (const TargetSnapshot& target : snapshot.targets) {
      if (target.name == name) return target;
    }
    ADD_FAILURE() << "no target " << name;
    return TargetSnapshot();
  }
  static TargetSnapshot TargetOf(const Streamer& streamer, const std::string& name) {
    return TargetOf(streamer.Snapshot(), name);
  }
  static bool IsIn(const Streamer& streamer, const std::string& name, TargetState state) {
    return TargetOf(streamer, name).state == state;
  }
  Position EndOfServerLog() {
    Interrupter interrupter;
    const auto connection = server_->Connect(&interrupter);
    return *EndOfLog(**connection, *DescribeServer(**connection));
  }
  // Whether the target durably has what the server has now.
  bool WaitUntilHolds(const Streamer& streamer, const std::string& name) {
    const Position end = EndOfServerLog();
    return WaitUntil([&] { return ComparePositions(TargetOf(streamer, name).durable.position, end) >= 0; },
                     absl::Seconds(120));
  }
  static void Stop(Streamer& streamer) {
    streamer.RequestStop(absl::UnavailableError("the test ends"));
    streamer.WaitStopped(absl::InfiniteFuture());
  }
  void ExpectExact(const std::string& raw, const std::string& decoded) {
    EXPECT_EQ(CompareArchive(directory_ / raw, *server_), "");
    ExpectDecoded(decoded);
  }
  void ExpectDecoded(const std::string& name) {
    const std::vector<json> events = ReadEvents(directory_ / name);
    EXPECT_EQ(CompareTable(events, *server_, "shop", "orders", "id"), "");
    EXPECT_EQ(CompareTable(events, *server_, "shop", "bulk", "id"), "");
  }

  TempDir directory_;
  std::unique_ptr<MySqlServer> server_;
};

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

TEST_P(TargetsTest, AnOptionalTargetThatIsBehindAtAResetSaysWhatItLost) {
  TargetSpec behind = Json(), healthy = Json("healthy");
  behind.required = healthy.required = false;
  healthy.file()->rotate_bytes = 1 << 20;
  auto streamer = Make(Spec({Raw(), behind, healthy}));
  ASSERT_TRUE(streamer->Start().ok());
  InsertBulk(10);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "json"));
  {
    const FileSizeLimit limit(8 << 20);
    InsertBulk(50);
    ASSERT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kDetached); }));
    ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
    ASSERT_TRUE(WaitUntilHolds(*streamer, "healthy"));
    ResetLog();
    ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == 2; })) << streamer->Snapshot().error;
  }
  ASSERT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kFailed); }))
      << TargetOf(*streamer, "json").error;
  EXPECT_EQ(ErrorReason(TargetOf(*streamer, "json").error), "LOG_LOST");
  Insert(5);
  EXPECT_TRUE(WaitUntilHolds(*streamer, "raw"));
  EXPECT_TRUE(WaitUntilHolds(*streamer, "healthy"));
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kRunning);
  Stop(*streamer);
  ExpectExact("raw", "healthy");
}

// The log of a server that was reset twice has GTIDs that the target has, of other transactions.
TEST_P(TargetsTest, AnOptionalTargetThatMissedAWholeLogSaysSo) {
  const MountedFolder mounted(directory_ / "mounted");
  if (!mounted.ok()) GTEST_SKIP() << "this machine does not let the test mount a tmpfs";
  TargetSpec optional = Json("mounted/json");
  optional.name = "json";
  optional.required = false;
  auto streamer = Make(Spec({Raw(), optional}));
  ASSERT_TRUE(streamer->Start().ok());
  Insert(5);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
  ASSERT_TRUE(WaitUntilHolds(*streamer, "json"));
  Stop(*streamer);
  mounted.Remount("ro");
  streamer = Make(Spec({Raw(), optional}));
  ASSERT_TRUE(streamer->Start().ok());
  for (uint32_t epoch = 2; epoch <= 3; ++epoch) {
    ResetLog();
    Insert(
        static_cast<int>(10 * epoch));  // A log of the same size is not told from the one before while it stands still.
    EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == epoch; }))
        << streamer->Snapshot().error;
    EXPECT_TRUE(WaitUntilHolds(*streamer, "raw"));
  }
  mounted.Remount("rw");
  EXPECT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kFailed); }))
      << TargetOf(*streamer, "json").error;
  EXPECT_EQ(ErrorReason(TargetOf(*streamer, "json").error), "LOG_LOST");
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kRunning);
  Stop(*streamer);
}

// It is stopped while a required target fails, and the log is reset: what waited for it in memory is nowhere.
TEST_P(TargetsTest, ARequiredTargetThatIsBehindAtAResetFailsTheStreamer) {
  auto streamer = Make(Spec({Raw(), Json()}));
  ASSERT_TRUE(streamer->Start().ok());
  InsertBulk(10);
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  {
    const FileSizeLimit limit(8 << 20);
    InsertBulk(5);
    ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
    ASSERT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kRetrying); }));
    Stop(*streamer);
  }
  const Position behind = TargetOf(*streamer, "json").durable.position;
  const Position end = TargetOf(*streamer, "raw").durable.position;
  ASSERT_LT(ComparePositions(behind, end), 0);
  DeleteUnlogged("shop.bulk");
  ResetLog();
  for (int start = 0; start < 2; ++start) {
    streamer = Make(Spec({Raw(), Json()}));
    ASSERT_TRUE(streamer->Start().ok());
    ASSERT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(60)));
    const StreamerSnapshot snapshot = streamer->Snapshot();
    EXPECT_EQ(snapshot.state, StreamerState::kFailed);
    EXPECT_EQ(ErrorReason(snapshot.error), "LOG_LOST") << snapshot.error;
    for (const std::string& told : {std::string("target \"json\""), ToString(behind), ToString(end)}) {
      EXPECT_THAT(std::string(snapshot.error.message()), HasSubstr(told));
    }
    EXPECT_EQ(TargetOf(snapshot, "json").state, TargetState::kFailed);
    EXPECT_EQ(Epochs(directory_ / "raw").size(), 1u) << "nothing goes on";
  }
  // The ways out: without it, or with a new store.
  TargetSpec optional = Json();
  optional.required = false;
  streamer = Make(Spec({Raw(), optional}));
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kRunning; }));
  EXPECT_EQ(ErrorReason(TargetOf(*streamer, "json").error), "LOG_LOST");
  Stop(*streamer);
  streamer = Make(Spec({Raw(), Json("anew")}));
  ASSERT_TRUE(streamer->Start().ok());
  Insert(5);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
  ASSERT_TRUE(WaitUntilHolds(*streamer, "anew"));
  Stop(*streamer);
  ExpectExact("raw", "anew");
}

TEST_P(TargetsTest, ARequiredTargetThatReadsWhatItLacksWhenTheLogIsResetFailsTheStreamer) {
  auto streamer = Make(Spec({Raw()}));
  ASSERT_TRUE(streamer->Start().ok());
  InsertBulk(80);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
  Stop(*streamer);
  TargetSpec late = Json("late");
  late.start = StartSpec();
  streamer = Make(Spec({Raw(), late}));
  {
    const FileSizeLimit limit(8 << 20);
    ASSERT_TRUE(streamer->Start().ok());
    ASSERT_TRUE(WaitUntil([&] { return !TargetOf(*streamer, "late").error.ok(); }));
    ResetLog();
  }
  ASSERT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(120))) << streamer->Snapshot().error;
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kFailed);
  EXPECT_EQ(ErrorReason(streamer->Snapshot().error), "LOG_LOST") << streamer->Snapshot().error;
  EXPECT_EQ(Epochs(directory_ / "raw").size(), 1u);
}

TEST_P(TargetsTest, AResetAmidATransactionLosesADecodingTargetNothing) {
  for (const bool restarted : {false, true}) {
    SCOPED_TRACE(restarted ? "restarted" : "running");
    auto proxy = *TcpProxy::Start(server_->port());
    const std::string name = restarted ? "2" : "1";
    TargetSpec optional = Json("json" + name);
    optional.required = false;
    StreamerSpec spec = Spec({Raw("raw" + name), optional});
    spec.source.endpoints = {absl::StrCat("127.0.0.1:", proxy->port())};
    auto streamer = Make(spec);
    ASSERT_TRUE(streamer->Start().ok());
    InsertBulk(3);
    ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
    const Position boundary = TargetOf(*streamer, "json" + name).durable.position;
    proxy->FailAfter(600 << 10, /*cut=*/true);
    InsertBulk(1);
    ASSERT_TRUE(WaitUntil([&] {
      const StreamerSnapshot snapshot = streamer->Snapshot();
      return snapshot.state == StreamerState::kRetrying &&
             ComparePositions(TargetOf(snapshot, "raw" + name).durable.position, boundary) > 0;
    }));
    ASSERT_EQ(ToString(TargetOf(*streamer, "json" + name).durable.position), ToString(boundary));
    if (restarted) Stop(*streamer);
    DeleteUnlogged("shop.bulk ORDER BY id DESC LIMIT 2");
    ResetLog();
    proxy->Heal();
    if (restarted) {
      streamer = Make(spec);
      ASSERT_TRUE(streamer->Start().ok());
    }
    ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == 2; })) << streamer->Snapshot().error;
    Insert(5);
    EXPECT_TRUE(WaitUntilHolds(*streamer, "json" + name)) << TargetOf(*streamer, "json" + name).error;
    EXPECT_TRUE(TargetOf(*streamer, "json" + name).error.ok()) << TargetOf(*streamer, "json" + name).error;
    EXPECT_TRUE(WaitUntilHolds(*streamer, "raw" + name));
    Stop(*streamer);
    ExpectExact("raw" + name, "json" + name);
    DeleteUnlogged("shop.orders");
    ResetLog();
  }
}

TEST_P(TargetsTest, ANewEpochWaitsForARequiredTargetThatCannotBeOpened) {
  const MountedFolder mounted(directory_ / "mounted");
  if (!mounted.ok()) GTEST_SKIP() << "this machine does not let the test mount a tmpfs";
  TargetSpec decoded = Json();
  decoded.file()->path = directory_ / "mounted/json";
  auto streamer = Make(Spec({Raw(), decoded}));
  ASSERT_TRUE(streamer->Start().ok());
  Insert(20);
  EXPECT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  mounted.Remount("ro");
  ResetLog();
  streamer = Make(Spec({Raw(), decoded}));
  EXPECT_TRUE(streamer->Start().ok());
  EXPECT_TRUE(WaitUntil([&] {
    return absl::StrContains(streamer->Snapshot().error.message(), "a new epoch has to wait");
  })) << streamer->Snapshot().error;
  EXPECT_THAT(std::string(streamer->Snapshot().error.message()), HasSubstr("target \"json\""));
  EXPECT_EQ(Epochs(directory_ / "raw").size(), 1u);
  mounted.Remount("rw");
  EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kRunning; }));
  Insert(5);
  EXPECT_TRUE(WaitUntilHolds(*streamer, "json")) << TargetOf(*streamer, "json").error;
  EXPECT_TRUE(WaitUntilHolds(*streamer, "raw"));
  Stop(*streamer);
  ExpectExact("raw", "mounted/json");
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
