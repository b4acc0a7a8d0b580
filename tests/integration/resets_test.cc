// A source whose log is reset: what the targets have of the old one, and where they go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "streamer/source_replay.h"
#include "tests/harness/log_blocks.h"
#include "tests/harness/tcp_proxy.h"
#include "tests/integration/targets_testing.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ResetsTest : public TargetsTest {
 protected:
  // The lines of the log about a streamer that have `word`.
  static std::vector<std::string> Told(const Streamer& streamer, const std::string& word) {
    std::vector<std::string> told;
    for (const LogLine& line : streamer.history()->Lines(0)) {
      if (absl::StrContains(line.text, word)) told.push_back(line.text);
    }
    return told;
  }
  // On a file system that is `mounted`; not required.
  TargetSpec Mounted(const std::string& name) const {
    TargetSpec target = Json("mounted/" + name);
    target.name = "json";
    target.required = false;
    return target;
  }
  void Rotate(int times) {
    for (int i = 0; i < times; ++i) server_->Run({"FLUSH BINARY LOGS"});
  }
  // Leaves only the file that the server writes.
  void PurgeToNewest() {
    const std::string newest = EndOfServerLog().file;
    Interrupter interrupter;
    const auto connection = server_->Connect(&interrupter);
    // A server keeps a file for as long as it believes that a dump still reads it.
    EXPECT_TRUE(WaitUntil([&] {
      server_->Run({absl::StrCat("PURGE BINARY LOGS TO '", newest, "'")});
      return (*ListLogFiles(**connection)).front().name == newest;
    }));
  }
  // A server that numbers no transactions, where one can be had.
  void StartWithoutGtids() {
    if (server_->flavor() == Flavor::kMySql) StartServer({"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"});
  }
};

TEST_P(ResetsTest, AnOptionalTargetThatIsBehindAtAResetSaysWhatItLost) {
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
  const std::string second = streamer->Snapshot().source.epoch.name();
  EXPECT_THAT(Told(*streamer, "begins"), ElementsAre(absl::StrCat("epoch ", second, " begins: reset")));
  Insert(5);
  EXPECT_TRUE(WaitUntilHolds(*streamer, "raw"));
  EXPECT_TRUE(WaitUntilHolds(*streamer, "healthy"));
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kRunning);
  Stop(*streamer);
  ExpectExact("raw", "healthy");
}

// The log of a server that was reset twice has GTIDs that the target has, of other transactions.
TEST_P(ResetsTest, AnOptionalTargetThatMissedAWholeLogSaysSo) {
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
TEST_P(ResetsTest, ARequiredTargetThatIsBehindAtAResetFailsTheStreamer) {
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
    EXPECT_EQ(Told(*streamer, "begins"), std::vector<std::string>()) << "it does not";
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

TEST_P(ResetsTest, ARequiredTargetThatReadsWhatItLacksWhenTheLogIsResetFailsTheStreamer) {
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

TEST_P(ResetsTest, AResetAmidATransactionLosesADecodingTargetNothing) {
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

TEST_P(ResetsTest, ANewEpochWaitsForARequiredTargetThatCannotBeOpened) {
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

// A target is away, or the process is killed before it has begun the new epoch; and then nobody remembers how the old
// log ended but the other target, whose archive ends amid a transaction.
TEST_P(ResetsTest, ATargetThatHadAllComesToTheNewLogAfterARestart) {
  const MountedFolder mounted(directory_ / "mounted");
  if (!mounted.ok()) GTEST_SKIP() << "this machine does not let the test mount a tmpfs";
  StartWithoutGtids();
  for (const bool required : {false, true}) {
    const std::string name = required ? "required" : "optional";
    SCOPED_TRACE(name);
    auto proxy = *TcpProxy::Start(server_->port());
    TargetSpec json = Mounted(name);
    StreamerSpec spec = Spec({Raw("raw " + name), json});
    spec.targets[0].name = "raw";
    spec.source.endpoints = {absl::StrCat("127.0.0.1:", proxy->port())};
    auto streamer = Make(spec);
    ASSERT_TRUE(streamer->Start().ok());
    InsertBulk(3);
    ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
    const Position boundary = TargetOf(*streamer, "json").durable.position;
    proxy->FailAfter(600 << 10, /*cut=*/true);
    InsertBulk(1);
    ASSERT_TRUE(WaitUntil([&] {
      const StreamerSnapshot snapshot = streamer->Snapshot();
      return snapshot.state == StreamerState::kRetrying &&
             ComparePositions(TargetOf(snapshot, "raw").durable.position, boundary) > 0;
    }));
    Stop(*streamer);
    mounted.Remount("ro");
    DeleteUnlogged("shop.bulk ORDER BY id DESC LIMIT 2");
    ResetLog();
    proxy->Heal();
    streamer = Make(spec);
    ASSERT_TRUE(streamer->Start().ok());
    EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == 2; })) << streamer->Snapshot().error;
    Insert(5);
    EXPECT_TRUE(WaitUntilHolds(*streamer, "raw"));
    EXPECT_FALSE(TargetOf(*streamer, "json").error.ok());
    Stop(*streamer);
    mounted.Remount("rw");
    spec.targets[1].required = required;
    streamer = Make(spec);
    ASSERT_TRUE(streamer->Start().ok());
    EXPECT_TRUE(WaitUntilHolds(*streamer, "json")) << TargetOf(*streamer, "json").error;
    EXPECT_TRUE(TargetOf(*streamer, "json").error.ok()) << TargetOf(*streamer, "json").error;
    Stop(*streamer);
    ExpectExact("raw " + name, "mounted/" + name);
    DeleteUnlogged("shop.orders");
    ResetLog();
  }
}

// It had all of the old log, but the source has purged the beginning of the new one by now.
TEST_P(ResetsTest, ATargetThatComesTooLateForTheNewLogSaysSo) {
  const MountedFolder mounted(directory_ / "mounted");
  if (!mounted.ok()) GTEST_SKIP() << "this machine does not let the test mount a tmpfs";
  const StreamerSpec spec = Spec({Raw(), Mounted("json")});
  auto streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  Insert(5);
  EXPECT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  mounted.Remount("ro");
  ResetLog();
  streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == 2; })) << streamer->Snapshot().error;
  Insert(5);
  server_->Run({"FLUSH BINARY LOGS"});
  Insert(5);
  EXPECT_TRUE(WaitUntilHolds(*streamer, "raw"));
  Stop(*streamer);
  mounted.Remount("rw");
  PurgeToNewest();
  streamer = Make(spec);
  ASSERT_TRUE(streamer->Start().ok());
  EXPECT_TRUE(WaitUntil([&] { return IsIn(*streamer, "json", TargetState::kFailed); }));
  EXPECT_EQ(ErrorReason(TargetOf(*streamer, "json").error), "POSITION_PURGED") << TargetOf(*streamer, "json").error;
  Insert(5);
  EXPECT_TRUE(WaitUntilHolds(*streamer, "raw"));
  EXPECT_EQ(streamer->Snapshot().state, StreamerState::kRunning);
  Stop(*streamer);
}

