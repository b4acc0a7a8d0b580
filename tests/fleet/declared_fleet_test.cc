#include "fleet/declared_fleet.h"

#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "tests/fleet/fleet_testing.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

using testing::Eventually;

class DeclaredFleetTest : public ::testing::Test, protected testing::FleetFixture {
 protected:
  void Run(bool prune = false, absl::Duration settling = absl::Milliseconds(20)) {
    FleetOptions options{{folder()}, prune};
    options.settling = settling;
    fleet_.emplace(std::move(options), &manager());
    fleet_->Start();
  }
  double Metric(const std::string& outcome) const {
    for (const MetricSample& sample : fleet_->Metrics()) {
      if (sample.label_values[0] == outcome) return sample.value;
    }
    return -1;
  }
  bool Becomes(const std::string& names) {
    return Eventually([&] { return Names() == names; });
  }

  std::optional<DeclaredFleet> fleet_;
};

TEST_F(DeclaredFleetTest, FollowsTheFolder) {
  Write("a.yaml", Yaml("a"));
  Run(/*prune=*/true);
  EXPECT_TRUE(Becomes("a "));
  Write("b.yaml", Yaml("b"));
  EXPECT_TRUE(Becomes("a b "));
  std::filesystem::remove(file("a.yaml"));
  EXPECT_TRUE(Becomes("b "));
  Write("b.yaml", Yaml("b") + "---\n" + Yaml("c"));
  EXPECT_TRUE(Becomes("b c "));
}

TEST_F(DeclaredFleetTest, AHalfWrittenFilePrunesNothing) {
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("b"));
  Run(/*prune=*/true, /*settling=*/absl::Hours(1));
  EXPECT_TRUE(Becomes("a b "));
  // Its writer has not come farther yet; what is there of it is good.
  Write("a.yaml", Yaml("a", "batch: {max_events: 7}\n"));
  EXPECT_TRUE(Eventually([&] { return manager().Get("a")->spec.batch.max_events == 7; }));
  EXPECT_EQ(Names(), "a b ");
  Write("a.yaml", Yaml("a", "batch: {max_events: 8}\n"));
  EXPECT_TRUE(Eventually([&] { return manager().Get("a")->spec.batch.max_events == 8; }));
  EXPECT_EQ(Names(), "a b ") << "two readings, but not of the same";
  Write("a.yaml", Yaml("a", "batch: {max_events: 9}\n") + "---\n" + Yaml("b"));
  EXPECT_TRUE(Eventually([&] { return manager().Get("a")->spec.batch.max_events == 9; }));
  EXPECT_EQ(Names(), "a b ");
}

TEST_F(DeclaredFleetTest, AFileThatEndsInsideALinePrunesNothing) {
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("b"));
  Run(/*prune=*/true);
  EXPECT_TRUE(Becomes("a b "));
  // As a full disk leaves it; it is no other one at any later reading.
  Write("a.yaml", Yaml("a", "batch: {max_events: 7}\n") + "mode: CONTINUOUS");
  EXPECT_TRUE(Eventually([&] { return manager().Get("a")->spec.batch.max_events == 7; }));
  for (uint32_t i = 0; i < 3; ++i) {
    Write("other.yaml", Yaml("other", absl::StrCat("batch: {max_events: ", 100 + i, "}\n")));
    EXPECT_TRUE(Eventually([&] {
      const absl::StatusOr<StreamerView> other = manager().Get("other");
      return other.ok() && other->spec.batch.max_events == 100 + i;
    }));
    EXPECT_EQ(Names(), "a b other ");
  }
  Write("a.yaml", Yaml("a") + "mode: CONTINUOUS\n");
  EXPECT_TRUE(Becomes("a other "));
}

TEST_F(DeclaredFleetTest, ARenamedStreamerFindsItsTargetsFree) {
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("old"));
  Run(/*prune=*/true);
  EXPECT_TRUE(Becomes("a old "));
  Write("a.yaml", Yaml("a") + "---\n" + absl::StrReplaceAll(Yaml("new"), {{"/new}", "/old}"}}));
  EXPECT_TRUE(Becomes("a new "));
}

TEST_F(DeclaredFleetTest, AFolderThatVanishesAndComesBackLosesNothing) {
  Write("a.yaml", Yaml("a"));
  Run(/*prune=*/true);
  EXPECT_TRUE(Becomes("a "));
  std::filesystem::rename(folder(), dir_ / "away");
  EXPECT_TRUE(Eventually([&] { return Metric("refused") == 1; }));
  EXPECT_EQ(Names(), "a ");
  testing::WriteText(dir_ / "away/b.yaml", Yaml("b"));
  std::filesystem::rename(dir_ / "away", folder());
  EXPECT_TRUE(Becomes("a b "));
  EXPECT_TRUE(Eventually([&] { return Metric("refused") == 0 && Metric("applied") == 2; }));
}

TEST_F(DeclaredFleetTest, CountsWhatIsRefused) {
  Write("a.yaml", Yaml("a") + "---\nname: b\nnonsense: 1\n");
  Run();
  EXPECT_TRUE(Eventually([&] { return Metric("applied") == 1 && Metric("refused") == 1; }));
}

TEST_F(DeclaredFleetTest, AReloadAppliesAgainWhatARequestChanged) {
  Write("a.yaml", Yaml("a"));
  Run();
  EXPECT_TRUE(Becomes("a "));
  ASSERT_TRUE(manager().Delete("a", "").ok());
  fleet_->Reload();
  EXPECT_TRUE(Becomes("a "));
}

TEST_F(DeclaredFleetTest, WithoutPathsItDoesNothing) {
  fleet_.emplace(FleetOptions(), &manager());
  fleet_->Start();
  fleet_->Reload();
  EXPECT_TRUE(fleet_->Metrics().empty());
}

TEST_F(DeclaredFleetTest, AStopDoesNotWaitForASlowStreamer) {
  testing::SlowSecret secret(dir_ / "secret");
  Write("a.yaml", Yaml("a"));
  StreamerSpec spec = testing::MakeSpec("a", dir_ / "targets");
  spec.source.password = secret.secret();
  ASSERT_TRUE(manager().Create(spec, true).ok());
  secret.AwaitReader();
  Run();
  // The change waits for the streamer, which waits for its secret.
  EXPECT_TRUE(Eventually([&] { return manager().Get("a")->snapshot.state == StreamerState::kStopping; }));
  fleet_->Stop();
  EXPECT_EQ(manager().Get("a")->etag, "2");
  secret.Release();
}

}  // namespace
}  // namespace binlogd
