#include "archive/log_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "tests/archive/log_files.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;

TEST(LogPathsTest, AFileIsItself) {
  EXPECT_THAT(*ExpandLogPath("-"), ElementsAre("-"));
  EXPECT_THAT(*ExpandLogPath("/none/binlog.000001"), ElementsAre("/none/binlog.000001"));
}

TEST(LogPathsTest, AFolderIsItsLogsByNumber) {
  LogFolder folder;
  for (const char* name : {"binlog.1000000", "binlog.999999.zst.enc", "binlog.000010.gz", "binlog.index", "epoch.json",
                           "notes.txt", ".000001", "table.12"}) {
    folder.Write(name, "");
  }
  const std::string at = folder.path() + "/";
  EXPECT_THAT(*ExpandLogPath(folder.path()),
              ElementsAre(at + "binlog.000010.gz", at + "binlog.999999.zst.enc", at + "binlog.1000000"));
  folder.Write("relay.000001", "");
  EXPECT_EQ(ErrorReason(ExpandLogPath(folder.path()).status()), "LOG_FOLDER_AMBIGUOUS");
}

TEST(LogPathsTest, AnArchiveIsItsEpochsInOrder) {
  LogFolder folder;
  for (const char* name : {"0002-00000000", "0001-ffffffff", ".binlogd", "other"}) {
    std::filesystem::create_directory(folder.path() + "/" + name);
  }
  folder.Write("0002-00000000/binlog.000001", "");
  folder.Write("0001-ffffffff/binlog.000002", "");
  folder.Write("0001-ffffffff/binlog.000001", "");
  folder.Write("other/binlog.000001", "");
  const std::string at = folder.path() + "/";
  EXPECT_THAT(*ExpandLogPath(folder.path()),
              ElementsAre(at + "0001-ffffffff/binlog.000001", at + "0001-ffffffff/binlog.000002",
                          at + "0002-00000000/binlog.000001"));
}

TEST(LogPathsTest, AFolderWithoutLogsIsAnError) {
  LogFolder folder;
  EXPECT_TRUE(absl::IsNotFound(ExpandLogPath(folder.path()).status()));
}

}  // namespace
}  // namespace binlogd::testing
