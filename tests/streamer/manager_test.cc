#include "streamer/manager.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/log_history.h"
#include "tests/harness/temp_dir.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

using testing::Eventually;
using testing::MakeSpec;

class ManagerTest : public ::testing::Test {
 protected:
  ManagerTest() { Restart(); }

  // As if binlogd had been started again.
  void Restart() {
    manager_.reset();
    auto store = Store::Open(dir_ / "state", &codec_);
    ASSERT_TRUE(store.ok()) << store.status();
    manager_ = std::make_unique<Manager>(*std::move(store));
    ASSERT_TRUE(manager_->Load().ok());
  }
  StreamerSpec Spec(const std::string& name) const { return MakeSpec(name, dir_ / "targets"); }
  bool BecomesRetrying(const std::string& name) {
    return Eventually([&] { return manager_->Get(name)->snapshot.state == StreamerState::kRetrying; });
  }
  static std::string Refusal(const absl::Status& status) { return ErrorReason(status); }

  testing::TempDir dir_;
  testing::FakeCodec codec_;
  std::unique_ptr<Manager> manager_;
};

TEST_F(ManagerTest, CreateGetListDelete) {
  for (const char* name : {"b", "a", "c"}) {
    const auto created = manager_->Create(Spec(name), false);
    ASSERT_TRUE(created.ok()) << created.status();
    EXPECT_EQ(created->snapshot.state, StreamerState::kStopped);
    EXPECT_FALSE(created->snapshot.desired_running);
    EXPECT_FALSE(created->etag.empty());
    EXPECT_EQ(created->snapshot.targets.size(), 1u);
  }
  EXPECT_EQ(manager_->Get("a")->spec, Spec("a"));
  const auto all = manager_->List();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].spec.name, "a");
  EXPECT_EQ(all[2].spec.name, "c");
  ASSERT_TRUE(manager_->Delete("b", "").ok());
  EXPECT_EQ(manager_->List().size(), 2u);
  EXPECT_EQ(Refusal(manager_->Get("b").status()), "STREAMER_NOT_FOUND");
  Restart();
  EXPECT_EQ(manager_->List().size(), 2u);
}

TEST_F(ManagerTest, UnknownNames) {
  const std::string hostile = "no\nsuch";
  for (const std::string& name :
       {std::string("none"), std::string(), hostile, std::string(10000, 'x'), std::string("../state")}) {
    for (const absl::Status& status :
         {manager_->Get(name).status(), manager_->Find(name).status(), manager_->Start(name).status(),
          manager_->Stop(name).status(), manager_->Delete(name, "")}) {
      EXPECT_TRUE(absl::IsNotFound(status));
      EXPECT_EQ(Refusal(status), "STREAMER_NOT_FOUND");
      EXPECT_EQ(status.message().find('\n'), absl::string_view::npos);
      EXPECT_LT(status.message().size(), 500u);
    }
  }
  EXPECT_EQ(Refusal(manager_->Update(Spec("none"), "").status()), "STREAMER_NOT_FOUND");
}

TEST_F(ManagerTest, OneWhoseRecordCannotBeReadIsSaidToBeThere) {
  ASSERT_TRUE(manager_->Create(Spec("a"), false).ok());
  manager_.reset();
  ASSERT_TRUE(ReplaceFile(dir_ / "state/streamers/a/streamer.json", "", 0600).ok());
  Restart();
  EXPECT_TRUE(manager_->List().empty());
  for (const absl::Status& status : {manager_->Get("a").status(), manager_->Start("a").status()}) {
    EXPECT_EQ(Refusal(status), "STREAMER_NOT_FOUND");
    EXPECT_NE(status.message().find("streamer.json is damaged (it is empty)"), absl::string_view::npos) << status;
  }
  Manager::Applied applied;
  ASSERT_TRUE(manager_->Apply(Spec("a"), false, &applied).ok()) << "applied anew, it is mended";
  EXPECT_EQ(applied.outcome, Manager::Outcome::kCreated);
  ASSERT_TRUE(manager_->Delete("a", "").ok());
  EXPECT_EQ(manager_->Get("a").status().message(), "there is no streamer \"a\"");
}

