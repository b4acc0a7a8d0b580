#include "base/cancellation.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "absl/time/clock.h"

namespace binlogd {
namespace {

TEST(CancellationTest, IsOverWhenCancelledOrAtTheDeadline) {
  Cancellation cancellation;
  EXPECT_FALSE(cancellation.cancelled());
  EXPECT_FALSE(cancellation.over());
  cancellation.Cancel();
  EXPECT_TRUE(cancellation.cancelled());
  EXPECT_TRUE(cancellation.over());
  const Cancellation late(absl::Now());
  EXPECT_FALSE(late.cancelled());
  EXPECT_TRUE(late.over());
  EXPECT_FALSE(Cancellation::Never().over());
}

TEST(CancellationTest, CallsItsListenersOnce) {
  Cancellation cancellation;
  int early = 0, gone = 0, late = 0;
  const Cancellation::Listener listener(cancellation, [&early] { ++early; });
  {
    const Cancellation::Listener short_lived(cancellation, [&gone] { ++gone; });
  }
  cancellation.Cancel();
  cancellation.Cancel();
  EXPECT_EQ(early, 1);
  EXPECT_EQ(gone, 0);
  const Cancellation::Listener after(cancellation, [&late] { ++late; });
  EXPECT_EQ(late, 1) << "at once";
}

TEST(CancellationTest, AListenersEndWaitsForItsAction) {
  for (int round = 0; round < 200; ++round) {
    Cancellation cancellation;
    auto value = std::make_unique<int>(0);
    auto listener = std::make_unique<Cancellation::Listener>(cancellation, [&value] { ++*value; });
    std::thread canceller([&cancellation] { cancellation.Cancel(); });
    listener.reset();
    value.reset();  // A use after this is one that the sanitizers find.
    canceller.join();
  }
}

TEST(CancellationTest, WakesWhoWaits) {
  Cancellation cancellation;
  absl::Mutex mutex;
  std::thread waiter([&] {
    const Cancellation::Listener wake(cancellation, [&mutex] { absl::MutexLock lock(&mutex); });
    absl::MutexLock lock(&mutex);
    const auto over = [&cancellation] { return cancellation.cancelled(); };
    mutex.Await(absl::Condition(&over));
  });
  cancellation.Cancel();
  waiter.join();
}

}  // namespace
}  // namespace binlogd
