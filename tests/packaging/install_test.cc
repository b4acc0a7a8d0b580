// cmake --install: what lands where, and that it works there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/build_version.h"
#include "tests/harness/temp_dir.h"
#include "tests/packaging/packages.h"

namespace binlogd::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;
using ::testing::Not;
namespace fs = std::filesystem;

// Paths below `root` of all that is no folder.
std::set<std::string> Files(const std::string& root) {
  std::set<std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_directory()) files.insert("/" + fs::relative(entry.path(), root).string());
  }
  return files;
}

class InstallTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const absl::Status installed = InstallInto(root_.path(), "/usr");
    ASSERT_TRUE(installed.ok()) << installed;
  }
  std::string unit_path() const { return root_ / "usr/lib/systemd/system/binlogd.service"; }

  TempDir root_;
};

TEST_F(InstallTest, EachFileHasItsPlace) {
  EXPECT_THAT((std::vector<std::string>{
                  "/etc/binlogd/binlogd.env", "/etc/binlogd/streamers/orders.yaml.example", "/usr/bin/binlogctl",
                  "/usr/bin/binlogd", "/usr/lib/systemd/system/binlogd.service",
                  "/usr/share/bash-completion/completions/binlogctl", "/usr/share/binlogd/monitoring/alerts.yaml",
                  "/usr/share/binlogd/monitoring/dashboards/binlogd-fleet.json",
                  "/usr/share/binlogd/proto/binlogd/v1/service.proto", "/usr/share/doc/binlogd/README.md",
                  "/usr/share/doc/binlogd/copyright", "/usr/share/doc/binlogd/docs/operations.md",
                  "/usr/share/fish/vendor_completions.d/binlogctl.fish", "/usr/share/man/man1/binlogctl-tap.1",
                  "/usr/share/man/man1/binlogctl.1", "/usr/share/man/man1/binlogd.1",
                  "/usr/share/zsh/vendor-completions/_binlogctl"}),
              IsSubsetOf(Files(root_.path())));
  for (const std::string& file : Files(root_.path())) {
    const bool known = absl::StartsWith(file, "/usr/share/") || absl::StartsWith(file, "/usr/bin/binlog") ||
                       absl::StartsWith(file, "/etc/binlogd/") || absl::EndsWith(file, "/binlogd.service");
    EXPECT_TRUE(known) << file << " is in nobody's place";
    EXPECT_EQ(fs::status(root_.path() + file).permissions() & fs::perms::others_write, fs::perms::none) << file;
  }
}

// Up to what would be built: the build itself is the one that is looked at here.
TEST(BuildWithoutTestsTest, NeedsNothingOfTheTestsAndMakesThePackage) {
  TempDir build;
  const absl::StatusOr<std::string> configured =
      OutputOf({CMAKE_PROGRAM, "-G", "Ninja", "-S", SOURCE_FOLDER, "-B", build.path(), "-D", "BINLOGD_TESTS=OFF", "-D",
                "CMAKE_BUILD_TYPE=Release", "-D", "CMAKE_DISABLE_FIND_PACKAGE_GTest=ON"});
  ASSERT_TRUE(configured.ok()) << configured.status();
  const absl::StatusOr<std::string> planned = OutputOf({"ninja", "-C", build.path(), "-n", "package"});
  ASSERT_TRUE(planned.ok()) << planned.status();
  for (const char* made :
       {"Linking CXX executable server/binlogd", "Linking CXX executable client/binlogctl", "binlogd.1"})
    EXPECT_THAT(*planned, HasSubstr(made));
  EXPECT_THAT(*planned, Not(HasSubstr("tests/")));
}

TEST_F(InstallTest, AnotherPrefixKeepsToItself) {
  TempDir local;
  ASSERT_TRUE(InstallInto(local.path(), "/usr/local").ok());
  for (const std::string& file : Files(local.path())) EXPECT_TRUE(absl::StartsWith(file, "/usr/local/")) << file;
  const std::string unit = Contents(local / "usr/local/lib/systemd/system/binlogd.service");
  EXPECT_THAT(UnitSetting(unit, "ExecStart"), HasSubstr("/usr/local/bin/binlogd "));
  EXPECT_THAT(UnitSetting(unit, "EnvironmentFile"), HasSubstr("/usr/local/etc/binlogd/binlogd.env"));
  EXPECT_TRUE(fs::exists(local / "usr/local/share/zsh/site-functions/_binlogctl"));
}