// The source purges the beginning of the new log before anybody has read it.
TEST_P(ResetsTest, ANewLogWithoutItsBeginningIsNotBegun) {
  for (const bool numbered : {true, false}) {
    SCOPED_TRACE(numbered ? "GTIDs" : "no GTIDs");
    if (!numbered) StartWithoutGtids();
    const std::string raw = numbered ? "raw" : "raw without", json = numbered ? "json" : "json without";
    auto streamer = Make(Spec({Raw(raw), Json(json)}));
    ASSERT_TRUE(streamer->Start().ok());
    Insert(1);
    Rotate(4);
    Insert(1);
    ASSERT_TRUE(WaitUntilHolds(*streamer, raw));
    ASSERT_TRUE(WaitUntilHolds(*streamer, json));
    Stop(*streamer);
    ResetLog();
    for (int file = 0; file < 2; ++file) {
      Insert(1);
      Rotate(1);
    }
    Insert(1);
    PurgeToNewest();
    for (int start = 0; start < 2; ++start) {
      streamer = Make(Spec({Raw(raw), Json(json)}));
      ASSERT_TRUE(streamer->Start().ok());
      ASSERT_TRUE(streamer->WaitStopped(absl::Now() + absl::Seconds(60)));
      EXPECT_EQ(streamer->Snapshot().state, StreamerState::kFailed);
      EXPECT_EQ(ErrorReason(streamer->Snapshot().error), "POSITION_PURGED") << streamer->Snapshot().error;
      EXPECT_EQ(Epochs(directory_ / raw).size(), 1u);
    }
    // The way out: new stores, which may begin with what is left.
    streamer = Make(Spec({Raw(raw + " anew"), Json(json + " anew")}));
    ASSERT_TRUE(streamer->Start().ok());
    EXPECT_TRUE(WaitUntilHolds(*streamer, raw + " anew"));
    EXPECT_TRUE(WaitUntilHolds(*streamer, json + " anew"));
    EXPECT_EQ(streamer->Snapshot().state, StreamerState::kRunning);
    Stop(*streamer);
  }
}

