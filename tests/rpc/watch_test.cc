#include <map>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "rpc/status_feed.h"
#include "tests/rpc/rpc_testing.h"
#include "tests/rpc/watcher.h"

namespace binlogd {
namespace {

using grpc::StatusCode;
using testing::Watch;

class WatchTest : public testing::RpcTest {
 protected:
  std::unique_ptr<Watch> Begin(const std::string& selector = "", uint64_t revision = 0) {
    v1::WatchRequest request;
    request.mutable_filter()->set_selector(selector);
    request.set_revision(revision);
    return std::make_unique<Watch>(stub_.get(), request);
  }
  void Make(const std::string& name, const std::string& team = "", bool start = false) {
    ASSERT_TRUE(Create(Labelled(name, team), start).ok());
  }
  v1::StreamerSpec Labelled(const std::string& name, const std::string& team) const {
    v1::StreamerSpec spec = Spec(name);
    if (!team.empty()) (*spec.mutable_labels())["team"] = team;
    return spec;
  }
  void Label(const std::string& name, const std::string& team) {
    v1::ApplyRequest request;
    *request.mutable_spec() = Labelled(name, team);
    v1::ApplyResponse response;
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->Apply(&context, request, &response).ok());
  }
};

TEST_F(WatchTest, ASnapshotAndThenWhatChanges) {
  Make("a");
  Make("b");
  const auto watch = Begin();
  ASSERT_TRUE(watch->Synced());
  EXPECT_EQ(watch->resets, 1);
  EXPECT_EQ(watch->Names(), "a b ");
  EXPECT_EQ(watch->streamers["a"].spec().source().user(), "repl");
  EXPECT_EQ(watch->StateOf("a"), v1::STOPPED);
  const uint64_t before = watch->revision;
  Make("c", "", /*start=*/true);
  ASSERT_TRUE(watch->Until([&] { return watch->StateOf("c") == v1::RETRYING; }));
  EXPECT_GT(watch->revision, before);
  EXPECT_EQ(watch->streamers["c"].spec().source().user(), "repl");
  EXPECT_FALSE(watch->streamers["c"].status().error().reason().empty());
  Label("a", "data");
  ASSERT_TRUE(watch->Until([&] { return watch->streamers["a"].spec().labels_size() == 1; }));
  ASSERT_TRUE(Delete("b").ok());
  ASSERT_TRUE(watch->Until([&] { return watch->deleted.count("b") == 1; }));
  ASSERT_TRUE(Stop("c").ok());
  ASSERT_TRUE(watch->Until([&] { return watch->StateOf("c") == v1::STOPPED; }));
  EXPECT_EQ(watch->Names(), "a c ");
  EXPECT_EQ(watch->resets, 1);
}

TEST_F(WatchTest, NothingIsASnapshotToo) {
  const auto watch = Begin();
  ASSERT_TRUE(watch->Synced());
  EXPECT_EQ(watch->resets, 1);
  EXPECT_EQ(watch->Names(), "");
  EXPECT_GT(watch->revision, 0u);
}

TEST_F(WatchTest, ResumesFromARevision) {
  for (const char* name : {"a", "b", "c"}) Make(name);
  uint64_t revision = 0;
  {
    const auto watch = Begin();
    ASSERT_TRUE(watch->Synced());
    revision = watch->revision;
  }
  ASSERT_TRUE(Delete("a").ok());
  Label("b", "data");
  Make("d");
  const auto resumed = Begin("", revision);
  ASSERT_TRUE(resumed->Until([&] { return resumed->deleted.count("a") == 1 && resumed->streamers.count("d") == 1; }));
  EXPECT_EQ(resumed->resets, 0);
  EXPECT_EQ(resumed->Names(), "b d ") << "c has not changed";
  const auto nothing_new = Begin("", resumed->revision);
  ASSERT_TRUE(nothing_new->Synced());
  EXPECT_EQ(nothing_new->resets, 0);
  EXPECT_EQ(nothing_new->Names(), "");
}

TEST_F(WatchTest, ARevisionThatIsNotOursBeginsAnew) {
  Make("a");
  uint64_t revision = 0;
  {
    const auto watch = Begin();
    ASSERT_TRUE(watch->Synced());
    revision = watch->revision;
  }
  Restart();
  for (const uint64_t other : {revision, uint64_t{1}, UINT64_MAX}) {
    const auto watch = Begin("", other);
    v1::WatchResponse first;
    ASSERT_TRUE(watch->reader->Read(&first));
    EXPECT_TRUE(first.reset());
    EXPECT_GT(first.revision(), revision) << "revisions go on";
    ASSERT_EQ(first.changes_size(), 1);
    EXPECT_EQ(first.changes(0).streamer().spec().name(), "a");
  }
}

TEST_F(WatchTest, FollowsItsFilter) {
  Make("a", "data");
  Make("b", "web");
  Make("c", "web");
  const auto watch = Begin("team=data");
  ASSERT_TRUE(watch->Synced());
  EXPECT_EQ(watch->Names(), "a ");
  Label("b", "data");
  ASSERT_TRUE(watch->Until([&] { return watch->Names() == "a b "; }));
  Label("a", "web");
  ASSERT_TRUE(watch->Until([&] { return watch->deleted.count("a") == 1; }));
  ASSERT_TRUE(Delete("c").ok());
  Label("b", "web");
  ASSERT_TRUE(watch->Until([&] { return watch->deleted.count("b") == 1; }));
  EXPECT_EQ(watch->Names(), "");
  EXPECT_EQ(watch->deleted.count("c"), 0u) << "it never had it";

  // Who resumes may have what we do not know that it has.
  const auto resumed = Begin("team=web", watch->revision);
  ASSERT_TRUE(resumed->Synced());
  Label("a", "data");
  ASSERT_TRUE(resumed->Until([&] { return resumed->deleted.count("a") == 1; }));
  Label("a", "web");
  ASSERT_TRUE(resumed->Until([&] { return resumed->streamers.count("a") == 1; }));
}

TEST_F(WatchTest, ALargeFleetComesInParts) {
  v1::StreamerSpec spec = Spec("");
  for (int i = 0; i < 600; ++i) spec.mutable_filter()->add_databases(std::string(1000, 'x'));
  spec.mutable_targets(0)->mutable_file()->set_format(v1::JSON);
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    spec.set_name(name);
    spec.mutable_targets(0)->mutable_file()->set_path(dir_ / name);
    ASSERT_TRUE(Create(spec, false).ok());
  }
  const auto watch = Begin();
  v1::WatchResponse response;
  ASSERT_TRUE(watch->reader->Read(&response));
  EXPECT_TRUE(response.reset());
  EXPECT_FALSE(response.synced());
  EXPECT_EQ(response.changes_size(), 2);
  // The rest follows whom is resumed in between.
  const auto resumed = Begin("", response.revision());
  ASSERT_TRUE(resumed->Synced());
  EXPECT_EQ(resumed->resets, 0);
  EXPECT_EQ(resumed->Names(), "c d e ");
  ASSERT_TRUE(watch->Synced());
  EXPECT_EQ(watch->Names(), "c d e ");
  EXPECT_EQ(watch->resets, 0);
}

