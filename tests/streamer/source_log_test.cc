#include "streamer/source_log.h"

#include <gtest/gtest.h>

#include <optional>

namespace binlogd {
namespace {

const Epoch kEpoch{1, "6f1c2a9e"};

Position At(const std::string& file, uint64_t offset) { return Position{file, offset, ""}; }

class SourceLogTest : public ::testing::Test {
 protected:
  SourceLogTest() {
    log_.Begin(kEpoch, {{"b.000001", 1000}, {"b.000002", 2000}, {"b.000003", 500}}, At("b.000003", 500),
               At("b.000002", 100));
  }
  std::optional<uint64_t> Behind(const std::string& file, uint64_t offset) const {
    return log_.BytesBehind(kEpoch, At(file, offset));
  }
  SourceLog log_;
};

TEST_F(SourceLogTest, CountsWhatLiesBetweenOverFiles) {
  EXPECT_EQ(Behind("b.000003", 500), 0u);
  EXPECT_EQ(Behind("b.000003", 400), 100u);
  EXPECT_EQ(Behind("b.000002", 1900), 600u);
  EXPECT_EQ(Behind("b.000001", 900), 100u + 2000 + 500);
  EXPECT_EQ(Behind("b.000003", 501), 0u);
}

TEST_F(SourceLogTest, SaysNothingWhereItKnowsNothing) {
  EXPECT_EQ(SourceLog().BytesBehind(Epoch(), At("b.000001", 4)), std::nullopt);
  EXPECT_EQ(log_.BytesBehind(Epoch{2, "6f1c2a9e"}, At("b.000001", 4)), std::nullopt);
  EXPECT_EQ(log_.BytesBehind(kEpoch, Position()), std::nullopt);
  EXPECT_EQ(Behind("b.000000", 4), std::nullopt);
}

TEST_F(SourceLogTest, LearnsTheSizesOfFilesFromWhatIsRead) {
  log_.Read(At("b.000002", 2000), 1900);
  log_.Read(At("b.000003", 700), 696);
  EXPECT_EQ(Behind("b.000002", 1900), 100u + 700);
  // The last 40 bytes of the third file and the first 96 of the fourth come between two calls.
  log_.Read(At("b.000004", 100), 40 + 96);
  EXPECT_EQ(Behind("b.000003", 700), 40u + 100);
}

TEST_F(SourceLogTest, SeesAnEndBeyondWhatIsRead) {
  Position end = At("b.000004", 1000);
  end.gtid_set = "0-1-7";
  log_.SeeEnd(end);
  EXPECT_EQ(Behind("b.000003", 500), 1000u);
  log_.SeeEnd(At("b.000003", 600));
  EXPECT_EQ(Behind("b.000003", 600), 1000u);
  EXPECT_EQ(log_.end().gtid_set, "0-1-7");
}

TEST_F(SourceLogTest, ForgetsWhatNobodyAsksAboutAndEarlierEpochs) {
  log_.Forget(At("b.000002", 4));
  EXPECT_EQ(Behind("b.000001", 4), std::nullopt);
  EXPECT_EQ(Behind("b.000002", 2000), 500u);
  log_.Begin(Epoch{2, "6f1c2a9e"}, {{"b.000001", 300}}, At("b.000001", 300), At("b.000001", 4));
  EXPECT_EQ(Behind("b.000002", 2000), std::nullopt);
  EXPECT_EQ(log_.BytesBehind(Epoch{2, "6f1c2a9e"}, At("b.000001", 4)), 296u);
}

}  // namespace
}  // namespace binlogd
