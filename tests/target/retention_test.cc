#include "target/retention.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1800000000);

// Closed files of 100 bytes, whose newest events are so many hours old.
std::vector<RetainedFile> Files(const std::vector<int>& hours) {
  std::vector<RetainedFile> files;
  for (const int age : hours) files.push_back({100, kNow - absl::Hours(age), false});
  return files;
}

TEST(RetentionTest, WithoutAPolicyNothingGoes) {
  EXPECT_EQ(CountExpired({}, Files({1000, 100, 10}), 100, kNow), 0u);
  EXPECT_FALSE(RetentionPolicy().deletes());
  EXPECT_FALSE((RetentionPolicy{absl::ZeroDuration(), 0, absl::Hours(1)}).deletes());
}

TEST(RetentionTest, ByAge) {
  const RetentionPolicy policy{absl::Hours(24), 0, {}};
  EXPECT_TRUE(policy.deletes());
  EXPECT_EQ(CountExpired(policy, Files({72, 48, 25, 24, 1}), 0, kNow), 3u);
  EXPECT_EQ(CountExpired(policy, Files({1, 48}), 0, kNow), 0u) << "what is behind a file that stays stays too";
}

TEST(RetentionTest, BySize) {
  const auto count = [](uint64_t most, uint64_t other) {
    return CountExpired({{}, most, {}}, Files({4, 3, 2, 1}), other, kNow);
  };
  EXPECT_EQ(count(400, 0), 0u);
  EXPECT_EQ(count(400, 1), 1u);
  EXPECT_EQ(count(200, 50), 3u);
  EXPECT_EQ(count(1, 1000), 4u) << "the file that is written is not at choice";
}

TEST(RetentionTest, TheRecoveryWindowStays) {
  EXPECT_EQ(CountExpired({absl::Hours(1), 1, absl::Hours(24)}, Files({72, 25, 23, 22}), 0, kNow), 2u);
}

TEST(RetentionTest, WhatIsNeededStays) {
  std::vector<RetainedFile> files = Files({72, 48, 25});
  files[1].needed = true;
  EXPECT_EQ(CountExpired({absl::Hours(1), 1, {}}, files, 0, kNow), 1u);
}

TEST(RetentionTest, EventsOfTheFutureAreYoung) {
  EXPECT_EQ(CountExpired({absl::Hours(1), 0, {}}, Files({-5, 48}), 0, kNow), 0u);
  EXPECT_EQ(CountExpired({absl::Hours(1), 0, {}}, {{100, absl::InfiniteFuture(), false}}, 0, kNow), 0u);
}

}  // namespace
}  // namespace binlogd
