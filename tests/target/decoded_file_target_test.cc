#include "target/decoded_file_target.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/target/target_testing.h"

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
  // Lines as if they were the block's; all of them before its boundary.
  absl::Status Write(const std::string& lines) {
    EncodedBlock encoded;
    encoded.bytes = lines;
    encoded.boundary_bytes = lines.size();
    encoded.boundary_offset = block_->end.offset;
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

TEST_F(DecodedFileTargetTest, AFailedWriteCanBeTriedAgain) {
  Begin();
  ASSERT_TRUE(Write("1\n").ok());
  // The file that the rotation needs cannot be made.
  const std::string in_the_way = options_.path + "/events-00000002.jsonl";
  std::filesystem::create_directory(in_the_way);
  const std::string lines = "123456789\nabcdefghi\nABCDEFGHI\n";
  EXPECT_FALSE(Write(lines).ok());
  EXPECT_FALSE(Write(lines).ok());
  std::filesystem::remove(in_the_way);
  ASSERT_TRUE(Write(lines).ok());
  ASSERT_TRUE(target_->Commit().ok());
  const std::map<std::string, std::string> expected = {{"events-00000001.jsonl", "1\n123456789\n"},
                                                       {"events-00000002.jsonl", "abcdefghi\nABCDEFGHI\n"}};
  EXPECT_EQ(FolderContent(options_.path), expected);
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
