// A streamer whose source, network or targets fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/harness/small_disk.h"
#include "tests/harness/tcp_proxy.h"
#include "tests/harness/torn_file.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class FailureTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    auto server = MySqlServer::Start(GetParam());
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *std::move(server);
    server_->Run({"CREATE DATABASE shop",
                  "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT, filler VARCHAR(500))"});
  }

  StreamerSpec Spec() const {
    StreamerSpec spec = SpecFor(*server_);
    spec.source.tls.mode = TlsMode::kDisabled;  // The proxy flips bits of the protocol itself.
    spec.targets = {RawTarget(directory_ / "raw"), JsonTarget(directory_ / "json")};
    return spec;
  }
  StreamerSpec SpecThrough(const TcpProxy& proxy) const {
    StreamerSpec spec = Spec();
    spec.source.endpoints = {absl::StrCat("127.0.0.1:", proxy.port())};
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
  static bool IsFollowing(const Streamer& streamer) { return streamer.Snapshot().state == StreamerState::kRunning; }
  StreamerSnapshot RunToFailure(const StreamerSpec& spec) {
    auto streamer = Make(spec);
    EXPECT_TRUE(streamer->Start().ok());
    EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kFailed; }))
        << StreamerStateName(streamer->Snapshot().state) << streamer->Snapshot().error;
    return streamer->Snapshot();
  }
  void ExpectAllThere(Streamer& streamer) {
    ASSERT_TRUE(WaitUntilCaughtUp(streamer, *server_));
    streamer.RequestStop(absl::UnavailableError("the test ends"));
    streamer.WaitStopped(absl::InfiniteFuture());
    EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
    EXPECT_EQ(CompareTable(ReadEvents(directory_ / "json"), *server_, "shop", "orders", "id"), "");
  }

  TempDir directory_;
  std::unique_ptr<MySqlServer> server_;
};

TEST_P(FailureTest, GoesOnAfterEachCutOfTheConnection) {
  auto proxy = *TcpProxy::Start(server_->port());
  auto streamer = Make(SpecThrough(*proxy));
  ASSERT_TRUE(streamer->Start().ok());
  for (uint64_t round = 0; round < 6; ++round) {
    // The state is told later than the loss of the connection.
    ASSERT_TRUE(WaitUntil([&] {
      const StreamerSnapshot snapshot = streamer->Snapshot();
      return snapshot.source.connected && snapshot.reconnects >= round;
    }));
    Insert(20);
    proxy->CutAll();
  }
  ExpectAllThere(*streamer);
}

TEST_P(FailureTest, SaysWhyItRetriesAndWhenNext) {
  auto proxy = *TcpProxy::Start(server_->port());
  auto streamer = Make(SpecThrough(*proxy));
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return IsFollowing(*streamer); }));
  proxy->RefuseNew(true);
  proxy->CutAll();
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kRetrying; }));
  const StreamerSnapshot snapshot = streamer->Snapshot();
  EXPECT_THAT(std::string(snapshot.error.message()), HasSubstr(absl::StrCat("127.0.0.1:", proxy->port())));
  EXPECT_GT(snapshot.next_retry, absl::Now() - absl::Seconds(5));
  EXPECT_FALSE(snapshot.source.connected);
  proxy->RefuseNew(false);
  ExpectAllThere(*streamer);
}

TEST_P(FailureTest, GoesOnAfterARestartOfTheServer) {
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return IsFollowing(*streamer); }));
  Insert(10);
  ASSERT_TRUE(server_->Restart().ok());
  Insert(10);
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  ExpectAllThere(*streamer);
}

TEST_P(FailureTest, AStopEndsABlockedReadAtOnce) {
  auto proxy = *TcpProxy::Start(server_->port());
  auto streamer = Make(SpecThrough(*proxy));
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  proxy->Stall(true);
  streamer->RequestStop(absl::UnavailableError("the test ends"));
  EXPECT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(10)));
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kStopped);
}

