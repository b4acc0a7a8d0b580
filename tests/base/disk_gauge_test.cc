#include "base/disk_gauge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>

#include "absl/synchronization/notification.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr absl::Duration kLong = absl::Minutes(1);

TEST(SpaceOfTest, IsThatOfTheFileSystem) {
  const std::optional<DiskSpace> space = SpaceOf("/");
  ASSERT_TRUE(space);
  const std::filesystem::space_info told = std::filesystem::space("/");
  EXPECT_EQ(space->size_bytes, told.capacity);
  EXPECT_LE(space->free_bytes, space->size_bytes);
  EXPECT_EQ(SpaceOf("/proc/self/no such folder"), std::nullopt);
}

TEST(DiskGaugeTest, ReadsThoseThatAnswer) {
  DiskGauge gauge([](const std::string& folder) -> std::optional<DiskSpace> {
    if (folder == "none") return std::nullopt;
    return DiskSpace{folder.size(), 100};
  });
  EXPECT_THAT(gauge.Read({"none", "one", "three"}, kLong),
              ElementsAre(Pair("one", DiskSpace{3, 100}), Pair("three", DiskSpace{5, 100})));
  EXPECT_THAT(gauge.Read({}, kLong), IsEmpty());
}

TEST(DiskGaugeTest, DoesNotWaitForOneThatHangsNorAsksItAgain) {
  absl::Notification begun, released;
  std::atomic<int> asked{0};
  DiskGauge gauge([&](const std::string& folder) {
    if (folder == "hangs") {
      if (++asked == 1) begun.Notify();
      released.WaitForNotification();
    }
    return std::optional(DiskSpace{1, 2});
  });
  EXPECT_THAT(gauge.Read({"hangs"}, absl::ZeroDuration()), IsEmpty());
  begun.WaitForNotification();
  // More often than there are threads.
  for (int i = 0; i < 2 * DiskGauge::kThreads; ++i) {
    EXPECT_THAT(gauge.Read({"answers"}, kLong), ElementsAre(Pair("answers", DiskSpace{1, 2})));
    EXPECT_THAT(gauge.Read({"hangs"}, absl::ZeroDuration()), IsEmpty());
  }
  EXPECT_EQ(asked, 1);
  released.Notify();
  // The same question is answered, or a new one.
  EXPECT_THAT(gauge.Read({"hangs"}, kLong), ElementsAre(Pair("hangs", DiskSpace{1, 2})));
}

}  // namespace
}  // namespace binlogd
