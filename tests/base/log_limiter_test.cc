#include "base/log_limiter.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

TEST(LogLimiterTest, OneLineInAWhileThatCountsTheOthers) {
  LogLimiter limiter(absl::Seconds(10));
  absl::Time now = absl::FromUnixSeconds(1000);
  EXPECT_EQ(limiter.Admit(now), 0u);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(limiter.Admit(now + absl::Seconds(i)), std::nullopt);
  now += absl::Seconds(10);
  EXPECT_EQ(limiter.Admit(now), 7u);
  EXPECT_EQ(limiter.Admit(now + absl::Seconds(10)), 0u);
}

TEST(LogLimiterTest, AClockThatIsSetBackSilencesNothing) {
  LogLimiter limiter(absl::Seconds(10));
  EXPECT_EQ(limiter.Admit(absl::FromUnixSeconds(1000)), 0u);
  EXPECT_EQ(limiter.Admit(absl::FromUnixSeconds(500)), 0u);
}

}  // namespace
}  // namespace binlogd