TEST_F(InstallTest, TheProgramsRunAndTellTheirVersion) {
  EXPECT_EQ(OutputOf({root_ / "usr/bin/binlogd", "--version"}).value_or(""),
            absl::StrCat("binlogd ", kBuildVersion, "\n"));
  EXPECT_EQ(OutputOf({root_ / "usr/bin/binlogctl", "version"}).value_or(""),
            absl::StrCat("binlogctl ", kBuildVersion, "\n"));
}

TEST_F(InstallTest, ManualPagesSayWhatHelpSays) {
  const absl::StatusOr<std::string> page =
      OutputOf({"man", "--warnings", "-l", root_ / "usr/share/man/man1/binlogd.1"}, {"MANWIDTH=100"});
  if (absl::IsUnavailable(page.status())) GTEST_SKIP() << page.status();
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(*page, HasSubstr("binlogd - runs streamers"));
  const absl::StatusOr<std::string> help = OutputOf({root_ / "usr/bin/binlogd", "--help"});
  ASSERT_TRUE(help.ok()) << help.status();
  size_t options = 0;
  for (absl::string_view line : absl::StrSplit(*help, '\n')) {
    if (!absl::ConsumePrefix(&line, "  --")) continue;
    ++options;
    EXPECT_THAT(*page, HasSubstr(absl::StrCat("--", line.substr(0, line.find(' ')))));
  }
  EXPECT_GT(options, 10u);
  for (const fs::directory_entry& entry : fs::directory_iterator(root_ / "usr/share/man/man1")) {
    const absl::StatusOr<std::string> shown = OutputOf({"man", "-l", entry.path()});
    EXPECT_TRUE(shown.ok() && absl::StrContains(*shown, "NAME")) << shown.status();
  }
}

TEST_F(InstallTest, BashLoadsTheCompletion) {
  const absl::StatusOr<std::string> loaded = OutputOf({"bash", "-c", "source \"$0\" && complete -p binlogctl",
                                                       root_ / "usr/share/bash-completion/completions/binlogctl"});
  EXPECT_THAT(loaded.value_or(loaded.status().ToString()), HasSubstr("_binlogctl"));
}

TEST_F(InstallTest, TheUnitLetsTheServiceDoLittle) {
  const absl::StatusOr<std::string> table =
      OutputOf({"systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=29", unit_path()});
  if (absl::IsUnavailable(table.status())) GTEST_SKIP() << table.status();
  // Its exit code says whether the exposure is below the threshold, in tenths.
  EXPECT_TRUE(table.ok()) << table.status();
}

TEST_F(InstallTest, SystemdTakesTheUnit) {
  // With a root of its own, so that the unit's programs are those that were installed.
  fs::create_directories(root_ / "bin");
  fs::copy_file(root_ / "usr/bin/binlogctl", root_ / "bin/kill");
  for (const char* target : {"sysinit", "basic", "multi-user", "network-online", "shutdown"}) {
    std::ofstream(root_ / absl::StrCat("usr/lib/systemd/system/", target, ".target"))
        << "[Unit]\nDefaultDependencies=no\n";
  }
  const absl::StatusOr<std::string> verified =
      OutputOf({"systemd-analyze", "verify", "--man=no", "--root", root_.path(), "binlogd.service"});
  if (absl::IsUnavailable(verified.status())) GTEST_SKIP() << verified.status();
  EXPECT_TRUE(verified.ok()) << verified.status();
}

TEST_F(InstallTest, TheUnitPassesOnlyOptionsThatThereAre) {
  const absl::StatusOr<std::string> help = OutputOf({root_ / "usr/bin/binlogd", "--help"});
  ASSERT_TRUE(help.ok());
  const std::string unit = Contents(unit_path());
  for (absl::string_view word : absl::StrSplit(UnitSetting(unit, "ExecStart"), ' ')) {
    if (!absl::StartsWith(word, "--")) continue;
    EXPECT_THAT(*help, HasSubstr(absl::StrCat("  ", word, " ")));
  }
  EXPECT_EQ(UnitSetting(unit, "Type"), "notify");
  EXPECT_EQ(UnitSetting(unit, "Restart"), "on-failure");
  EXPECT_THAT(UnitSetting(unit, "ExecReload"), HasSubstr("-HUP"));
  EXPECT_EQ(UnitSetting(unit, "CapabilityBoundingSet"), "");
  EXPECT_THAT(unit, Not(ContainsRegex("@[A-Z_]+@")));
}

}  // namespace
}  // namespace binlogd::testing
