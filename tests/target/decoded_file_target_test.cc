#include "target/decoded_file_target.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zstd.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/target/file_reading.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::FolderContent;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using testing::StartOf;

class DecodedFileTargetTest : public ::testing::Test {
 protected:
  DecodedFileTargetTest() {
    LogWriter log;
    log.Ddl("CREATE TABLE t (a INT)");
    block_ = BlocksOf(log, Limits(1000))[0];
    options_.path = dir_ / "t";
    options_.rotate_bytes = 20;
  }
  // Lines as if they were the block's; by default all of them before its boundary.
  absl::Status Write(const std::string& lines, size_t boundary_bytes = std::string::npos, bool boundary = true) {
    EncodedBlock encoded;
    encoded.bytes = lines;
    encoded.boundary_bytes = boundary ? std::min(boundary_bytes, lines.size()) : 0;
    encoded.boundary_offset = boundary ? block_->end.offset : 0;
    return target_->Write(*block_, 0, &encoded);
  }
  void Begin() {
    target_ = std::make_unique<DecodedFileTarget>("t", options_);
    ASSERT_TRUE(target_->Open().ok());
    ASSERT_TRUE(target_->Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
  }

  testing::TempDir dir_;
  DecodedFileTarget::Options options_;
  std::shared_ptr<const Block> block_;
  std::unique_ptr<DecodedFileTarget> target_;
};

TEST_F(DecodedFileTargetTest, RotatesBetweenLines) {
  Begin();
  const std::string long_line = std::string(50, 'x') + "\n";
  ASSERT_TRUE(Write("123456789\n123456789\n1\n").ok());  // The first two fill a file to the byte.
  ASSERT_TRUE(Write(long_line).ok());                    // Larger than any file: alone.
  ASSERT_TRUE(Write("2\n" + long_line + long_line + "3\n").ok());
  ASSERT_TRUE(target_->Commit().ok());
  const std::map<std::string, std::string> expected = {{"events-00000001.jsonl", "123456789\n123456789\n"},
                                                       {"events-00000002.jsonl", "1\n"},
                                                       {"events-00000003.jsonl", long_line},
                                                       {"events-00000004.jsonl", "2\n"},
                                                       {"events-00000005.jsonl", long_line},
                                                       {"events-00000006.jsonl", long_line},
                                                       {"events-00000007.jsonl", "3\n"}};
  EXPECT_EQ(FolderContent(options_.path), expected);
}

TEST_F(DecodedFileTargetTest, NothingToWriteMakesNoFile) {
  Begin();
  ASSERT_TRUE(Write("").ok());
  ASSERT_TRUE(target_->Commit().ok());
  EXPECT_TRUE(FolderContent(options_.path).empty());
  EXPECT_EQ(target_->durable().position.offset, block_->end.offset) << "the position moves all the same";
}

// Lets no file be opened any more.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoMoreFiles() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(DecodedFileTargetTest, AFailedWriteCanBeTriedAgain) {
  for (const Compression compression : {Compression::kNone, Compression::kZstd}) {
    options_.compression = compression;
    options_.path = dir_ / std::string(CompressionName(compression));
    Begin();
    {
      const NoMoreFiles full;
      EXPECT_TRUE(absl::IsResourceExhausted(Write("1\n")));
      EXPECT_TRUE(absl::IsResourceExhausted(Write("1\n")));
    }
    ASSERT_TRUE(Write("1\n").ok());
    {
      // A part of it finds its place, the rest when there is room.
      const NoMoreFiles full;
      EXPECT_TRUE(Write("123456789\nabcdefghi\nABCDEFGHI\n").ok());
      EXPECT_TRUE(absl::IsResourceExhausted(Write("last\n")));
      EXPECT_TRUE(absl::IsResourceExhausted(Write("last\n")));
    }
    ASSERT_TRUE(Write("last\n").ok());
    ASSERT_TRUE(target_->Commit().ok());
    const std::map<std::string, std::string> expected = {{"events-00000001.jsonl", "1\n123456789\n"},
                                                         {"events-00000002.jsonl", "abcdefghi\nABCDEFGHI\n"},
                                                         {"events-00000003.jsonl", "last\n"}};
    EXPECT_EQ(testing::ReadFolder(options_.path, KeyRing()), expected);
  }
}

TEST_F(DecodedFileTargetTest, ForeignFileInItsWayIsNotWrittenOver) {
  Begin();
  const std::string foreign = options_.path + "/events-00000002.jsonl";
  testing::AppendGarbage(foreign, "mine");
  const absl::Status refused = Write("123456789\n123456789\nmore\n");
  EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED");
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_EQ(*ReadWholeFile(foreign), "mine");
}

TEST_F(DecodedFileTargetTest, FramesEndWithCommitsOnly) {
  options_.compression = Compression::kZstd;
  options_.rotate_bytes = 1 << 20;
  Begin();
  const auto frames = [this] {
    const std::string bytes = *ReadWholeFile(options_.path + "/events-00000001.jsonl.zst");
    int count = 0;
    for (absl::string_view rest = bytes; !rest.empty(); ++count) {
      const size_t size = ZSTD_findFrameCompressedSize(rest.data(), rest.size());
      if (ZSTD_isError(size)) return -1;
      rest.remove_prefix(size);
    }
    return count;
  };
  for (int commit = 1; commit <= 3; ++commit) {
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(Write("a line\n", i % 2 == 0 ? 7 : 0).ok());
    ASSERT_TRUE(target_->Commit().ok());
    EXPECT_EQ(frames(), commit);
  }
}

TEST_F(DecodedFileTargetTest, AnUnfinishedTransactionOfAnySizeIsTakenBack) {
  options_.compression = Compression::kZstd;
  options_.rotate_bytes = 1 << 20;
  Begin();
  ASSERT_TRUE(Write("kept\n").ok());
  const std::string line = std::string(99, 'x') + "\n";
  for (int i = 0; i < 50000; ++i) {
    ASSERT_TRUE(Write(line, 0, /*boundary=*/false).ok());
    if (i % 20000 == 100) {
      ASSERT_TRUE(target_->Commit().ok());
    }
  }
  EXPECT_GT(FolderContent(options_.path).size(), 3u);
  target_->Close();
  ASSERT_TRUE(target_->Open().ok());
  const std::map<std::string, std::string> expected = {{"events-00000001.jsonl", "kept\n"}};
  EXPECT_EQ(testing::ReadFolder(options_.path, KeyRing()), expected);
}

TEST_F(DecodedFileTargetTest, ForeignNamesAreLeftAlone) {
  Begin();
  ASSERT_TRUE(Write("1\n").ok());
  ASSERT_TRUE(target_->Commit().ok());
  for (const char* name : {"notes.txt", "events-x.jsonl", "events-00000009.json"})
    testing::AppendGarbage(options_.path + "/" + name, "mine");
  target_->Close();
  ASSERT_TRUE(target_->Open().ok());
  EXPECT_EQ(FolderContent(options_.path).size(), 4u);
}

}  // namespace
}  // namespace binlogd
