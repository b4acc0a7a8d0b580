#include "base/byte_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "absl/synchronization/notification.h"

namespace binlogd {
namespace {

TEST(ByteBudgetTest, TakesAndGivesBackWithTheLastCopy) {
  ByteBudget budget(100);
  ByteBudget::Lease lease = budget.Acquire(60);
  const ByteBudget::Lease other = budget.Acquire(40);
  EXPECT_EQ(budget.used(), 100);
  ByteBudget::Lease copy = lease;
  lease.reset();
  EXPECT_EQ(budget.used(), 100);
  copy.reset();
  EXPECT_EQ(budget.used(), 40);
}

TEST(ByteBudgetTest, WaitsUntilThereIsRoom) {
  ByteBudget budget(100);
  ByteBudget::Lease lease = budget.Acquire(60);
  std::atomic<bool> released = false;
  bool was_released = false;
  std::thread reader([&] {
    const ByteBudget::Lease late = budget.Acquire(50);
    was_released = released;
  });
  released = true;
  lease.reset();
  reader.join();
  EXPECT_TRUE(was_released);
  EXPECT_EQ(budget.used(), 0);
}

TEST(ByteBudgetTest, MoreThanTheWholeGoesAlone) {
  ByteBudget budget(100);
  {
    const ByteBudget::Lease huge = budget.Acquire(1000);
    ASSERT_NE(huge, nullptr);
    EXPECT_EQ(budget.used(), 1000);
  }
  ByteBudget::Lease small = budget.Acquire(1);
  std::atomic<bool> released = false;
  bool was_released = false;
  std::thread reader([&] {
    const ByteBudget::Lease huge = budget.Acquire(1000);
    was_released = released;
  });
  released = true;
  small.reset();
  reader.join();
  EXPECT_TRUE(was_released);
}

TEST(ByteBudgetTest, CloseEndsTheWaitAndThoseToCome) {
  ByteBudget budget(100);
  const ByteBudget::Lease all = budget.Acquire(100);
  ByteBudget::Lease late = all;
  std::thread reader([&] { late = budget.Acquire(1); });
  budget.Close();
  reader.join();
  EXPECT_EQ(late, nullptr);
  EXPECT_EQ(budget.Acquire(1), nullptr);
  EXPECT_EQ(budget.used(), 100);
}

TEST(ByteBudgetTest, NeverExceedsItsLimitWithManyReleasers) {
  ByteBudget budget(1000);
  absl::Mutex mutex;
  std::vector<ByteBudget::Lease> held;
  std::atomic<bool> done = false;
  std::vector<std::thread> releasers;
  for (int i = 0; i < 3; ++i) {
    releasers.emplace_back([&] {
      for (bool last = false; !last;) {
        last = done;
        std::vector<ByteBudget::Lease> taken;
        absl::MutexLock lock(&mutex);
        taken.swap(held);
      }
    });
  }
  for (int i = 0; i < 2000; ++i) {
    ByteBudget::Lease lease = budget.Acquire(100 + i % 7);
    EXPECT_LE(budget.used(), 1000);
    absl::MutexLock lock(&mutex);
    held.push_back(std::move(lease));
  }
  done = true;
  for (std::thread& releaser : releasers) releaser.join();
  held.clear();
  EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace binlogd
