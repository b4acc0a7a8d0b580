#include "base/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace binlogd {
namespace {

TEST(BackoffTest, EveryWaitIsInTheUpperHalfOfADoublingThatEnds) {
  for (int round = 0; round < 100; ++round) {
    Backoff backoff(absl::Milliseconds(100), absl::Seconds(5));
    absl::Duration ceiling = absl::Milliseconds(100);
    for (int n = 1; n <= 100; ++n) {
      const absl::Duration wait = backoff.Next();
      EXPECT_GE(wait, ceiling * 0.5);
      EXPECT_LE(wait, ceiling);
      EXPECT_EQ(backoff.tries(), n);
      ceiling = std::min(ceiling * 2, absl::Seconds(5));
    }
  }
}

TEST(BackoffTest, FullJitterTakesTheLowerHalfToo) {
  int low = 0;
  for (int round = 0; round < 100; ++round) {
    Backoff backoff(absl::Seconds(1), absl::Seconds(1), Backoff::kFullJitter);
    const absl::Duration wait = backoff.Next();
    EXPECT_GE(wait, absl::ZeroDuration());
    EXPECT_LE(wait, absl::Seconds(1));
    if (wait < absl::Milliseconds(500)) ++low;
  }
  EXPECT_GT(low, 0);
  EXPECT_LT(low, 100);
}

TEST(BackoffTest, ResetBeginsAnew) {
  Backoff backoff(absl::Seconds(1), absl::Hours(1));
  for (int i = 0; i < 20; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_EQ(backoff.tries(), 0);
  EXPECT_LE(backoff.Next(), absl::Seconds(1));
}

}  // namespace
}  // namespace binlogd
