#include "fleet/apply_declaration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "tests/fleet/fleet_testing.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ApplyDeclarationTest : public ::testing::Test, protected testing::FleetFixture {
 protected:
  void Apply(bool prune = false) {
    report_ = ApplyDeclaration(ReadDeclaration({folder()}), prune, Cancellation::Never(), &manager());
  }
  std::vector<std::string> Refused() const {
    std::vector<std::string> messages;
    for (const absl::Status& status : report_.refused) messages.push_back(std::string(status.message()));
    return messages;
  }
  // Made by a request.
  void Create(const std::string& name) {
    Write("request.conf", Yaml(name));
    const Declaration declaration = ReadDeclaration({file("request.conf")});
    ASSERT_TRUE(manager().Create(declaration.specs.at(0).spec, true).ok());
  }

  FleetReport report_;
};

TEST_F(ApplyDeclarationTest, MakesAndStartsThem) {
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("b"));
  Apply();
  EXPECT_EQ(report_.applied, 2u);
  EXPECT_THAT(Refused(), IsEmpty());
  EXPECT_TRUE(manager().Get("a")->snapshot.desired_running);
  EXPECT_NE(manager().Get("a")->snapshot.state, StreamerState::kStopped);
  EXPECT_EQ(manager().Get("b")->declared_in, file("a.yaml"));
}

TEST_F(ApplyDeclarationTest, TheSameAgainTouchesNothingAndAStopHolds) {
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("b"));
  Apply();
  const std::shared_ptr<Streamer> before = *manager().Find("a");
  ASSERT_TRUE(manager().Stop("b").ok());
  Apply();
  EXPECT_EQ(report_.applied, 2u);
  EXPECT_EQ(*manager().Find("a"), before);
  EXPECT_EQ(manager().Get("a")->etag, "1");
  EXPECT_FALSE(manager().Get("b")->snapshot.desired_running);
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("b", "batch: {max_wait: 1s}\n"));
  Apply();
  EXPECT_EQ(*manager().Find("a"), before);
  EXPECT_EQ(manager().Get("b")->etag, "2");
  EXPECT_EQ(manager().Get("b")->snapshot.state, StreamerState::kStopped);
}

TEST_F(ApplyDeclarationTest, TheDeclarationWinsOverWhatARequestChanged) {
  Write("a.yaml", Yaml("a"));
  Apply();
  StreamerSpec spec = manager().Get("a")->spec;
  spec.batch.max_events = 7;
  ASSERT_TRUE(manager().Update(spec, "").ok());
  Apply();
  EXPECT_EQ(manager().Get("a")->spec.batch.max_events, 1000u);
  ASSERT_TRUE(manager().Delete("a", "").ok());
  Apply();
  EXPECT_EQ(Names(), "a ");
}

TEST_F(ApplyDeclarationTest, BadOnesAreNamedAndTheOthersApplied) {
  Write("a.yaml", Yaml("../x") + "---\n" + Yaml("good"));
  Write("b.yaml", Yaml("clash1") + "---\n" + absl::StrReplaceAll(Yaml("clash2"), {{"/clash2", "/clash1"}}));
  Write("c.yaml", "name: bare\n");
  Write("d.yaml", "source: {endpoints: [h]}\n");
  Apply();
  EXPECT_EQ(report_.applied, 2u);
  EXPECT_EQ(report_.refused.size(), 4u);
  EXPECT_THAT(Refused(), ::testing::Contains(HasSubstr("a.yaml: streamer \"../x\": name: ")));
  EXPECT_THAT(Refused(), ::testing::Contains(HasSubstr("targets[0].file.path: ")));
  EXPECT_THAT(Refused(), ::testing::Contains(HasSubstr("c.yaml: streamer \"bare\": source")));
  EXPECT_THAT(Refused(), ::testing::Contains(HasSubstr("d.yaml: streamer \"\": name: ")));
  EXPECT_TRUE(manager().Get("good").ok());
  EXPECT_FALSE(std::filesystem::exists(dir_ / "state/x"));
}

TEST_F(ApplyDeclarationTest, WhatIsDeclaredTwiceIsNotLeftBehind) {
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("b"));
  Apply();
  Write("b.yaml", Yaml("b"));
  Apply();
  EXPECT_EQ(Refused().size(), 1u);
  EXPECT_THAT(report_.left, IsEmpty()) << "it is declared";
  std::filesystem::remove(file("b.yaml"));
  Write("a.yaml", Yaml("a"));
  Apply();
  EXPECT_THAT(report_.left, ElementsAre("b"));
}

