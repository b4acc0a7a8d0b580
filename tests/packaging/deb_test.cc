// The Debian package, looked at from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/build_version.h"
#include "tests/harness/temp_dir.h"
#include "tests/packaging/packages.h"

namespace binlogd::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class DebTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempDir;
    deb_ = new absl::StatusOr<std::string>(MakeDeb(folder_->path()));
  }
  static void TearDownTestSuite() {
    delete deb_;
    delete folder_;
  }
  void SetUp() override { ASSERT_TRUE(deb_->ok()) << deb_->status(); }
  static const std::string& deb() { return **deb_; }

  static inline TempDir* folder_ = nullptr;
  static inline absl::StatusOr<std::string>* deb_ = nullptr;
};

TEST_F(DebTest, HasTheVersionOfTheBuild) {
  EXPECT_EQ(DebField(deb(), "Version"), kBuildVersion);
  EXPECT_THAT(deb(), HasSubstr(absl::StrCat("/binlogd_", kBuildVersion, "_")));
  EXPECT_TRUE(OutputOf({"dpkg", "--validate-version", kBuildVersion}).ok());
}

TEST_F(DebTest, DependsOnWhatTheProgramsLoad) {
  const std::string depends = DebField(deb(), "Depends");
  EXPECT_THAT(depends, AllOf(HasSubstr("libgrpc++1.51 (>="), HasSubstr("libmariadb3 (>="), HasSubstr("libssl3 (>="),
                             HasSubstr("libc6 (>="), HasSubstr("adduser"), HasSubstr("ca-certificates")));
  EXPECT_THAT(depends, Not(HasSubstr("-dev")));
}

TEST_F(DebTest, TheSameBuildGivesTheSameBytes) {
  TempDir again;
  const absl::StatusOr<std::string> second = MakeDeb(again.path());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_TRUE(Contents(deb()) == Contents(*second)) << "the packages differ";
}

TEST_F(DebTest, TheTimeOfItsFilesIsTheOneThatIsAskedFor) {
  TempDir folder;
  const absl::StatusOr<std::string> old = MakeDeb(folder.path(), {"SOURCE_DATE_EPOCH=1000000000", "TZ=UTC"});
  ASSERT_TRUE(old.ok()) << old.status();
  const absl::StatusOr<std::string> listed = OutputOf({"dpkg-deb", "--contents", *old}, {"TZ=UTC"});
  ASSERT_TRUE(listed.ok()) << listed.status();
  for (const absl::string_view line : absl::StrSplit(*listed, '\n', absl::SkipEmpty())) {
    EXPECT_THAT(std::string(line), HasSubstr(" 2001-09-09 01:46 ")) << line;
  }
}

TEST_F(DebTest, ItsFilesBelongToRoot) {
  const absl::StatusOr<std::string> listed = OutputOf({"dpkg-deb", "--contents", deb()});
  ASSERT_TRUE(listed.ok()) << listed.status();
  for (const absl::string_view line : absl::StrSplit(*listed, '\n', absl::SkipEmpty())) {
    EXPECT_THAT(std::string(line), MatchesRegex("(-rw-r--r--|[-d]rwxr-xr-x) root/root .*"));
  }
}

TEST_F(DebTest, ItsConfigurationAndScriptsAreWhole) {
  TempDir control;
  ASSERT_TRUE(OutputOf({"dpkg-deb", "--control", deb(), control.path()}).ok());
  const absl::StatusOr<std::string> found = OutputOf(
      {"sh", "-c",
       "cd \"$0\" && dpkg-deb --fsys-tarfile \"$1\" | tar -t | sed -n 's|^\\./etc/.*[^/]$|&|p' | cut -c 2- | sort",
       control.path(), deb()});
  EXPECT_EQ(found.value_or(""), Contents(control / "conffiles"));
  for (const char* script : {"postinst", "prerm", "postrm"}) {
    const absl::StatusOr<std::string> parsed = OutputOf({"sh", "-n", control / script});
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_THAT(Contents(control / script), HasSubstr("\nset -e\n"));
  }
}

}  // namespace
}  // namespace binlogd::testing
