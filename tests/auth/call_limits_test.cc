#include "auth/call_limits.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace binlogd {
namespace {

class CallLimitsTest : public ::testing::Test {
 protected:
  int CallsUntilRefused(const std::string& client) {
    for (int calls = 0;; ++calls) {
      const absl::Status counted = limits_.CountCall(client);
      if (counted.ok()) continue;
      EXPECT_EQ(counted.code(), absl::StatusCode::kResourceExhausted);
      EXPECT_EQ(ErrorReason(counted), "TOO_MANY_CALLS");
      return calls;
    }
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  CallLimits limits_{{/*calls_per_second=*/5, /*failures_per_second=*/1, /*taps=*/2, /*watches=*/1},
                     [this] { return now_; }};
};

TEST_F(CallLimitsTest, TenSecondsWorthAtOnceThenTheRate) {
  EXPECT_EQ(CallsUntilRefused("a"), 50);
  EXPECT_EQ(CallsUntilRefused("a"), 0);
  now_ += absl::Seconds(1);
  EXPECT_EQ(CallsUntilRefused("a"), 5);
  now_ += absl::Hours(1);
  EXPECT_EQ(CallsUntilRefused("a"), 50);
}

TEST_F(CallLimitsTest, ClientsDoNotDisturbEachOther) {
  EXPECT_EQ(CallsUntilRefused("a"), 50);
  EXPECT_EQ(CallsUntilRefused("b"), 50);
}

TEST_F(CallLimitsTest, AClockThatIsSetBackTakesNothingAway) {
  EXPECT_TRUE(limits_.CountCall("a").ok());
  now_ -= absl::Hours(1);
  EXPECT_EQ(CallsUntilRefused("a"), 49);
}

TEST_F(CallLimitsTest, ManyClientsAreForgottenButNotThoseThatAreRefused) {
  EXPECT_EQ(CallsUntilRefused("a"), 50);
  for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(limits_.CountCall(std::to_string(i)).ok());
  EXPECT_EQ(CallsUntilRefused("a"), 0);
}

TEST_F(CallLimitsTest, FailuresAreCountedApart) {
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(limits_.CountFailure("a").ok());
  const absl::Status refused = limits_.CountFailure("a");
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrorReason(refused), "TOO_MANY_FAILURES");
  EXPECT_TRUE(limits_.CountFailure("b").ok());
  EXPECT_EQ(CallsUntilRefused("a"), 50);
}

TEST_F(CallLimitsTest, StreamsAreCountedWhileTheyAreOpen) {
  const auto open = [this](StreamKind kind, const std::string& client) { return limits_.OpenStream(kind, client); };
  absl::StatusOr<CallLimits::Stream> first = open(StreamKind::kTap, "a");
  const absl::StatusOr<CallLimits::Stream> second = open(StreamKind::kTap, "a");
  const absl::StatusOr<CallLimits::Stream> watch = open(StreamKind::kWatch, "a");
  ASSERT_TRUE(first.ok() && second.ok() && watch.ok());
  for (const StreamKind kind : {StreamKind::kTap, StreamKind::kWatch}) {
    EXPECT_EQ(ErrorReason(open(kind, "a").status()), "TOO_MANY_STREAMS");
    EXPECT_TRUE(open(kind, "b").ok());
  }
  first->reset();
  EXPECT_TRUE(open(StreamKind::kTap, "a").ok());
  EXPECT_FALSE(open(StreamKind::kWatch, "a").ok());
}

TEST_F(CallLimitsTest, ZeroIsWithoutLimit) {
  CallLimits limits({0, 0, 0, 0}, [this] { return now_; });
  std::vector<CallLimits::Stream> streams;
  for (int i = 0; i < 5000; ++i) {
    EXPECT_TRUE(limits.CountCall("a").ok());
    EXPECT_TRUE(limits.CountFailure("a").ok());
    absl::StatusOr<CallLimits::Stream> stream = limits.OpenStream(StreamKind::kWatch, "a");
    ASSERT_TRUE(stream.ok());
    streams.push_back(*std::move(stream));
  }
}

}  // namespace
}  // namespace binlogd