TEST_F(ManagerTest, WhileItLoadsNothingIsSaidNotToBeThere) {
  ASSERT_TRUE(manager_->Create(Spec("a"), false).ok());
  manager_.reset();
  Manager loading(*Store::Open(dir_ / "state", &codec_));
  loading.ExpectLoad();
  Manager::Applied applied;
  for (const absl::Status& status :
       {loading.CheckLoaded(), loading.Get("a").status(), loading.Create(Spec("a"), false).status(),
        loading.Apply(Spec("b"), false, &applied).status(), loading.Preview(Spec("a"), false, &applied).status(),
        loading.Delete("a", "")}) {
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_EQ(Refusal(status), "STREAMERS_LOADING");
  }
  ASSERT_TRUE(loading.Load().ok());
  EXPECT_TRUE(loading.CheckLoaded().ok());
  EXPECT_TRUE(loading.Get("a").ok());
}

TEST_F(ManagerTest, DuplicatesAndBadSpecs) {
  ASSERT_TRUE(manager_->Create(Spec("a"), false).ok());
  const absl::Status duplicate = manager_->Create(Spec("a"), false).status();
  EXPECT_TRUE(absl::IsAlreadyExists(duplicate));
  EXPECT_EQ(Refusal(duplicate), "STREAMER_EXISTS");
  StreamerSpec bad = Spec("b");
  bad.targets.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(manager_->Create(bad, false).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(manager_->Check(bad)));
  bad = Spec("a");
  bad.source.user.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(manager_->Update(bad, "").status()));
  EXPECT_EQ(manager_->List().size(), 1u);
}

