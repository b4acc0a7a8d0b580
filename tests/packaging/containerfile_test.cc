// The Containerfile says again what the package, packages.txt, binlogd and its chart say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/packaging/packages.h"

namespace binlogd::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ContainerfileTest : public ::testing::Test {
 protected:
  static std::string Source(const std::string& path) { return Contents(absl::StrCat(SOURCE_FOLDER "/", path)); }

  // What stands after each "install", up to the command's end.
  static std::vector<std::string> PackagesInstalledBy(const std::string& stage) {
    constexpr absl::string_view kInstall = " install -y --no-install-recommends ";
    std::vector<std::string> packages;
    for (size_t at = stage.find(" install "); at != std::string::npos; at = stage.find(" install ", at + 1)) {
      EXPECT_EQ(stage.substr(at, kInstall.size()), kInstall);
      const size_t begin = at + kInstall.size();
      packages.push_back(stage.substr(begin, std::min(stage.find(" &&", begin), stage.find('\n', begin)) - begin));
    }
    return packages;
  }

  const std::string file_ = Source("Containerfile");
  const std::string build_ = file_.substr(0, file_.rfind("\nFROM ") + 1);
  // What becomes the image.
  const std::string runtime_ = file_.substr(file_.rfind("\nFROM ") + 1);
};

TEST_F(ContainerfileTest, BuildsWithThePackagesOfTheList) {
  const absl::StatusOr<std::string> packages =
      OutputOf({"bash", "-c", "source \"$0\" && package_list package", SOURCE_FOLDER "/scripts/lib/common.sh"});
  ASSERT_TRUE(packages.ok()) << packages.status();
  EXPECT_THAT(*packages, HasSubstr("libgrpc++-dev\n"));
  EXPECT_THAT(*packages, HasSubstr("dpkg-dev\n"));
  // These and no others.
  EXPECT_THAT(PackagesInstalledBy(build_), ElementsAre("$(package_list package)'"));
  EXPECT_THAT(build_, HasSubstr("\nRUN bash -c 'source scripts/lib/common.sh && "));
}

TEST_F(ContainerfileTest, TheImageHoldsThePackageAndWhatItDependsOn) {
  EXPECT_THAT(PackagesInstalledBy(runtime_), ElementsAre("/dist/*.deb"));
  EXPECT_THAT(runtime_, HasSubstr("from=build,source=/src/build/dist,"));
  EXPECT_THAT(runtime_, Not(HasSubstr("COPY")));
}

TEST_F(ContainerfileTest, TheVersionIsAnOptionOfTheBuild) {
  EXPECT_THAT(file_, ContainsRegex("\nARG VERSION=\n"));
  EXPECT_THAT(file_, HasSubstr("-D BINLOGD_BUILD_VERSION=\"$VERSION\""));
  const std::string lists = Source("CMakeLists.txt");
  EXPECT_THAT(lists, HasSubstr("set(BINLOGD_BUILD_VERSION \"\" CACHE STRING"));
  EXPECT_THAT(lists, HasSubstr("option(BINLOGD_TESTS "));
}

TEST_F(ContainerfileTest, PortsAreBinlogdsOwn) {
  EXPECT_THAT(runtime_, HasSubstr("\nEXPOSE 7070 9107\n"));
  const std::string main = Source("server/main.cc");
  EXPECT_THAT(main, HasSubstr("\"127.0.0.1:7070\""));
  EXPECT_THAT(main, HasSubstr("\"127.0.0.1:9107\""));
}

TEST_F(ContainerfileTest, TheAccountIsNotRootAndTheOneOfTheChart) {
  EXPECT_THAT(runtime_, HasSubstr("\nUSER 7070:7070\n"));
  EXPECT_THAT(runtime_, HasSubstr("--uid 7070 --gid binlogd"));
  const std::string values = Source("helm/binlogd/values.yaml");
  EXPECT_THAT(values, HasSubstr("runAsUser: 7070\n"));
  EXPECT_THAT(values, HasSubstr("runAsGroup: 7070\n"));
  EXPECT_THAT(values, HasSubstr("fsGroup: 7070\n"));
}

}  // namespace
}  // namespace binlogd::testing