TEST_P(FailureTest, ACorruptByteIsFoundAndNothingIsLost) {
  Insert(200);
  auto proxy = *TcpProxy::Start(server_->port());
  auto streamer = Make(SpecThrough(*proxy));
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  proxy->CorruptNextByteAfter(2000);
  Insert(100);
  // A damaged packet frame is a broken connection, a damaged event fails its checksum.
  ASSERT_TRUE(WaitUntil([&] {
    const StreamerSnapshot snapshot = streamer->Snapshot();
    return snapshot.state == StreamerState::kFailed || snapshot.reconnects > 0;
  }));
  if (streamer->Snapshot().state == StreamerState::kFailed) {
    EXPECT_EQ(ErrorReason(streamer->Snapshot().error), "CHECKSUM_MISMATCH");
    EXPECT_EQ(streamer->Snapshot().error.code(), absl::StatusCode::kDataLoss);
    streamer->WaitStopped(absl::InfiniteFuture());
    ASSERT_TRUE(streamer->Start().ok());
  }
  ExpectAllThere(*streamer);
}

TEST_P(FailureTest, WrongPasswordFails) {
  StreamerSpec spec = Spec();
  spec.source.password = Secret{Secret::Kind::kValue, "a very wrong one"};
  const StreamerSnapshot snapshot = RunToFailure(spec);
  EXPECT_EQ(snapshot.error.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ErrorReason(snapshot.error), "ACCESS_DENIED");
  EXPECT_EQ(std::string(snapshot.error.message()).find("a very wrong one"), std::string::npos);
}

TEST_P(FailureTest, UnknownHostRetries) {
  StreamerSpec spec = Spec();
  spec.source.endpoints = {"no-such-host.invalid:3306"};
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kRetrying; }));
  EXPECT_THAT(std::string(streamer->Snapshot().error.message()), HasSubstr("no-such-host.invalid"));
}

TEST_P(FailureTest, WrongFlavorFails) {
  StreamerSpec spec = Spec();
  spec.source.flavor = server_->flavor() == Flavor::kMySql ? Flavor::kMariaDb : Flavor::kMySql;
  EXPECT_EQ(ErrorReason(RunToFailure(spec).error), "WRONG_FLAVOR");
}

TEST_P(FailureTest, TheSourcesOwnServerIdFails) {
  StreamerSpec spec = Spec();
  spec.source.server_id = 1;
  EXPECT_EQ(ErrorReason(RunToFailure(spec).error), "SERVER_ID_CLASH");
}

TEST_P(FailureTest, APurgedPositionFails) {
  {
    auto streamer = Make(Spec());
    ASSERT_TRUE(streamer->Start().ok());
    ExpectAllThere(*streamer);
  }
  Insert(1);
  server_->Run({"FLUSH BINARY LOGS", "FLUSH BINARY LOGS"});
  const std::string last = std::filesystem::path(server_->LogFiles().back()).filename().string();
  // MariaDB keeps what a dump that has ended still seems to read.
  ASSERT_TRUE(WaitUntil([&] {
    server_->Run({absl::StrCat("PURGE BINARY LOGS TO '", last, "'")});
    return server_->LogFiles().size() == 1;
  }));
  const StreamerSnapshot snapshot = RunToFailure(Spec());
  EXPECT_EQ(snapshot.error.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ErrorReason(snapshot.error), "POSITION_PURGED") << snapshot.error;
  EXPECT_THAT(std::string(snapshot.error.message()), HasSubstr("binlog.000001"));
}

TEST_P(FailureTest, TwoStreamersOnOneFolderAreKeptApart) {
  auto first = Make(Spec());
  ASSERT_TRUE(first->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*first, *server_));
  StreamerSpec spec = Spec();
  spec.name = "second";
  spec.source.server_id = 1000;
  const StreamerSnapshot snapshot = RunToFailure(spec);
  EXPECT_EQ(ErrorReason(snapshot.error), "TARGET_IN_USE");
  EXPECT_THAT(std::string(snapshot.error.message()), HasSubstr("streamer \"test\""));
  ExpectAllThere(*first);
}

TEST_P(FailureTest, APathThatIsAFileFails) {
  ASSERT_TRUE(ReplaceFile(directory_ / "raw", "not a folder", 0640).ok());
  EXPECT_EQ(ErrorReason(RunToFailure(Spec()).error), "TARGET_PATH_INVALID");
  EXPECT_EQ(*ReadWholeFile(directory_ / "raw"), "not a folder");
}

