#include "target/raw_file_target.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/target/target_testing.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::Hand;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using testing::StartOf;

class RawFileTargetTest : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  const std::string path_ = dir_ / "t";
  RawFileTarget target_{"t", [this] {
                          FileTargetOptions options;
                          options.path = path_;
                          return options;
                        }()};
};

TEST_F(RawFileTargetTest, FileNamesOfAHostileSourceAreRefused) {
  for (const char* name : {"../x.000001", "a/b.000001", "x", "", ".", "..", ".hidden.000001", "/etc/passwd.1",
                           "binlog.000000", "binlog.", "bin\nlog.000001"}) {
    DurablePosition start = StartOf(*MakeEpoch());
    start.position.file = name;
    ASSERT_TRUE(target_.Open().ok());
    const absl::Status refused = target_.Begin(start, *MakeEpoch());
    EXPECT_EQ(ErrorReason(refused), "SOURCE_SENT_BAD_FILE_NAME") << name;
    EXPECT_TRUE(IsPermanent(refused));
  }
  ASSERT_TRUE(target_.Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
  for (const char* name : {"../../binlog.000002", "x/binlog.000002", "x"}) {
    Block block = *BlocksOf(LogWriter(), Limits(1))[0];
    block.start.file = block.end.file = name;
    EXPECT_EQ(ErrorReason(target_.Write(block, 0, nullptr)), "SOURCE_SENT_BAD_FILE_NAME") << name;
  }
  EXPECT_FALSE(std::filesystem::exists(dir_ / "binlog.000002"));
}

TEST_F(RawFileTargetTest, OfAFileThatIsCutUnderItNothingMoreIsAcknowledged) {
  LogWriter log;
  log.Transaction({{1, "row"}});
  log.Transaction({{2, "row"}});
  const auto blocks = BlocksOf(log, Limits(1));
  const DurablePosition start = StartOf(*MakeEpoch());
  ASSERT_TRUE(target_.Open().ok());
  ASSERT_TRUE(target_.Begin(start, *MakeEpoch()).ok());
  ASSERT_TRUE(Hand(target_, *blocks[0], start).ok() && target_.Commit().ok());
  const uint64_t durable = target_.durable().position.offset;
  ASSERT_TRUE(Hand(target_, *blocks[1], start).ok());
  std::filesystem::resize_file(absl::StrCat(path_, "/", MakeEpoch()->epoch.name(), "/binlog.000001"), 0);
  EXPECT_EQ(ErrorReason(target_.Commit()), "TARGET_DAMAGED");
  EXPECT_EQ(target_.durable().position.offset, durable);
  EXPECT_EQ(ErrorReason(target_.Open().status()), "TARGET_DAMAGED");
}

TEST_F(RawFileTargetTest, ForeignFileInItsWayIsNotWrittenOver) {
  LogWriter log;
  log.Rotate();
  ASSERT_TRUE(target_.Open().ok());
  ASSERT_TRUE(target_.Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
  const std::string foreign = path_ + "/0001-6f1c2a9e/binlog.000002";
  testing::AppendGarbage(foreign, "mine");
  const auto blocks = BlocksOf(log, Limits(1000));
  ASSERT_TRUE(Hand(target_, *blocks[0], StartOf(*MakeEpoch())).ok());
  EXPECT_EQ(ErrorReason(Hand(target_, *blocks[1], StartOf(*MakeEpoch()))), "TARGET_DAMAGED");
  EXPECT_EQ(*ReadWholeFile(foreign), "mine");
}

TEST_F(RawFileTargetTest, AGapIsRefused) {
  LogWriter log;
  log.Ddl("CREATE TABLE t (a INT)");
  const auto blocks = BlocksOf(log, Limits(1));
  ASSERT_TRUE(target_.Open().ok());
  ASSERT_TRUE(target_.Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
  EXPECT_FALSE(target_.Write(*blocks[1], 0, nullptr).ok());
  ASSERT_TRUE(target_.Write(*blocks[0], 0, nullptr).ok());
  EXPECT_FALSE(target_.Write(*blocks[0], 0, nullptr).ok()) << "the same again";
  EXPECT_TRUE(target_.Write(*blocks[1], 0, nullptr).ok());
}

TEST_F(RawFileTargetTest, EpochJsonTellsTheSource) {
  ASSERT_TRUE(target_.Open().ok());
  ASSERT_TRUE(target_.Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
  const auto json = nlohmann::json::parse(*ReadWholeFile(path_ + "/0001-6f1c2a9e/epoch.json"));
  EXPECT_EQ(json["epoch"], "0001-6f1c2a9e");
  EXPECT_EQ(json["server_uuid"], LogWriter::kServerUuid);
  EXPECT_EQ(json["first_position"]["file"], "binlog.000001");
  EXPECT_EQ(json["reason"], "first start");
}

}  // namespace
}  // namespace binlogd
