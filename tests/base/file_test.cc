#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/regular_file.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  static int ModeOf(const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 ? static_cast<int>(info.st_mode & 07777) : -1;
  }
  testing::TempDir dir_;
};

TEST_F(FileTest, OpenNamesThePath) {
  const auto missing = OpenFile(dir_ / "missing", O_RDONLY);
  EXPECT_TRUE(absl::IsNotFound(missing.status()));
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr(dir_ / "missing"));
}

TEST_F(FileTest, OnlyWhatIsAFileIsReadAsOne) {
  ASSERT_TRUE(ReplaceFile(dir_ / "a", "text", 0600).ok());
  EXPECT_EQ(*ReadRegularFile(dir_ / "a", 4), "text");
  EXPECT_TRUE(absl::IsInvalidArgument(ReadRegularFile(dir_ / "a", 3).status()));
  EXPECT_TRUE(absl::IsNotFound(ReadRegularFile(dir_ / "missing").status()));
  // Nobody writes into it, now or ever.
  ASSERT_EQ(mkfifo((dir_ / "pipe").c_str(), 0600), 0);
  for (const std::string& path : {dir_ / "pipe", dir_.path()}) {
    const absl::Status refused = ReadRegularFile(path).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << refused;
    EXPECT_EQ(refused.message(), path + " is not a file");
  }
}

TEST_F(FileTest, ADescriptorHasOneOwner) {
  FileDescriptor a = *OpenFile(dir_ / "a", O_RDWR | O_CREAT);
  const int number = a.get();
  FileDescriptor b = std::move(a);
  EXPECT_FALSE(a.valid());
  EXPECT_EQ(b.get(), number);
  b = *OpenFile(dir_ / "b", O_RDWR | O_CREAT);
  b.Close();
  EXPECT_FALSE(b.valid());
}

TEST_F(FileTest, WriteAtAndReadBack) {
  const std::string path = dir_ / "file";
  const FileDescriptor file = *OpenFile(path, O_RDWR | O_CREAT);
  ASSERT_TRUE(WriteAt(file, "world", 6, path).ok());
  ASSERT_TRUE(WriteAt(file, "hello ", 0, path).ok());
  ASSERT_TRUE(SyncFile(file, path).ok());
  ASSERT_TRUE(SyncDirectory(dir_.path()).ok());
  EXPECT_EQ(*ReadWholeFile(path), "hello world");
  EXPECT_TRUE(absl::IsInvalidArgument(ReadWholeFile(path, 10).status()));
  EXPECT_EQ(*ReadWholeFile(path, 11), "hello world");
  EXPECT_TRUE(absl::IsNotFound(ReadWholeFile(dir_ / "missing").status()));
  EXPECT_FALSE(ReadWholeFile(dir_.path()).ok());
}

TEST_F(FileTest, AFullDiskIsResourceExhausted) {
  const FileDescriptor full = *OpenFile("/dev/full", O_WRONLY);
  EXPECT_TRUE(absl::IsResourceExhausted(WriteAt(full, "x", 0, "/dev/full")));
}

TEST_F(FileTest, ReplaceFileLeavesTheNewContentAndModeOnly) {
  const std::string path = dir_ / "file";
  ASSERT_TRUE(ReplaceFile(path, "one", 0600).ok());
  EXPECT_EQ(*ReadWholeFile(path), "one");
  EXPECT_EQ(ModeOf(path), 0600);
  ASSERT_TRUE(ReplaceFile(path, "two", 0640).ok());
  EXPECT_EQ(*ReadWholeFile(path), "two");
  EXPECT_EQ(ModeOf(path), 0640);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir_.path()), {}), 1);
  EXPECT_TRUE(absl::IsNotFound(ReplaceFile(dir_ / "missing/file", "x", 0600)));
  // What a crash left is no hindrance.
  ASSERT_TRUE(ReplaceFile(path + ".new", "a longer torn thing", 0600).ok());
  ASSERT_TRUE(ReplaceFile(path, "3", 0600).ok());
  EXPECT_EQ(*ReadWholeFile(path), "3");
}

TEST_F(FileTest, AFailedReplaceLeavesTheOldContent) {
  const std::string path = dir_ / "file";
  ASSERT_TRUE(ReplaceFile(path, "old", 0600).ok());
  std::filesystem::create_directory(path + ".new");
  EXPECT_FALSE(ReplaceFile(path, "new", 0600).ok());
  EXPECT_EQ(*ReadWholeFile(path), "old");
}

