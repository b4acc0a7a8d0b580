#include "fleet/declaration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "tests/fleet/fleet_testing.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
namespace fs = std::filesystem;

class DeclarationTest : public ::testing::Test, protected testing::FleetFixture {
 protected:
  void Read(const std::vector<std::string>& paths) {
    names_.clear();
    refused_.clear();
    refused_names_.clear();
    const Declaration declaration = ReadDeclaration(paths);
    for (const DeclaredSpec& declared : declaration.specs) names_.push_back(declared.spec.name);
    for (const absl::Status& status : declaration.refused) refused_.push_back(std::string(status.message()));
    refused_names_.assign(declaration.refused_names.begin(), declaration.refused_names.end());
  }

  std::vector<std::string> names_;
  std::vector<std::string> refused_;
  std::vector<std::string> refused_names_;
};

TEST_F(DeclarationTest, OfAFolderEverySpecFileIsRead) {
  Write("b.yml", Yaml("b1") + "---\n" + Yaml("b2"));
  Write("a.yaml", Yaml("a"));
  Write("c.json", R"({"name": "c", "source": {"endpoints": ["h:1"], "user": "u"}})");
  Write(".hidden.yaml", Yaml("hidden"));
  Write("a.yaml~", Yaml("backup"));
  Write("README", "no spec");
  fs::create_directories(file("deeper.yaml"));
  testing::WriteText(file("deeper.yaml/d.yaml"), Yaml("d"));
  Read({folder()});
  EXPECT_THAT(names_, ElementsAre("a", "b1", "b2", "c"));
  EXPECT_THAT(refused_, IsEmpty());
  Read({folder() + "/"});
  EXPECT_THAT(names_, ElementsAre("a", "b1", "b2", "c"));
}

TEST_F(DeclarationTest, AConfigMapIsAFolderOfLinks) {
  fs::create_directories(file("..2026_1"));
  testing::WriteText(file("..2026_1/a.yaml"), Yaml("a"));
  fs::create_symlink("..2026_1", file("..data"));
  fs::create_symlink("..data/a.yaml", file("a.yaml"));
  Read({folder()});
  EXPECT_THAT(names_, ElementsAre("a"));
  EXPECT_THAT(refused_, IsEmpty());
}

TEST_F(DeclarationTest, AFileMayHaveAnyNameAndCountsOnce) {
  Write("streamers.conf", Yaml("a"));
  Write("b.yaml", Yaml("b"));
  fs::create_symlink("b.yaml", file("z.yaml"));
  Read({file("streamers.conf"), file("b.yaml"), folder(), file("streamers.conf")});
  EXPECT_THAT(names_, ElementsAre("a", "b"));
  EXPECT_THAT(refused_, IsEmpty());
}

TEST_F(DeclarationTest, WhatIsWrongWithOneDoesNotTouchTheOthers) {
  Write("a.yaml", Yaml("a") + "---\nname: broken\nbatch: {max_weight: 1}\n---\n" + Yaml("a2"));
  Write("b.yaml", "name: [\n");
  Write("c.yaml", Yaml("c"));
  Write("d.yaml", Yaml("d", "mode: 77\n"));
  Write("empty.yaml", "");
  Write("latin.yaml", "name: \xe9\n");
  Read({folder(), dir_ / "nowhere"});
  EXPECT_THAT(names_, ElementsAre("a", "a2", "c"));
  EXPECT_THAT(refused_, ElementsAre(HasSubstr("a.yaml:6: batch.max_weight: "), HasSubstr("b.yaml:"),
                                    HasSubstr("d.yaml:3: mode: "), HasSubstr("empty.yaml:1: holds no streamer spec"),
                                    HasSubstr("latin.yaml:1: not UTF-8"), HasSubstr("nowhere: No such file")));
}

TEST_F(DeclarationTest, OfANameThatIsDeclaredTwiceNeitherIsTaken) {
  Write("a.yaml", Yaml("same") + "---\n" + Yaml("other"));
  Write("b.yaml", Yaml("same"));
  Read({folder()});
  EXPECT_THAT(names_, ElementsAre("other"));
  ASSERT_EQ(refused_.size(), 1u);
  EXPECT_THAT(refused_[0],
              HasSubstr("\"same\" is declared more than once, in " + file("a.yaml") + " and " + file("b.yaml")));
  EXPECT_THAT(refused_names_, ElementsAre("same"));
}

TEST_F(DeclarationTest, UnreadableThingsAreNamed) {
  fs::create_symlink("gone", file("dangling.yaml"));
  mkfifo(file("pipe.yaml").c_str(), 0600);
  Write("large.yaml", Yaml("large") + "#" + std::string(5 << 20, 'x'));
  Write("secret.yaml", Yaml("s"));
  chmod(file("secret.yaml").c_str(), 0);
  Write("t.yaml", Yaml("t"));
  Read({folder(), file("pipe.yaml")});
  // Root reads everything.
  if (geteuid() == 0) {
    EXPECT_THAT(names_, ElementsAre("s", "t"));
  } else {
    EXPECT_THAT(names_, ElementsAre("t"));
    EXPECT_THAT(refused_, ::testing::Contains(HasSubstr("secret.yaml")));
    refused_.erase(refused_.begin() + 3);
  }
  EXPECT_THAT(refused_, ElementsAre(HasSubstr("dangling.yaml"), HasSubstr("large.yaml is larger than"),
                                    HasSubstr("pipe.yaml is not a file"), HasSubstr("neither a file nor a folder")));
}

TEST_F(DeclarationTest, SecretsAreNotRepeated) {
  Write("a.yaml", absl::StrReplaceAll(Yaml("a"), {{"user: repl", "user: repl, password: {value: [s3cret]}"}}));
  Write("b.yaml", absl::StrReplaceAll(Yaml("b"), {{"user: repl", "user: repl, password: {s3cret: s3cret: x}"}}));
  Read({folder()});
  EXPECT_EQ(refused_.size(), 2u);
  EXPECT_THAT(refused_[0], Not(HasSubstr("s3cret")));
}

}  // namespace
}  // namespace binlogd