TEST_F(ManagerTest, OfTwoUpdatesAtOnceThatClashOneIsRefused) {
  ASSERT_TRUE(manager_->Create(Spec("a"), false).ok());
  ASSERT_TRUE(manager_->Create(Spec("b"), false).ok());
  for (int round = 0; round < 100; ++round) {
    bool taken[2] = {};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([this, i, round, &taken] {
        StreamerSpec spec = Spec(i == 0 ? "a" : "b");
        spec.targets[0].file()->path = dir_ / absl::StrCat("both", round);
        taken[i] = manager_->Update(spec, "").ok();
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_NE(taken[0], taken[1]) << "in round " << round;
  }
}

TEST_F(ManagerTest, ClashesOfFolders) {
  StreamerSpec first = Spec("a");
  first.targets[0].file()->path = dir_ / "x/y";
  first.checkpoint.file = dir_ / "checkpoint.json";
  ASSERT_TRUE(manager_->Create(first, false).ok());
  std::filesystem::create_directories(dir_ / "x/y");
  std::filesystem::create_directory_symlink(dir_ / "x", dir_ / "link");
  for (const std::string& path : {dir_ / "x/y", dir_ / "x/y/", dir_ / "x", dir_ / "x/", dir_ / "x/y/z", dir_ / "link/y",
                                  dir_ / "link/y/new", dir_ / "x/../x/y", dir_.path()}) {
    StreamerSpec second = Spec("b");
    second.targets[0].file()->path = path;
    const absl::Status refused = manager_->Create(second, false).status();
    EXPECT_EQ(Refusal(refused), "TARGET_PATH_IN_USE") << path;
    EXPECT_EQ(ErrorField(refused), "targets[0].file.path");
    EXPECT_EQ(Refusal(manager_->Check(second)), "TARGET_PATH_IN_USE");
  }
  StreamerSpec second = Spec("b");
  second.targets[0].file()->path = dir_ / "x/yy";
  ASSERT_TRUE(manager_->Create(second, false).ok());
  second.targets[0].file()->path = dir_ / "x/y";
  EXPECT_EQ(Refusal(manager_->Update(second, "").status()), "TARGET_PATH_IN_USE");
  StreamerSpec third = Spec("c");
  third.checkpoint.file = first.checkpoint.file;
  EXPECT_EQ(Refusal(manager_->Create(third, false).status()), "CHECKPOINT_FILE_IN_USE");
  EXPECT_TRUE(manager_->Update(first, "").ok()) << "no clash with itself";
}

TEST_F(ManagerTest, NoTargetIsWhereTheStateIs) {
  for (const std::string& path : {dir_ / "state", dir_ / "state/streamers", dir_ / "state/", dir_ / "x/../state"}) {
    StreamerSpec spec = Spec("a");
    spec.targets[0].file()->path = path;
    EXPECT_EQ(Refusal(manager_->Create(spec, false).status()), "TARGET_PATH_IN_USE") << path;
  }
}

TEST_F(ManagerTest, EtagsGuardUpdateAndDelete) {
  const std::string first = manager_->Create(Spec("a"), false)->etag;
  StreamerSpec changed = Spec("a");
  changed.source.server_id = 5;
  const auto updated = manager_->Update(changed, first);
  ASSERT_TRUE(updated.ok());
  EXPECT_NE(updated->etag, first);
  EXPECT_EQ(manager_->Update(changed, updated->etag)->etag, updated->etag) << "the same again changes nothing";
  changed.source.server_id = 6;
  for (const std::string& stale : {first, std::string("nonsense")}) {
    EXPECT_TRUE(absl::IsAborted(manager_->Update(changed, stale).status()));
    EXPECT_EQ(Refusal(manager_->Update(changed, stale).status()), "STALE_ETAG");
    EXPECT_EQ(Refusal(manager_->Delete("a", stale)), "STALE_ETAG");
  }
  EXPECT_EQ(manager_->Get("a")->spec.source.server_id, 5u);
  EXPECT_TRUE(manager_->Delete("a", updated->etag).ok());
}

TEST_F(ManagerTest, ApplyOutcomes) {
  Manager::Applied applied;
  ASSERT_TRUE(manager_->Apply(Spec("a"), false, &applied).ok());
  EXPECT_EQ(applied.outcome, Manager::Outcome::kCreated);
  ASSERT_TRUE(manager_->Apply(Spec("a"), false, &applied).ok());
  EXPECT_EQ(applied.outcome, Manager::Outcome::kUnchanged);
  StreamerSpec changed = Spec("a");
  changed.batch.max_events = 7;
  const auto started = manager_->Apply(changed, true, &applied);
  ASSERT_TRUE(started.ok());
  EXPECT_EQ(applied.outcome, Manager::Outcome::kUpdated);
  EXPECT_TRUE(started->snapshot.desired_running);
  ASSERT_TRUE(manager_->Apply(changed, true, &applied).ok()) << "one that runs goes on";
  EXPECT_EQ(applied.outcome, Manager::Outcome::kUnchanged);
  changed.targets.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(manager_->Apply(changed, true, &applied).status()));
}

TEST_F(ManagerTest, ListsWhatPassesAFilter) {
  for (const char* name : {"orders", "old", "users", "x"}) {
    StreamerSpec spec = Spec(name);
    spec.labels["size"] = absl::StrCat(spec.name.size());
    ASSERT_TRUE(manager_->Create(spec, name == std::string("users")).ok());
  }
  EXPECT_TRUE(BecomesRetrying("users"));
  const auto names = [this](const StreamerFilter& filter, const std::string& after = "", size_t most = 100) {
    std::string listed;
    for (const StreamerView& view : manager_->List(filter, after, most)) absl::StrAppend(&listed, view.spec.name, " ");
    return listed;
  };
  StreamerFilter filter;
  EXPECT_EQ(names(filter), "old orders users x ");
  EXPECT_EQ(names(filter, "orders"), "users x ");
  EXPECT_EQ(names(filter, "older", 2), "orders users ");
  filter.name = "o*";
  EXPECT_EQ(names(filter), "old orders ");
  filter.labels = *LabelSelector::Parse("size=3", "");
  EXPECT_EQ(names(filter), "old ");
  filter.name.clear();
  filter.labels = *LabelSelector::Parse("size!=3", "");
  filter.states = {StreamerState::kStopped};
  EXPECT_EQ(names(filter), "orders x ");
  EXPECT_EQ(names(filter, "", 1), "orders ");
}

TEST_F(ManagerTest, APreviewTellsWhatApplyWouldDoAndChangesNothing) {
  Manager::Applied applied;
  StreamerSpec spec = Spec("a");
  spec.source.password = Secret{Secret::Kind::kValue, "s3cret"};
  const auto created = manager_->Preview(spec, true, &applied);
  ASSERT_TRUE(created.ok()) << created.status();
  EXPECT_EQ(applied.outcome, Manager::Outcome::kCreated);
  EXPECT_TRUE(created->snapshot.desired_running);
  EXPECT_TRUE(absl::IsNotFound(manager_->Get("a").status()));
  const std::string etag = manager_->Create(spec, false)->etag;
  const auto preview = [&](const StreamerSpec& wanted) {
    EXPECT_TRUE(manager_->Preview(wanted, false, &applied).ok());
    return applied.outcome;
  };
  EXPECT_EQ(preview(spec), Manager::Outcome::kUnchanged);
  EXPECT_EQ(preview(Spec("a")), Manager::Outcome::kUnchanged) << "the secret is kept";
  StreamerSpec labelled = spec;
  labelled.labels["x"] = "y";
  StreamerSpec changed = labelled;
  changed.source.server_id = 5;
  EXPECT_EQ(preview(changed), Manager::Outcome::kUpdated);
  ASSERT_TRUE(manager_->Start("a").ok());
  EXPECT_EQ(preview(labelled), Manager::Outcome::kUpdated);
  EXPECT_EQ(preview(changed), Manager::Outcome::kRestarted);
  EXPECT_EQ(manager_->Preview(changed, false, &applied)->spec, changed);
  EXPECT_EQ(manager_->Get("a")->etag, etag);
  EXPECT_EQ(manager_->Get("a")->spec, spec);
  changed.targets.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(manager_->Preview(changed, false, &applied).status()));
  StreamerSpec clash = Spec("b");
  clash.targets[0].file()->path = spec.targets[0].file()->path;
  EXPECT_EQ(Refusal(manager_->Preview(clash, false, &applied).status()), "TARGET_PATH_IN_USE");
  ASSERT_TRUE(manager_->Apply(labelled, false, &applied).ok());
  EXPECT_EQ(applied.outcome, Manager::Outcome::kUpdated);
  labelled.source.server_id = 5;
  ASSERT_TRUE(manager_->Apply(labelled, false, &applied).ok());
  EXPECT_EQ(applied.outcome, Manager::Outcome::kRestarted);
}