TEST_F(FileTest, MakeDirectories) {
  ASSERT_TRUE(MakeDirectories(dir_ / "a/b/c", 0750).ok());
  EXPECT_TRUE(std::filesystem::is_directory(dir_ / "a/b/c"));
  EXPECT_TRUE(MakeDirectories(dir_ / "a/b/c", 0750).ok());
  EXPECT_TRUE(MakeDirectories(dir_ / "a/b/d/", 0750).ok());
  ASSERT_TRUE(ReplaceFile(dir_ / "file", "", 0600).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(MakeDirectories(dir_ / "file", 0750)));
  const absl::Status below = MakeDirectories(dir_ / "file/x/y", 0750);
  EXPECT_TRUE(absl::IsFailedPrecondition(below)) << below;
  EXPECT_FALSE(MakeDirectories("/proc/binlogd", 0750).ok());
}

TEST_F(FileTest, ALockHasOneHolderAndItsTextIsTold) {
  const std::string path = dir_ / "lock";
  {
    const absl::StatusOr<FileLock> first = FileLock::Acquire(path, "the first holder, process 7");
    ASSERT_TRUE(first.ok());
    const absl::StatusOr<FileLock> second = FileLock::Acquire(path, "the second");
    EXPECT_TRUE(absl::IsFailedPrecondition(second.status()));
    EXPECT_THAT(std::string(second.status().message()), EndsWith("the first holder, process 7"));
    EXPECT_THAT(std::string(second.status().message()), HasSubstr(path));
  }
  ASSERT_TRUE(FileLock::Acquire(path, "3rd").ok());
  EXPECT_EQ(*ReadWholeFile(path), "3rd");
  EXPECT_TRUE(absl::IsNotFound(FileLock::Acquire(dir_ / "missing/lock", "x").status()));
}

TEST(PathsOverlapTest, ByNameAlone) {
  const struct {
    const char* a;
    const char* b;
    bool overlap;
  } cases[] = {{"/a", "/a", true},       {"/a", "/a/", true},      {"/a/", "/a/b", true},   {"/a", "/a/b/c", true},
               {"/a", "/ab", false},     {"/a/b", "/a/c", false},  {"/a/../b", "/b", true}, {"/a/./b//", "/a/b", true},
               {"/", "/anything", true}, {"/a/b", "/a/b.d", false}};
  for (const auto& c : cases) {
    EXPECT_EQ(PathsOverlap(c.a, c.b), c.overlap) << c.a << " " << c.b;
    EXPECT_EQ(PathsOverlap(c.b, c.a), c.overlap) << c.b << " " << c.a;
  }
}

TEST_F(FileTest, ProtectedFilesAreNotOpenToEverybody) {
  const std::string path = dir_ / "secret";
  const auto reason = [&path](int mode, Protection protection) {
    EXPECT_TRUE(ReplaceFile(path, "word", mode).ok());
    const absl::StatusOr<std::string> text = ReadProtectedFile(path, protection, 100);
    return text.ok() ? *text : ErrorReason(text.status());
  };
  for (const Protection protection : {Protection::kUnread, Protection::kUnwritten}) {
    for (const int mode : {0600, 0400, 0440, 0660}) EXPECT_EQ(reason(mode, protection), "word") << mode;
    for (const int mode : {0602, 0606}) EXPECT_EQ(reason(mode, protection), "FILE_OPEN_TO_EVERYBODY") << mode;
  }
  EXPECT_EQ(reason(0644, Protection::kUnwritten), "word");
  EXPECT_EQ(reason(0644, Protection::kUnread), "FILE_OPEN_TO_EVERYBODY");
  EXPECT_THAT(std::string(ReadProtectedFile(path, Protection::kUnread, 100).status().message()),
              AllOf(HasSubstr(path), HasSubstr("chmod o=")));
  // What counts is the file that a link leads to.
  ASSERT_EQ(symlink(path.c_str(), (dir_ / "link").c_str()), 0);
  EXPECT_EQ(ErrorReason(ReadProtectedFile(dir_ / "link", Protection::kUnread, 100).status()), "FILE_OPEN_TO_EVERYBODY");
  EXPECT_TRUE(absl::IsNotFound(ReadProtectedFile(dir_ / "missing", Protection::kUnread, 100).status()));
}

}  // namespace
}  // namespace binlogd
