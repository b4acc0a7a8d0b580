#include "streamer/connect_gate.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "base/thread_pool.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

TEST(ConnectGateTest, LetsInSoManyOfOneSourceAndTheNextWhenOneLeaves) {
  ConnectGate gate(2);
  std::optional<ConnectGate::Pass> one(*gate.Enter("a", Cancellation::Never()));
  const auto two = gate.Enter("a", Cancellation::Never());
  // Another source is none of their business.
  const auto other = gate.Enter("b", Cancellation::Never());
  EXPECT_TRUE(other.ok());
  one.reset();
  EXPECT_TRUE(gate.Enter("a", Cancellation::Never()).ok());
}

TEST(ConnectGateTest, APassThatIsHeldForLongHoldsNobodyUp) {
  ConnectGate gate(1);
  const auto held = gate.Enter("a", Cancellation::Never());
  const auto next = gate.Enter("a", Cancellation::Never());  // Comes back by itself.
  EXPECT_TRUE(next.ok());
}

TEST(ConnectGateTest, WhoIsToldToStopWaitsNoLonger) {
  ConnectGate gate(1);
  const auto held = gate.Enter("a", Cancellation::Never());
  Cancellation stop;
  stop.Cancel();
  EXPECT_TRUE(absl::IsCancelled(gate.Enter("a", stop).status()));
  Cancellation stops[10];
  std::vector<std::thread> threads;
  std::atomic<int> entered{0}, cancelled{0};
  for (Cancellation& one : stops) {
    threads.emplace_back([&] { (gate.Enter("a", one).ok() ? entered : cancelled)++; });
  }
  for (Cancellation& one : stops) one.Cancel();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(entered + cancelled, 10);
}

TEST(ConnectGateTest, AllGetInSometimeAndNeverMoreThanMayBe) {
  ConnectGate gate(3);
  std::atomic<int> inside{0}, most{0}, done{0};
  {
    ThreadPool pool("test", 16);
    for (int i = 0; i < 500; ++i) {
      pool.Run([&] {
        const auto pass = gate.Enter("a", Cancellation::Never());
        const int now = ++inside;
        int before = most.load();
        while (before < now && !most.compare_exchange_weak(before, now)) {
        }
        --inside;
        ++done;
      });
    }
  }
  EXPECT_EQ(done, 500);
  EXPECT_LE(most, 3);
}

}  // namespace
}  // namespace binlogd