TEST_F(ManagerTest, OtherLabelsRestartNothing) {
  const std::string etag = manager_->Create(Spec("a"), true)->etag;
  const std::shared_ptr<Streamer> streamer = *manager_->Find("a");
  StreamerSpec labelled = Spec("a");
  labelled.labels["team"] = "data";
  const auto updated = manager_->Update(labelled, "");
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_NE(updated->etag, etag);
  EXPECT_EQ(updated->spec, labelled);
  EXPECT_EQ(*manager_->Find("a"), streamer);
  Restart();
  EXPECT_EQ(manager_->Get("a")->spec, labelled);
  labelled.labels["bad key"] = "";
  EXPECT_EQ(Refusal(manager_->Update(labelled, "").status()), "INVALID_LABEL");
}

TEST_F(ManagerTest, APasswordByValueThatIsLeftOutIsKept) {
  StreamerSpec spec = Spec("a");
  spec.source.password = Secret{Secret::Kind::kValue, "s3cret"};
  const std::string etag = manager_->Create(spec, false)->etag;
  EXPECT_EQ(manager_->Update(Spec("a"), "")->etag, etag);
  StreamerSpec changed = Spec("a");
  changed.source.server_id = 5;
  EXPECT_EQ(manager_->Update(changed, "")->spec.source.password.text, "s3cret");
  changed.source.password = Secret{Secret::Kind::kEnvironment, "X"};
  EXPECT_EQ(manager_->Update(changed, "")->spec.source.password.text, "X");
  changed.source.password = Secret();
  EXPECT_EQ(manager_->Update(changed, "")->spec.source.password.kind, Secret::Kind::kNone);
}

