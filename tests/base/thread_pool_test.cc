#include "base/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace binlogd {
namespace {

TEST(ThreadPoolTest, TheDestructorRunsAllThatIsQueued) {
  std::atomic<int> ran = 0;
  {
    ThreadPool pool("test", 3);
    EXPECT_EQ(pool.size(), 3);
    for (int i = 0; i < 1000; ++i) pool.Run([&ran] { ++ran; });
  }
  EXPECT_EQ(ran, 1000);
}

TEST(ThreadPoolTest, OneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    ThreadPool pool("test", 1);
    for (int i = 0; i < 100; ++i) pool.Run([&order, i] { order.push_back(i); });
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[i], i);
}

TEST(ThreadPoolTest, RunsAsManyAtATimeAsItHasThreads) {
  absl::Mutex mutex;
  int arrived = 0;
  const auto all_here = [&arrived] { return arrived == 4; };
  ThreadPool pool("test", 4);
  for (int i = 0; i < 4; ++i) {
    pool.Run([&] {
      absl::MutexLock lock(&mutex);
      ++arrived;
      mutex.Await(absl::Condition(&all_here));  // Would wait for ever with fewer.
    });
  }
}

TEST(ThreadPoolTest, WorkMayQueueMoreWork) {
  std::atomic<int> ran = 0;
  std::function<void()> step;
  ThreadPool pool("test", 2);
  step = [&] {
    if (++ran < 50) pool.Run(step);
  };
  pool.Run(step);
  while (ran < 50) std::this_thread::yield();
}

TEST(ThreadPoolTest, APriorityIsOfItsThreadsAlone) {
  const int ours = getpriority(PRIO_PROCESS, 0);
  std::atomic<int> theirs = ours;
  {
    ThreadPool pool("test", 1, ThreadPool::kLowPriority);
    pool.Run([&theirs] { theirs = getpriority(PRIO_PROCESS, 0); });
  }
  EXPECT_EQ(theirs, ThreadPool::kLowPriority);
  EXPECT_EQ(getpriority(PRIO_PROCESS, 0), ours);
}

TEST(ThreadPoolTest, AnIdlePoolEnds) { ThreadPool pool("test", 8); }

}  // namespace
}  // namespace binlogd