TEST_P(FailureTest, AFolderThatHoldsOtherThingsIsNotWrittenTo) {
  ASSERT_TRUE(MakeDirectories(directory_ / "raw", 0750).ok());
  ASSERT_TRUE(ReplaceFile(directory_ / "raw/precious", "mine", 0640).ok());
  EXPECT_EQ(ErrorReason(RunToFailure(Spec()).error), "TARGET_NOT_EMPTY");
  EXPECT_EQ(*ReadWholeFile(directory_ / "raw/precious"), "mine");
}

TEST_P(FailureTest, AnArchiveThatLostBytesIsNotGoneOnWith) {
  {
    auto streamer = Make(Spec());
    ASSERT_TRUE(streamer->Start().ok());
    ExpectAllThere(*streamer);
  }
  const std::string file = Epochs(directory_ / "raw").back() + "/binlog.000001";
  std::filesystem::resize_file(file, 100);
  EXPECT_EQ(ErrorReason(RunToFailure(Spec()).error), "TARGET_DAMAGED");
}

TEST_P(FailureTest, ATornTailIsCutOff) {
  {
    auto streamer = Make(Spec());
    ASSERT_TRUE(streamer->Start().ok());
    ExpectAllThere(*streamer);
  }
  // As a crash leaves it: bytes that were written but not recorded.
  const std::string file = Epochs(directory_ / "raw").back() + "/binlog.000001";
  for (const std::string& torn : {file, directory_ / "json/events-00000001.jsonl"}) {
    const std::string whole = *ReadWholeFile(torn);
    ASSERT_TRUE(ReplaceFile(torn, whole + "{\"torn", 0640).ok());
  }
  const std::string epoch = std::filesystem::path(file).parent_path().filename().string();
  MakeTorn(directory_ / "raw", epoch + "/binlog.000002", "torn");
  Insert(3);
  server_->Run({"FLUSH BINARY LOGS"});
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  ExpectAllThere(*streamer);
}

TEST_P(FailureTest, AFolderThatIsRemovedInUseIsNotWrittenToInSilence) {
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  std::filesystem::remove_all(directory_ / "json");
  Insert(1);
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kFailed; }));
  EXPECT_EQ(ErrorReason(streamer->Snapshot().error), "TARGET_DAMAGED");
}

TEST_P(FailureTest, AResetBeforeTheFirstEventOfAStartAtTheEndIsNoticed) {
  Insert(20);
  StreamerSpec spec = Spec();
  spec.targets = {JsonTarget(directory_ / "json")};
  spec.source.start.kind = StartSpec::Kind::kCurrent;
  {
    auto streamer = Make(spec);
    ASSERT_TRUE(streamer->Start().ok());
    ASSERT_TRUE(WaitUntil([&] { return IsFollowing(*streamer); }));
  }
  absl::SleepFor(absl::Milliseconds(1100));  // The log's creation time, in seconds, tells one log from the other.
  server_->Run({server_->flavor() == Flavor::kMySql ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER",
                "DELETE FROM shop.orders"});
  Insert(40);
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == 2; })) << streamer->Snapshot().error;
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  streamer->RequestStop(absl::UnavailableError("the test ends"));
  streamer->WaitStopped(absl::InfiniteFuture());
  int writes = 0;
  for (const json& event : ReadEvents(directory_ / "json")) writes += event["type"] == "write";
  EXPECT_EQ(writes, 40);
}

TEST_P(FailureTest, AResetThatWentBeyondTheOldFileIsNoticed) {
  Insert(100);
  server_->Run({"FLUSH BINARY LOGS"});
  Insert(100);
  {
    auto streamer = Make(Spec());
    ASSERT_TRUE(streamer->Start().ok());
    ExpectAllThere(*streamer);
  }
  absl::SleepFor(absl::Milliseconds(1100));
  server_->Run({server_->flavor() == Flavor::kMySql ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER",
                "FLUSH BINARY LOGS", "FLUSH BINARY LOGS", "DELETE FROM shop.orders WHERE id % 2 = 0"});
  auto streamer = Make(Spec());
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == 2; })) << streamer->Snapshot().error;
  ExpectAllThere(*streamer);
}

TEST_P(FailureTest, AnotherEndpointThatIsAnotherServerEndsNothing) {
  auto other = MySqlServer::Start(GetParam(), {"--server-id=77"});
  ASSERT_TRUE(other.ok());
  auto proxy = *TcpProxy::Start(server_->port());
  StreamerSpec spec = SpecThrough(*proxy);
  spec.source.endpoints.push_back((*other)->endpoint());
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  proxy->RefuseNew(true);
  proxy->CutAll();
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().retries >= 2; }));
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kRetrying) << streamer->Snapshot().error;
  proxy->RefuseNew(false);
  Insert(1);
  ExpectAllThere(*streamer);
}