TEST_F(ManagerTest, StartAndStop) {
  ASSERT_TRUE(manager_->Create(Spec("a"), false).ok());
  const absl::Status stopped = manager_->Stop("a").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(stopped));
  EXPECT_EQ(Refusal(stopped), "NOT_RUNNING");
  ASSERT_TRUE(manager_->Start("a").ok());
  EXPECT_TRUE(BecomesRetrying("a"));
  const StreamerView view = *manager_->Get("a");
  EXPECT_TRUE(view.snapshot.desired_running);
  EXPECT_FALSE(view.snapshot.error.ok());
  EXPECT_EQ(view.snapshot.source.endpoint, "127.0.0.1:1");
  EXPECT_GE(view.snapshot.retries, 1u);
  const absl::Status running = manager_->Start("a").status();
  EXPECT_TRUE(absl::IsFailedPrecondition(running));
  EXPECT_EQ(Refusal(running), "ALREADY_RUNNING");
  const auto now = manager_->Stop("a");
  ASSERT_TRUE(now.ok());
  EXPECT_EQ(now->snapshot.state, StreamerState::kStopped);
  EXPECT_TRUE(now->snapshot.error.ok());
  EXPECT_FALSE(now->snapshot.desired_running);
  EXPECT_TRUE(manager_->Start("a").ok());
}

TEST_F(ManagerTest, AChangedSpecRestartsARunningOne) {
  ASSERT_TRUE(manager_->Create(Spec("a"), true).ok());
  EXPECT_TRUE(BecomesRetrying("a"));
  StreamerSpec changed = Spec("a");
  changed.source.endpoints = {"127.0.0.1:2"};
  ASSERT_TRUE(manager_->Update(changed, "").ok());
  EXPECT_TRUE(Eventually([&] { return manager_->Get("a")->snapshot.source.endpoint == "127.0.0.1:2"; }));
  EXPECT_TRUE(BecomesRetrying("a"));
}

TEST_F(ManagerTest, DesiredStatesSurviveARestart) {
  ASSERT_TRUE(manager_->Create(Spec("runs"), true).ok());
  ASSERT_TRUE(manager_->Create(Spec("stopped"), true).ok());
  ASSERT_TRUE(manager_->Stop("stopped").ok());
  const std::string etag = manager_->Get("runs")->etag;
  Restart();
  EXPECT_TRUE(BecomesRetrying("runs"));
  EXPECT_EQ(manager_->Get("runs")->etag, etag);
  EXPECT_EQ(manager_->Get("stopped")->snapshot.state, StreamerState::kStopped);
  EXPECT_FALSE(manager_->Get("stopped")->snapshot.desired_running);
}

TEST_F(ManagerTest, ATargetThatOnlyAPersonCanMendIsAFailure) {
  StreamerSpec spec = Spec("a");
  ASSERT_TRUE(ReplaceFile(dir_ / "file", "", 0600).ok());
  spec.targets[0].file()->path = dir_ / "file";
  ASSERT_TRUE(manager_->Create(spec, true).ok());
  ASSERT_TRUE(Eventually([&] { return manager_->Get("a")->snapshot.state == StreamerState::kFailed; }));
  const StreamerView view = *manager_->Get("a");
  EXPECT_EQ(ErrorReason(view.snapshot.error), "TARGET_PATH_INVALID");
  EXPECT_TRUE(view.snapshot.desired_running);
  EXPECT_TRUE(manager_->Start("a").ok()) << "a person may have mended it";
}

TEST_F(ManagerTest, OneThatHasFailedIsStoppedWhenThatIsWanted) {
  StreamerSpec spec = Spec("a");
  ASSERT_TRUE(ReplaceFile(dir_ / "file", "", 0600).ok());
  spec.targets[0].file()->path = dir_ / "file";
  ASSERT_TRUE(manager_->Create(spec, true).ok());
  ASSERT_TRUE(Eventually([&] { return manager_->Get("a")->snapshot.state == StreamerState::kFailed; }));
  spec.targets[0].file()->path = dir_ / "folder";
  Manager::Applied preview;
  ASSERT_TRUE(manager_->Preview(spec, false, &preview).ok());
  EXPECT_EQ(preview.outcome, Manager::Outcome::kRestarted) << "the new spec may mend it";
  const auto stopped = manager_->Stop("a");
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(stopped->snapshot.state, StreamerState::kStopped);
  EXPECT_TRUE(stopped->snapshot.error.ok());
  ASSERT_TRUE(manager_->Preview(spec, false, &preview).ok());
  EXPECT_EQ(preview.outcome, Manager::Outcome::kUpdated);
  EXPECT_EQ(Refusal(manager_->Stop("a").status()), "NOT_RUNNING");
}