TEST_F(ApplyDeclarationTest, ARefusalIsToldAsWhatWasTried) {
  std::vector<std::string> told;
  absl::Mutex mutex;
  const auto listen = [&](const std::string& method, const std::string& name, const absl::Status& result) {
    absl::MutexLock lock(&mutex);
    told.push_back(absl::StrCat(method, " ", name, " ", result.ok() ? "went well" : "was refused"));
  };
  const auto apply = [&] {
    told.clear();
    ApplyDeclaration(ReadDeclaration({folder()}), false, Cancellation::Never(), &manager(), listen);
  };
  Write("a.yaml", Yaml("a", "filter: {databases: [x]}\n"));
  apply();
  EXPECT_THAT(told, ElementsAre("Create a was refused"));
  Write("a.yaml", Yaml("a"));
  apply();
  EXPECT_THAT(told, ElementsAre("Create a went well"));
  Write("a.yaml", Yaml("a", "filter: {databases: [x]}\n"));
  apply();
  EXPECT_THAT(told, ElementsAre("Update a was refused"));
}

TEST_F(ApplyDeclarationTest, ASpecThatIsRefusedLeavesItsStreamerAsItIs) {
  Write("a.yaml", Yaml("a"));
  Apply();
  const std::shared_ptr<Streamer> before = *manager().Find("a");
  Write("a.yaml", Yaml("a", "batch: {max_wait: 99h}\nfilter: {databases: [x]}\n"));
  Apply();
  EXPECT_EQ(report_.refused.size(), 1u);
  EXPECT_EQ(*manager().Find("a"), before);
}

TEST_F(ApplyDeclarationTest, APathMayPassFromOneToAnother) {
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("b"));
  Apply();
  // "a" wants what "b" has, and is asked first.
  Write("a.yaml",
        absl::StrReplaceAll(Yaml("a"), {{"/a}", "/b}"}}) + "---\n" + absl::StrReplaceAll(Yaml("b"), {{"/b}", "/c}"}}));
  Apply();
  EXPECT_EQ(report_.applied, 2u);
  EXPECT_THAT(Refused(), IsEmpty());
}

TEST_F(ApplyDeclarationTest, PrunesWhatAFileMadeAndOnlyWhenTold) {
  Create("by-request");
  Create("adopted");
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("adopted"));
  Write("b.yaml", Yaml("b"));
  Apply();
  std::filesystem::remove(file("b.yaml"));
  Apply();
  EXPECT_THAT(report_.left, ElementsAre("b"));
  EXPECT_EQ(Names(), "a adopted b by-request ");
  Restart();  // Who made it is remembered.
  Write("a.yaml", Yaml("a"));
  Apply(/*prune=*/true);
  EXPECT_THAT(report_.pruned, ElementsAre("b"));
  EXPECT_EQ(Names(), "a adopted by-request ");
}

TEST_F(ApplyDeclarationTest, ARenamedStreamerFindsItsTargetsFree) {
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("old"));
  Apply(true);
  Write("a.yaml", Yaml("a") + "---\n" + absl::StrReplaceAll(Yaml("new"), {{"/new}", "/old}"}}));
  Apply(true);
  EXPECT_THAT(Refused(), IsEmpty());
  EXPECT_EQ(Names(), "a new ");
}

TEST_F(ApplyDeclarationTest, WhatMayBeCutPrunesNothing) {
  Write("a.yaml", Yaml("a") + "---\n" + Yaml("b"));
  Apply();
  Write("a.yaml", Yaml("a") + "mode: CONTINUOUS");
  Apply(true);
  EXPECT_THAT(report_.left, ElementsAre("b"));
  EXPECT_THAT(Refused(), IsEmpty());
  // An object of JSON is whole without the end of a line.
  Write("a.yaml", absl::StrReplaceAll(Yaml("a"), {{"]\n", "]"}}));
  Apply(true);
  EXPECT_THAT(report_.pruned, ElementsAre("b"));
}

TEST_F(ApplyDeclarationTest, WhatWasNotReadIsNotPruned) {
  Write("a.yaml", Yaml("a"));
  Write("b.yaml", Yaml("b"));
  Apply(true);
  for (const std::string half : {"name: b\nsource: {endpo", "", "name: b\nsauce: {}\n"}) {
    Write("b.yaml", half);
    Apply(true);
    EXPECT_EQ(Names(), "a b ") << half;
    EXPECT_THAT(report_.left, ElementsAre("b"));
  }
  Write("b.yaml", Yaml("a"));  // Declared twice.
  Apply(true);
  EXPECT_EQ(Names(), "a b ");
  // An empty folder is more likely one that is not mounted than the wish to delete everything.
  std::filesystem::remove(file("a.yaml"));
  std::filesystem::remove(file("b.yaml"));
  Apply(true);
  EXPECT_EQ(Names(), "a b ");
  std::filesystem::remove_all(folder());
  Apply(true);
  EXPECT_EQ(Names(), "a b ");
}

}  // namespace
}  // namespace binlogd
