#include "streamer/freshness.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace binlogd {
namespace {

SourceProgress Progress() {
  SourceProgress source;
  source.epoch = Epoch{1, "6f1c2a9e"};
  source.read_position = Position{"binlog.000002", 100, ""};
  source.answers = true;
  source.clock_ahead = absl::Seconds(2);
  return source;
}

TargetSnapshot At(uint64_t offset, uint32_t source_time = 0) {
  TargetSnapshot target;
  target.durable.epoch = Epoch{1, "6f1c2a9e"};
  target.durable.position = Position{"binlog.000002", offset, ""};
  target.durable.source_time = source_time;
  return target;
}

TEST(FreshnessTest, ATargetThatHoldsAllThatWasReadHasNoLag) {
  EXPECT_TRUE(Freshness::HoldsAll(At(100), Progress()));
  EXPECT_FALSE(Freshness::HoldsAll(At(99), Progress()));
  TargetSnapshot failing = At(100);
  failing.error = absl::UnavailableError("down");
  EXPECT_FALSE(Freshness::HoldsAll(failing, Progress()));
  SourceProgress other = Progress();
  other.epoch.number = 2;
  EXPECT_FALSE(Freshness::HoldsAll(At(100), other));
  SourceProgress silent = Progress();
  silent.answers = false;
  EXPECT_FALSE(Freshness::HoldsAll(At(100), silent));
}

TEST(FreshnessTest, EachTargetHasItsOwnLag) {
  const auto now = static_cast<uint32_t>(absl::ToUnixSeconds(absl::Now()));
  std::vector<TargetSnapshot> targets = {At(100, now - 500), At(50, now - 1002), At(4)};
  Freshness freshness(targets);
  freshness.Update(targets, Progress());
  freshness.Fill(Progress(), absl::Now() - absl::Seconds(5000), &targets);
  EXPECT_EQ(targets[0].lag_seconds, 0);
  EXPECT_GE(targets[1].lag_seconds, 1000);  // The source's clock is 2 s behind.
  EXPECT_LT(targets[1].lag_seconds, 4000);
  EXPECT_GE(targets[2].lag_seconds, 5000) << "since the start, when nothing is known";
  // Without the source nobody is fresh, but what was known stays.
  SourceProgress silent = Progress();
  silent.answers = false;
  freshness.Fill(silent, absl::InfinitePast(), &targets);
  EXPECT_GE(targets[0].lag_seconds, 0);
  EXPECT_LT(targets[0].lag_seconds, 500);
  EXPECT_EQ(targets[2].lag_seconds, 0) << "it was never started";
}

TEST(FreshnessTest, IsNeverTakenBack) {
  const absl::Time known = absl::FromUnixSeconds(1700000000);
  TargetSnapshot target = At(4, 1600000000);
  target.fresh_until = known;
  std::vector<TargetSnapshot> targets = {target};
  Freshness freshness(targets);
  freshness.Update(targets, Progress());
  freshness.Fill(Progress(), absl::InfinitePast(), &targets);
  EXPECT_EQ(targets[0].fresh_until, known);
}

}  // namespace
}  // namespace binlogd