TEST_F(ManagerTest, ATargetThatCannotBeOpenedStaysInTroubleAndIsLoggedOnce) {
  StreamerSpec spec = Spec("a");
  // Where nobody makes folders.
  spec.targets[0].file()->path = "/proc/binlogd-test";
  ASSERT_TRUE(manager_->Create(spec, true).ok());
  ASSERT_TRUE(BecomesRetrying("a"));
  const absl::Time since = manager_->Get("a")->snapshot.targets.at(0).error_since;
  bool steady = true;
  EXPECT_TRUE(Eventually([&] {
    const TargetSnapshot target = manager_->Get("a")->snapshot.targets.at(0);
    steady = steady && target.state == TargetState::kRetrying && target.error_since == since;
    return target.counters->retries.load() >= 2;
  }));
  EXPECT_TRUE(steady) << "each try looks like the trouble's end";
  size_t warnings = 0;
  for (const LogLine& line : LogHistory::Find("a")->Lines(0)) warnings += line.level == LogLevel::kWarning ? 1 : 0;
  EXPECT_EQ(warnings, 1u);
}

TEST_F(ManagerTest, AfterShutdownNothingChanges) {
  ASSERT_TRUE(manager_->Create(Spec("a"), true).ok());
  ASSERT_TRUE(manager_->Create(Spec("b"), false).ok());
  const auto tap = (*manager_->Find("a"))->taps().Attach([] {});
  manager_->Shutdown();
  EXPECT_EQ(manager_->Get("a")->snapshot.state, StreamerState::kStopped);
  EXPECT_EQ(ErrorReason(*(*tap)->ended()), "SHUTTING_DOWN");
  StreamerSpec changed = Spec("b");
  changed.source.server_id = 5;
  for (const absl::Status& status : {manager_->Create(Spec("c"), true).status(), manager_->Start("b").status(),
                                     manager_->Update(changed, "").status(), manager_->Delete("b", "")}) {
    EXPECT_EQ(Refusal(status), "SHUTTING_DOWN");
  }
  Restart();
  EXPECT_TRUE(manager_->Get("a")->snapshot.desired_running);
}

// A streamer that cannot stop yet, and callers who do not wait for it.
class ImpatientCallerTest : public ManagerTest {
 protected:
  ImpatientCallerTest() {
    StreamerSpec spec = Spec("a");
    spec.source.password = slow_.secret();
    EXPECT_TRUE(manager_->Create(spec, true).ok());
    slow_.AwaitReader();
    gone_.Cancel();
  }
  ~ImpatientCallerTest() override {
    slow_.Release();
    manager_->Shutdown();
  }
  StreamerSpec Changed() const {
    StreamerSpec spec = Spec("a");
    spec.source.server_id = 5;
    spec.targets[0].file()->path = dir_ / "elsewhere";
    return spec;
  }

  testing::SlowSecret slow_{dir_ / "password"};
  Cancellation gone_;
};

TEST_F(ImpatientCallerTest, AStopGoesOn) {
  const auto stopping = manager_->Stop("a", gone_);
  ASSERT_TRUE(stopping.ok()) << stopping.status();
  EXPECT_EQ(stopping->snapshot.state, StreamerState::kStopping);
  EXPECT_FALSE(stopping->snapshot.desired_running);
  EXPECT_EQ(manager_->Stop("a", Cancellation(absl::Now())).status().code(), absl::StatusCode::kFailedPrecondition);
  slow_.Release();
  EXPECT_TRUE(Eventually([&] { return manager_->Get("a")->snapshot.state == StreamerState::kStopped; }));
}

