#include "target/retention.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);
const RetentionTimes kTimes{kNow, kNow};
constexpr absl::Duration kYear = absl::Hours(24 * 365);

// Closed files of 100 bytes, written when their newest events happened, so many hours ago.
std::vector<RetainedFile> Files(const std::vector<int>& hours) {
  std::vector<RetainedFile> files;
  for (const int age : hours) files.push_back({100, kNow - absl::Hours(age), kNow - absl::Hours(age), false});
  return files;
}

TEST(RetentionTest, WithoutAPolicyNothingGoes) {
  EXPECT_EQ(CountExpired({}, Files({1000, 100, 10}), 100, kTimes), 0u);
  EXPECT_FALSE(RetentionPolicy().deletes());
  EXPECT_FALSE((RetentionPolicy{absl::ZeroDuration(), 0, absl::Hours(1)}).deletes());
}

TEST(RetentionTest, ByAge) {
  const RetentionPolicy policy{absl::Hours(24), 0, {}};
  EXPECT_TRUE(policy.deletes());
  EXPECT_EQ(CountExpired(policy, Files({72, 48, 25, 24, 1}), 0, kTimes), 3u);
  EXPECT_EQ(CountExpired(policy, Files({1, 48}), 0, kTimes), 0u) << "what is behind a file that stays stays too";
}

TEST(RetentionTest, BySize) {
  const auto count = [](uint64_t most, uint64_t other) {
    return CountExpired({{}, most, {}}, Files({4, 3, 2, 1}), other, kTimes);
  };
  EXPECT_EQ(count(400, 0), 0u);
  EXPECT_EQ(count(400, 1), 1u);
  EXPECT_EQ(count(200, 50), 3u);
  EXPECT_EQ(count(1, 1000), 4u) << "the file that is written is not at choice";
}

TEST(RetentionTest, TheRecoveryWindowStays) {
  EXPECT_EQ(CountExpired({absl::Hours(1), 1, absl::Hours(24)}, Files({72, 25, 23, 22}), 0, kTimes), 2u);
}

TEST(RetentionTest, WhatIsNeededStays) {
  std::vector<RetainedFile> files = Files({72, 48, 25});
  files[1].needed = true;
  EXPECT_EQ(CountExpired({absl::Hours(1), 1, {}}, files, 0, kTimes), 1u);
}

TEST(RetentionTest, AStepOfTheClockDeletesNothingWithinTheWindow) {
  const RetentionPolicy policy{absl::Hours(24), 1, absl::Hours(24)};
  const std::vector<RetainedFile> files = Files({30, 20, 10, 1});
  ASSERT_EQ(CountExpired(policy, files, 0, kTimes), 1u);
  EXPECT_EQ(CountExpired(policy, files, 0, {kNow + kYear, kNow}), 1u) << "the log tells how old they are";
  EXPECT_EQ(CountExpired(policy, files, 0, {kNow, kNow + kYear}), 1u) << "so does this machine's clock";
  EXPECT_EQ(CountExpired(policy, files, 0, {kNow - kYear, kNow}), 0u);
  EXPECT_EQ(CountExpired(policy, files, 0, {kNow, kNow - kYear}), 0u);
  EXPECT_EQ(CountExpired(policy, files, 0, {kNow + kYear, absl::InfinitePast()}), 0u) << "nothing is known of the log";
  std::vector<RetainedFile> written_wrong = files;
  for (RetainedFile& file : written_wrong) file.written -= kYear;
  EXPECT_EQ(CountExpired(policy, written_wrong, 0, kTimes), 1u) << "the clock was behind when they were written";
  for (RetainedFile& file : written_wrong) file.written += 2 * kYear;
  EXPECT_EQ(CountExpired(policy, written_wrong, 0, kTimes), 1u) << "or ahead";
}

TEST(RetentionTest, AnEventOfTheFutureIsAsOldAsItsFile) {
  const RetentionPolicy policy{absl::Hours(24), 0, absl::Hours(24)};
  std::vector<RetainedFile> files = Files({72, 48, 30, 5});
  files[0].newest = files[1].newest = kNow + kYear;
  EXPECT_EQ(CountExpired(policy, files, 0, kTimes), 3u);
  EXPECT_EQ(CountExpired(policy, files, 0, {kNow + kYear, kNow}), 0u) << "whom to believe is not known";
  files[1].written = kNow - absl::Hours(1);
  EXPECT_EQ(CountExpired(policy, files, 0, kTimes), 1u);
  EXPECT_EQ(CountExpired({{}, 1, {}}, files, 0, kTimes), 4u) << "there is no window";
}

TEST(RetentionTest, WithoutTimesOfEventsTheFilesCount) {
  const RetentionPolicy policy{absl::Hours(24), 0, {}};
  std::vector<RetainedFile> files = Files({72, 48, 5});
  for (RetainedFile& file : files) file.newest = absl::InfiniteFuture();
  EXPECT_EQ(CountExpired(policy, files, 0, kTimes), 2u);
  files[1].written = absl::InfiniteFuture();
  EXPECT_EQ(CountExpired(policy, files, 0, kTimes), 1u);
  files[1].written = absl::InfinitePast();
  EXPECT_EQ(CountExpired(policy, files, 0, kTimes), 2u) << "one that is gone keeps nothing";
}

}  // namespace
}  // namespace binlogd
