#include "streamer/epoch_ends.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace binlogd {
namespace {

constexpr char kServer[] = "6f1c2a9e";
constexpr char kOther[] = "0badcafe";

DurablePosition At(const Epoch& epoch, const std::string& file, uint64_t offset) {
  DurablePosition at;
  at.epoch = epoch;
  at.position = Position{file, offset, ""};
  at.log_created = 1700000000;
  at.log_server_id = 1;
  return at;
}

class EpochEndsTest : public ::testing::Test {
 protected:
  // As a target that went from the first epoch to the second one remembers.
  DurablePosition Second() const {
    DurablePosition second = At(kSecond, "binlog.000001", 500);
    second.before = end_;
    return second;
  }
  // After a restart, with the other targets as they are.
  absl::Status Check(const DurablePosition& had, const TargetPositions& others, bool decodes = true,
                     const Epoch& epoch = kSecond) const {
    EpochEnds ends;
    TargetPositions all = others;
    all.push_back(had);
    ends.Learn(all);
    const absl::Status whole = ends.CheckHasAll(had, decodes, /*gtids=*/true, epoch, all);
    EXPECT_TRUE(whole.ok() || (ErrorReason(whole) == "LOG_LOST" && IsPermanent(whole))) << whole;
    return whole;
  }

  inline static const Epoch kFirst{1, kServer};
  inline static const Epoch kSecond{2, kServer};
  EpochEnd end_{kFirst,         Position{"binlog.000007", 1000, ""}, Position{"binlog.000007", 900, ""}, 1700000000, 1,
                "binlog.000001"};
};

TEST_F(EpochEndsTest, WhatNobodyRemembersIsLost) {
  EXPECT_FALSE(Check(At(kFirst, "binlog.000007", 1000), {}).ok());
  EXPECT_FALSE(Check(At(kFirst, "binlog.000007", 1000), {At(kSecond, "binlog.000001", 500), std::nullopt}).ok());
}

TEST_F(EpochEndsTest, ATargetRemembersForTheOthers) {
  for (const bool decodes : {false, true}) {
    EXPECT_TRUE(Check(At(kFirst, "binlog.000007", 1000), {Second()}, decodes).ok());
    EXPECT_EQ(Check(At(kFirst, "binlog.000007", 900), {Second()}, decodes).ok(), decodes) << "the last boundary";
    EXPECT_FALSE(Check(At(kFirst, "binlog.000007", 899), {Second()}, decodes).ok());
    EXPECT_FALSE(Check(At(kFirst, "binlog.000006", 5000), {Second()}, decodes).ok());
  }
  end_.boundary = Position();
  EXPECT_FALSE(Check(At(kFirst, "binlog.000007", 900), {Second()}).ok());
}

TEST_F(EpochEndsTest, WhoeverHasMostIsRight) {
  DurablePosition less = Second();
  less.before.position.offset = 950;
  less.before.boundary.offset = 950;
  EXPECT_FALSE(Check(At(kFirst, "binlog.000007", 960), {Second(), less}, /*decodes=*/false).ok());
  EXPECT_FALSE(Check(At(kFirst, "binlog.000007", 960), {less, Second()}, /*decodes=*/false).ok());
  // One that stands in the old epoch still has more than those in the new one knew of.
  EXPECT_FALSE(Check(At(kFirst, "binlog.000007", 1000), {Second(), At(kFirst, "binlog.000008", 4)}).ok());
}

TEST_F(EpochEndsTest, ATargetOfAnotherLogOfTheNameIsNotTakenForOneOfThis) {
  DurablePosition had = At(kFirst, "binlog.000007", 1000);
  had.log_created = 1600000000;
  EXPECT_FALSE(Check(had, {Second()}).ok());
  had = At(Epoch{1, kOther}, "binlog.000007", 1000);
  EXPECT_FALSE(Check(had, {Second()}).ok());
}

TEST_F(EpochEndsTest, WhoMissedAWholeEpochHasNothingOfIt) {
  DurablePosition third = At(Epoch{3, kServer}, "binlog.000001", 500);
  third.before = end_;
  third.before.epoch = kSecond;
  EXPECT_FALSE(Check(At(kFirst, "binlog.000007", 1000), {third, Second()}, true, third.epoch).ok());
  EXPECT_TRUE(Check(At(kSecond, "binlog.000007", 1000), {third}, true, third.epoch).ok());
}

TEST_F(EpochEndsTest, AnEndWithoutAPlaceTellsOnlyThatTheEpochIsOver) {
  end_ = EpochEnd();
  end_.epoch = kFirst;
  EXPECT_FALSE(Check(At(kFirst, "binlog.000007", 1000), {Second()}).ok());
  EpochEnds ends;
  ends.Note(end_);
  const Epoch back{2, kServer};
  EXPECT_FALSE(ends.WasLeft(Epoch{0, kServer}, {}));
  EXPECT_TRUE(ends.WasLeft(Epoch{0, kOther}, {})) << "another server followed";
  EXPECT_TRUE(EpochEnds().WasLeft(Epoch{1, kOther}, {At(back, "binlog.000001", 4)}));
}

TEST_F(EpochEndsTest, NotesTheFurthestEndAndTheFirstFileThatFollowed) {
  EpochEnds ends;
  EpochEnd file;
  file.epoch = kFirst;
  file.next_file = "binlog.000001";
  ends.Note(file);
  end_.next_file = "binlog.000004";
  ends.Note(end_);
  EpochEnd less = end_;
  less.position.offset = 10;
  ends.Note(less);
  const EpochEnd before = ends.Before(kSecond, {});
  EXPECT_EQ(before.epoch, kFirst);
  EXPECT_EQ(ToString(before.position), "binlog.000007:1000");
  EXPECT_EQ(ToString(before.boundary), "binlog.000007:900");
  EXPECT_EQ(before.next_file, "binlog.000001");
  EXPECT_TRUE(ends.Before(Epoch{3, kServer}, {}).epoch.empty());
}

// After a failover, too: the GTIDs of a log that was reset are those of other transactions.
TEST_F(EpochEndsTest, AResetIsKnownAlsoWhenAnotherServerFollowed) {
  EpochEnds ends;
  ends.Note(end_);
  const Epoch third{3, kOther};
  EXPECT_TRUE(ends.WasReset(kFirst, kSecond));
  EXPECT_TRUE(ends.WasReset(kFirst, third));
  EXPECT_FALSE(ends.WasReset(kSecond, third));
  EXPECT_FALSE(ends.WasReset(kFirst, kFirst));
  end_.epoch = Epoch{2, kOther};
  end_.next_file.clear();
  ends = EpochEnds();
  ends.Note(end_);
  EXPECT_FALSE(ends.WasReset(kFirst, third)) << "a failover is none";
}

// A streamer whose targets got new stores begins with the first epoch again.
TEST_F(EpochEndsTest, ALogThatIsFollowedHasNoEnd) {
  EpochEnds ends;
  ends.Note(end_);
  ends.Follow(kSecond);
  EXPECT_EQ(ends.Before(kSecond, {}).epoch, kFirst);
  ends.Follow(kFirst);
  EXPECT_TRUE(ends.Before(kSecond, {}).epoch.empty());
}

}  // namespace
}  // namespace binlogd