TEST_P(ResetsTest, ANewLogThatBeginsWithAHigherNumberIsWhole) {
  auto streamer = Make(Spec({Raw(), Json()}));
  ASSERT_TRUE(streamer->Start().ok());
  Rotate(6);
  Insert(5);
  ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
  ASSERT_TRUE(WaitUntilHolds(*streamer, "json"));
  Stop(*streamer);
  ResetLog("TO 3");
  Insert(5);
  streamer = Make(Spec({Raw(), Json()}));
  ASSERT_TRUE(streamer->Start().ok());
  EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == 2; })) << streamer->Snapshot().error;
  EXPECT_TRUE(WaitUntilHolds(*streamer, "raw"));
  EXPECT_TRUE(WaitUntilHolds(*streamer, "json"));
  Stop(*streamer);
  ExpectExact("raw", "json");
}

// A new log that has grown beyond the old one has its files' names, and all of its places.
TEST_P(ResetsTest, AReplayTellsTheLogFromAnotherByEitherOfItsEnds) {
  const auto write_log = [this](int rows) {
    Insert(rows);
    server_->Run({"FLUSH BINARY LOGS"});
    Insert(rows);
  };
  write_log(20);
  const Position end = EndOfServerLog();
  const StreamerSpec spec = Spec({Raw()});
  Interrupter interrupter;
  const auto connection = server_->Connect(&interrupter);
  const ServerInfo server = *DescribeServer(**connection);
  const auto epoch = MakeEpoch(1, server.identity());
  const std::string first = (*ListLogFiles(**connection)).front().name;
  const auto replay = [&](const ReadStart& start, const ReadEnd& until, CollectingSink* sink) {
    SourceReplay log({&spec, /*decodes=*/false, directory_ / "definitions.json", nullptr});
    return log.Run(epoch, start, until, sink);
  };
  ReadStart start;
  start.position = Position{first, kFirstEventOffset, ""};
  CollectingSink old;
  ASSERT_TRUE(replay(start, end, &old).ok());
  ASSERT_NE(old.blocks.front()->start.file, old.blocks.back()->end.file);
  ReadStart known = start;
  known.log_created = old.blocks.front()->format->created;
  known.log_server_id = old.blocks.front()->format->server_id;
  const FormatDescription& last = *old.blocks.back()->format;
  const ReadEnd known_end(end, last.created, last.server_id);
  CollectingSink again;
  ASSERT_TRUE(replay(known, known_end, &again).ok());
  EXPECT_EQ(again.blocks.back()->bytes, old.blocks.back()->bytes);
  ResetLog();
  write_log(60);
  ASSERT_GT(ComparePositions(EndOfServerLog(), end), 0);
  for (const auto& [from, until] : {std::pair(known, ReadEnd(end)), std::pair(start, known_end)}) {
    CollectingSink sink;
    const absl::Status reset = replay(from, until, &sink);
    EXPECT_EQ(ErrorReason(reset), "LOG_RESET") << reset;
    EXPECT_TRUE(sink.blocks.empty());
  }
}

// Nothing but the times when they were begun tells the two logs from each other.
TEST_P(ResetsTest, ALogThatHasGrownToTheSizeOfTheOldOneIsNoticedAtTheNextConnection) {
  ResetLog();
  Insert(20);
  const Position old_end = EndOfServerLog();
  auto streamer = Make(Spec({Raw(), Json()}));
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
  Stop(*streamer);
  DeleteUnlogged("shop.orders");
  ResetLog();
  Insert(20);
  ASSERT_EQ(ToString(EndOfServerLog()), ToString(old_end));
  streamer = Make(Spec({Raw(), Json()}));
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == 2; })) << streamer->Snapshot().error;
  ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
  Stop(*streamer);
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
}

// Not even these do.
TEST_P(ResetsTest, ALogThatWasCreatedInTheSameSecondIsNoticedWhateverItsLength) {
  const auto reset = [this] {
    const bool is_mysql = server_->flavor() == Flavor::kMySql;
    server_->Run({"SET timestamp = 1700000000", is_mysql ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER"});
  };
  reset();
  Insert(20);
  uint32_t epoch = 1;
  for (const int rows : {20, 40, 10}) {
    SCOPED_TRACE(rows);
    auto streamer = Make(Spec({Raw(), Json()}));
    ASSERT_TRUE(streamer->Start().ok());
    ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *server_));
    Stop(*streamer);
    const uint32_t created = TargetOf(*streamer, "raw").durable.log_created;
    DeleteUnlogged("shop.orders");
    reset();
    Insert(rows);
    streamer = Make(Spec({Raw(), Json()}));
    ASSERT_TRUE(streamer->Start().ok());
    ++epoch;
    ASSERT_TRUE(WaitUntil([&] { return streamer->Snapshot().source.epoch.number == epoch; }))
        << streamer->Snapshot().error;
    ASSERT_TRUE(WaitUntilHolds(*streamer, "raw"));
    EXPECT_EQ(TargetOf(*streamer, "raw").durable.log_created, created) << "the case is another one";
    Stop(*streamer);
    EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, ResetsTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