TEST_F(ImpatientCallerTest, AnUpdateGoesOnAndOthersAreNotBegun) {
  const StreamerSpec before = manager_->Get("a")->spec;
  const absl::Status late = manager_->Update(Changed(), "", Cancellation(absl::Now())).status();
  EXPECT_TRUE(absl::IsDeadlineExceeded(late)) << late;
  EXPECT_EQ(Refusal(late), "CHANGE_GOES_ON");
  EXPECT_EQ(manager_->Get("a")->spec, Changed()) << "it is accepted";
  StreamerSpec again = Changed();
  again.source.server_id = 6;
  Manager::Applied applied;
  for (const absl::Status& status :
       {manager_->Update(again, "", gone_).status(), manager_->Apply(again, true, &applied, gone_).status(),
        manager_->Stop("a", gone_).status(), manager_->Start("a", gone_).status(), manager_->Delete("a", "", gone_)}) {
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
    EXPECT_EQ(Refusal(status), "CHANGE_NOT_BEGUN");
  }
  EXPECT_EQ(Refusal(manager_->Stop("a", Cancellation(absl::Now())).status()), "CHANGE_NOT_BEGUN");
  for (const StreamerSpec& taken : {before, Changed()}) {
    StreamerSpec other = Spec("b");
    other.targets[0].file()->path = taken.targets[0].file()->path;
    EXPECT_EQ(Refusal(manager_->Create(other, false).status()), "TARGET_PATH_IN_USE") << "neither is free yet";
  }
  slow_.Release();
  EXPECT_TRUE(BecomesRetrying("a")) << "started again, with the new spec";
  EXPECT_EQ(manager_->Get("a")->spec, Changed());
  StreamerSpec other = Spec("b");
  other.targets[0].file()->path = before.targets[0].file()->path;
  EXPECT_TRUE(manager_->Create(other, false).ok());
}

TEST_F(ImpatientCallerTest, ADeleteGoesOn) {
  EXPECT_EQ(Refusal(manager_->Delete("a", "", gone_)), "CHANGE_GOES_ON");
  EXPECT_EQ(Refusal(manager_->Create(Spec("a"), false).status()), "STREAMER_EXISTS");
  slow_.Release();
  EXPECT_TRUE(Eventually([&] { return absl::IsNotFound(manager_->Get("a").status()); }));
  EXPECT_TRUE(manager_->Create(Spec("a"), false).ok());
}

TEST_F(ImpatientCallerTest, AWaitEndsWhenTheCallerGoesAway) {
  EXPECT_EQ(Refusal(manager_->Delete("a", "", gone_)), "CHANGE_GOES_ON");
  Cancellation caller;
  absl::Status status;
  std::thread waiter([&] { status = manager_->Update(Changed(), "", caller).status(); });
  caller.Cancel();
  waiter.join();
  EXPECT_EQ(Refusal(status), "CHANGE_NOT_BEGUN");
}

TEST_F(ImpatientCallerTest, AShutdownWaitsForWhatGoesOn) {
  EXPECT_EQ(Refusal(manager_->Update(Changed(), "", gone_).status()), "CHANGE_GOES_ON");
  std::thread shutdown([this] { manager_->Shutdown(); });
  slow_.Release();
  shutdown.join();
  EXPECT_EQ(manager_->Get("a")->snapshot.state, StreamerState::kStopped);
  EXPECT_EQ(manager_->Get("a")->spec, Changed());
}

TEST_F(ManagerTest, ManyChangesAtATime) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int round = 0; round < 12; ++round) {
        const std::string name = absl::StrCat("s", (i + round) % 3);
        StreamerSpec spec = Spec(name);
        spec.source.server_id = static_cast<uint32_t>(round + 1);
        Manager::Applied applied;
        (void)manager_->Apply(spec, round % 2 == 0, &applied);
        (void)manager_->Get(name);
        (void)manager_->List();
        if (round % 3 == 1) (void)manager_->Stop(name, Cancellation(absl::Now()));
        if (round % 3 == 2) (void)manager_->Delete(name, "");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  manager_->Shutdown();
  for (const StreamerView& view : manager_->List()) EXPECT_EQ(view.snapshot.state, StreamerState::kStopped);
  const size_t count = manager_->List().size();
  Restart();
  EXPECT_EQ(manager_->List().size(), count);
}

}  // namespace
}  // namespace binlogd
