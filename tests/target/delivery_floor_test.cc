#include "target/delivery_floor.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

const Epoch kFirst{1, "6f1c2a9e"};
const Epoch kSecond{2, "6f1c2a9e"};

Position At(const std::string& file, uint64_t offset) { return Position{file, offset, ""}; }

TEST(DeliveryFloorTest, AloneNothingIsNeeded) {
  DeliveryFloor floor;
  floor.Join("archive");
  EXPECT_TRUE(floor.OthersPassed("archive", kFirst, At("binlog.000009", 1000)));
}

TEST(DeliveryFloorTest, WhoDidNotReportNeedsEverything) {
  DeliveryFloor floor;
  floor.Join("archive");
  floor.Join("bus");
  EXPECT_FALSE(floor.OthersPassed("archive", kFirst, At("binlog.000001", 4)));
  floor.Report("bus", kFirst, At("binlog.000002", 4));
  EXPECT_TRUE(floor.OthersPassed("archive", kFirst, At("binlog.000001", 5000)));
  floor.Withdraw("bus");
  EXPECT_FALSE(floor.OthersPassed("archive", kFirst, At("binlog.000001", 4)));
}

TEST(DeliveryFloorTest, TheLeastOfTheOthersCounts) {
  DeliveryFloor floor;
  floor.Report("archive", kFirst, At("binlog.000001", 4));
  floor.Report("bus", kFirst, At("binlog.000003", 100));
  floor.Report("cold", kFirst, At("binlog.000002", 200));
  EXPECT_TRUE(floor.OthersPassed("archive", kFirst, At("binlog.000002", 200)));
  EXPECT_FALSE(floor.OthersPassed("archive", kFirst, At("binlog.000002", 201)));
  floor.Report("cold", kFirst, At("binlog.000001", 4));
  EXPECT_FALSE(floor.OthersPassed("archive", kFirst, At("binlog.000002", 200))) << "one that went back counts";
}

TEST(DeliveryFloorTest, ALaterEpochHasPassedAnEarlierOne) {
  DeliveryFloor floor;
  floor.Report("bus", kSecond, At("binlog.000001", 4));
  EXPECT_TRUE(floor.OthersPassed("archive", kFirst, At("binlog.000999", 5000)));
  EXPECT_FALSE(floor.OthersPassed("archive", kSecond, At("binlog.000001", 5)));
  floor.Report("bus", kFirst, At("binlog.000999", 5000));
  EXPECT_FALSE(floor.OthersPassed("archive", kSecond, At("binlog.000001", 4)));
}

}  // namespace
}  // namespace binlogd
