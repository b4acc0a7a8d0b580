#include "fleet/path_watch.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "absl/time/clock.h"
#include "tests/fleet/fleet_testing.h"

namespace binlogd {
namespace {

namespace fs = std::filesystem;
using testing::WriteText;

class PathWatchTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  // Ends the test's process, by ctest's time limit, when the change is not noticed.
  static void ExpectNoticed(PathWatch& watch) { watch.Wait(absl::InfiniteFuture()); }

  testing::TempDir dir_;
  const std::string folder_ = dir_ / "etc/specs";
};

TEST_F(PathWatchTest, NoticesFilesThatComeChangeAndGo) {
  PathWatch watch({folder_});
  WriteText(folder_ + "/a.yaml", "1");
  ExpectNoticed(watch);
  WriteText(folder_ + "/a.yaml", "2");
  ExpectNoticed(watch);
  WriteText(folder_ + "/.a.yaml.new", "3");
  fs::rename(folder_ + "/.a.yaml.new", folder_ + "/a.yaml");
  ExpectNoticed(watch);
  chmod((folder_ + "/a.yaml").c_str(), 0600);
  ExpectNoticed(watch);
  fs::remove(folder_ + "/a.yaml");
  ExpectNoticed(watch);
}

TEST_F(PathWatchTest, NoticesTheExchangeOfAConfigMap) {
  fs::create_directories(folder_ + "/..1");
  fs::create_symlink("..1", folder_ + "/..data");
  WriteText(folder_ + "/..1/a.yaml", "1");
  fs::create_symlink("..data/a.yaml", folder_ + "/a.yaml");
  PathWatch of_folder({folder_}), of_file({folder_ + "/a.yaml"});
  fs::create_directories(folder_ + "/..2");
  WriteText(folder_ + "/..2/a.yaml", "2");
  fs::create_symlink("..2", folder_ + "/..data_tmp");
  fs::rename(folder_ + "/..data_tmp", folder_ + "/..data");
  ExpectNoticed(of_folder);
  ExpectNoticed(of_file);
}

TEST_F(PathWatchTest, NoticesWhatLinksPointTo) {
  fs::create_directories(dir_ / "hop");
  fs::create_directories(dir_ / "far/deep");
  WriteText(dir_ / "far/deep/a.txt", "1");
  fs::create_symlink("../hop/one", dir_ / "etc/link");
  fs::create_symlink(dir_ / "far/deep/a.txt", dir_ / "hop/one");
  fs::create_symlink("../link", folder_ + "/a.yaml");
  PathWatch of_folder({folder_}), of_file({dir_ / "etc/link"});
  const auto expect_noticed = [&] {
    ExpectNoticed(of_folder);
    ExpectNoticed(of_file);
  };
  // In place.
  WriteText(dir_ / "far/deep/a.txt", "2");
  expect_noticed();
  WriteText(dir_ / "far/deep/new", "3");
  fs::rename(dir_ / "far/deep/new", dir_ / "far/deep/a.txt");
  expect_noticed();
  // A link on the way.
  WriteText(dir_ / "far/b.txt", "4");
  fs::create_symlink("../far/b.txt", dir_ / "hop/new");
  fs::rename(dir_ / "hop/new", dir_ / "hop/one");
  expect_noticed();
  WriteText(dir_ / "far/b.txt", "5");
  expect_noticed();
  fs::rename(dir_ / "far", dir_ / "away");
  expect_noticed();
  fs::rename(dir_ / "away", dir_ / "far");
  expect_noticed();
}

TEST_F(PathWatchTest, NoticesWhatAFolderBehindALinkHolds) {
  fs::create_directories(dir_ / "real");
  fs::create_symlink("../real/", dir_ / "etc/link");
  PathWatch watch({dir_ / "etc/link"});
  WriteText(dir_ / "real/a.yaml", "1");
  ExpectNoticed(watch);
  fs::rename(dir_ / "real", dir_ / "away");
  ExpectNoticed(watch);
  fs::create_directories(dir_ / "real");
  ExpectNoticed(watch);
  WriteText(dir_ / "real/a.yaml", "2");
  ExpectNoticed(watch);
}

TEST_F(PathWatchTest, LinksInACircleAreLeftAlone) {
  fs::create_symlink("b.yaml", folder_ + "/a.yaml");
  fs::create_symlink("a.yaml", folder_ + "/b.yaml");
  PathWatch watch({folder_, folder_ + "/a.yaml"});
  WriteText(folder_ + "/c.yaml", "1");
  ExpectNoticed(watch);
}

TEST_F(PathWatchTest, NoticesFoldersThatComeAndGo) {
  PathWatch watch({folder_, dir_ / "later/deep/specs", dir_ / "later/file.conf"});
  fs::remove_all(dir_ / "etc");
  ExpectNoticed(watch);
  fs::create_directories(dir_ / "etc");
  ExpectNoticed(watch);
  fs::create_directories(folder_);
  ExpectNoticed(watch);
  WriteText(folder_ + "/a.yaml", "1");
  ExpectNoticed(watch);
  fs::create_directories(dir_ / "later");
  ExpectNoticed(watch);
  WriteText(dir_ / "later/file.conf", "1");
  ExpectNoticed(watch);
  fs::create_directories(dir_ / "later/deep/specs");
  ExpectNoticed(watch);
  WriteText(dir_ / "later/deep/specs/b.yaml", "1");
  ExpectNoticed(watch);
  fs::rename(dir_ / "later", dir_ / "away");
  ExpectNoticed(watch);
}

TEST_F(PathWatchTest, AWakeReturnsOnce) {
  PathWatch watch({folder_});
  watch.Wake();
  watch.Wake();
  watch.Wait(absl::InfiniteFuture());
  watch.Wait(absl::Now());  // Nothing is left: the deadline.
  PathWatch of_nothing({});
  of_nothing.Wake();
  of_nothing.Wait(absl::InfiniteFuture());
}

}  // namespace
}  // namespace binlogd
