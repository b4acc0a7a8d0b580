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