TEST_F(WatchTest, WatchersAreCounted) {
  RpcServerOptions options{"127.0.0.1:0"};
  options.limits.watches = 0;
  Serve(options);
  std::vector<std::unique_ptr<Watch>> watches;
  for (size_t i = 0; i < StatusFeed::kMostWatchers; ++i) {
    watches.push_back(Begin());
    ASSERT_TRUE(watches.back()->Synced());
  }
  const auto refused = Begin();
  EXPECT_FALSE(refused->Synced());
  ExpectError(refused->Finish(), StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_WATCHERS");
  watches.pop_back();
  EXPECT_TRUE(testing::Eventually([&] { return Begin()->Synced(); })) << "one that is gone makes room";
}

TEST_F(WatchTest, BadFilters) {
  const auto watch = Begin("a=b=c");
  EXPECT_FALSE(watch->Synced());
  ExpectError(watch->Finish(), StatusCode::INVALID_ARGUMENT, "BAD_SELECTOR", "filter.selector");
}

TEST_F(WatchTest, EndsWithUnavailableAtShutdown) {
  const auto watch = Begin();
  ASSERT_TRUE(watch->Synced());
  server_->Shutdown(absl::Seconds(10));
  EXPECT_FALSE(watch->Until([] { return false; }));
  ExpectError(watch->Finish(), StatusCode::UNAVAILABLE, "SHUTTING_DOWN");
}

TEST_F(WatchTest, ThatTimePassesIsNoChangeOfOneThatDoesNotRun) {
  Make("a", "", /*start=*/true);
  ASSERT_TRUE(testing::Eventually([&] { return manager_->Get("a")->snapshot.state == StreamerState::kRetrying; }));
  ASSERT_TRUE(Stop("a").ok());
  EXPECT_GT(manager_->Get("a")->snapshot.lag_seconds, 0) << "it grows";
  StatusFeed feed(manager_.get());
  const auto watcher = *feed.Attach(StreamerFilter(), 0, [] {});
  v1::WatchResponse response;
  ASSERT_TRUE(testing::Eventually([&] { return *feed.Take(*watcher, false, &response); }));
  ASSERT_EQ(response.changes_size(), 1);
  // It is served when all streamers were looked at once more.
  const auto other = *feed.Attach(StreamerFilter(), 0, [] {});
  ASSERT_TRUE(testing::Eventually([&] { return *feed.Take(*other, false, &response); }));
  response.Clear();
  EXPECT_FALSE(*feed.Take(*watcher, false, &response)) << response.DebugString();
}

// The feed itself: a watcher that reads nothing costs nothing.
TEST_F(WatchTest, WhoReadsSlowlyGetsTheNewestStateOnly) {
  StatusFeed feed(manager_.get());
  Make("a");
  const auto watcher = *feed.Attach(StreamerFilter(), 0, [] {});
  v1::WatchResponse response;
  ASSERT_TRUE(testing::Eventually([&] {
    response.Clear();
    return *feed.Take(*watcher, false, &response);
  }));
  ASSERT_EQ(response.changes_size(), 1);
  const uint64_t revision = response.revision();
  for (int i = 0; i < 50; ++i) Label("a", absl::StrCat("team", i));
  Make("b");
  ASSERT_TRUE(Delete("b").ok());
  Make("z");
  // It is there when the last change is.
  const auto other = *feed.Attach(StreamerFilter(), 0, [] {});
  ASSERT_TRUE(testing::Eventually([&] { return *feed.Take(*other, false, &response); }));
  response.Clear();
  ASSERT_TRUE(*feed.Take(*watcher, false, &response));
  EXPECT_GT(response.revision(), revision);
  EXPECT_FALSE(response.reset());
  std::map<std::string, int> told;
  for (const auto& change : response.changes()) {
    ++told[change.has_streamer() ? change.streamer().spec().name() : change.deleted()];
    if (change.streamer().spec().name() == "a") {
      EXPECT_EQ(change.streamer().spec().labels().at("team"), "team49");
    }
  }
  EXPECT_EQ(told["a"], 1);
  EXPECT_EQ(told["z"], 1);
  EXPECT_LE(told["b"], 1);
  response.Clear();
  EXPECT_FALSE(*feed.Take(*watcher, false, &response)) << "nothing is new";
  EXPECT_TRUE(*feed.Take(*watcher, true, &response));
  EXPECT_EQ(response.changes_size(), 0);
  EXPECT_TRUE(response.synced());
  feed.Close();
  EXPECT_EQ(ErrorReason(feed.Take(*watcher, true, &response).status()), "SHUTTING_DOWN");
  EXPECT_EQ(ErrorReason(feed.Attach(StreamerFilter(), 0, [] {}).status()), "SHUTTING_DOWN");
}

}  // namespace
}  // namespace binlogd