TEST_P(FailureTest, LagGrowsWhileTheNetworkIsStalled) {
  auto proxy = *TcpProxy::Start(server_->port());
  auto streamer = Make(SpecThrough(*proxy));
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().lag_seconds == 0; }));
  proxy->Stall(true);
  Insert(50);
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().lag_seconds > 3; }));
  proxy->Stall(false);
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().lag_seconds == 0; }));
  ExpectAllThere(*streamer);
}

TEST_P(FailureTest, AnotherServerIsRefusedWithoutGtid) {
  {
    auto streamer = Make(Spec());
    ASSERT_TRUE(streamer->Start().ok());
    ExpectAllThere(*streamer);
  }
  auto other = MySqlServer::Start(GetParam(), {"--server-id=77"});
  ASSERT_TRUE(other.ok());
  StreamerSpec spec = Spec();
  spec.source.endpoints = {(*other)->endpoint()};
  EXPECT_EQ(ErrorReason(RunToFailure(spec).error), "WRONG_SOURCE");
}

TEST_P(FailureTest, AFullDiskIsWaitedOut) {
  // A file-size limit stands in for a full disk only in a process of its own; a small tmpfs needs root.
  const std::string mount = directory_ / "small";
  ASSERT_TRUE(MakeDirectories(mount, 0750).ok());
  if (system(absl::StrCat("mount -t tmpfs -o size=256k tmpfs ", mount, " 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "this machine does not let the test mount a tmpfs";
  }
  StreamerSpec spec = Spec();
  spec.targets[0].file()->path = mount + "/raw";
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  Insert(700);
  EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kRetrying; }));
  EXPECT_THAT(std::string(streamer->Snapshot().error.message()), HasSubstr("No space left"));
  EXPECT_EQ(system(absl::StrCat("mount -o remount,size=64m ", mount).c_str()), 0);
  EXPECT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  streamer->RequestStop(absl::UnavailableError("the test ends"));
  streamer->WaitStopped(absl::InfiniteFuture());
  EXPECT_EQ(CompareArchive(mount + "/raw", *server_), "");
  EXPECT_EQ(CompareTable(ReadEvents(directory_ / "json"), *server_, "shop", "orders", "id"), "");
  streamer.reset();
  EXPECT_EQ(system(absl::StrCat("umount ", mount).c_str()), 0);
}

// What is read says less: a target holds the reader up.
TEST_P(FailureTest, TheLagIsCountedToWhereTheSourceSaysThatItsLogEnds) {
  constexpr uint64_t kDiskBytes = 1 << 20;
  const std::string folder = directory_ / "small";
  ASSERT_TRUE(MakeDirectories(folder, 0750).ok());
  const auto disk = SmallDisk::Mount(folder, kDiskBytes);
  if (!disk.ok()) GTEST_SKIP() << disk.status();
  StreamerSpec spec = Spec();
  spec.targets = {RawTarget(folder + "/raw")};
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  ASSERT_TRUE((*disk)->Fill().ok());
  server_->Run({"CREATE TABLE shop.bulk (filler MEDIUMTEXT)"});
  server_->Run(std::vector<std::string>(100, "INSERT INTO shop.bulk VALUES (REPEAT('x', 1048576))"));
  Interrupter interrupter;
  const auto connection = server_->Connect(&interrupter);
  ASSERT_TRUE(connection.ok()) << connection.status();
  const absl::StatusOr<Position> end = EndOfLogPlace(**connection, server_->flavor());
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_TRUE(WaitUntil([&] { return ComparePositions(streamer->Snapshot().source_end, *end) == 0; }))
      << ToString(streamer->Snapshot().source_end) << ", not " << ToString(*end);
  const StreamerSnapshot snapshot = streamer->Snapshot();
  EXPECT_LT(snapshot.read_position.offset + (20 << 20), end->offset);
  ASSERT_EQ(snapshot.position.file, end->file);
  EXPECT_EQ(snapshot.targets[0].lag_bytes, end->offset - snapshot.position.offset);
}

INSTANTIATE_TEST_SUITE_P(Servers, FailureTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
