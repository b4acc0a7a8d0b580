#include "base/thread.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <memory>
#include <string>

#include "base/thread_pool.h"

namespace binlogd {
namespace {

std::string NameOfThisThread() {
  char name[kMostThreadName + 1] = {};
  EXPECT_EQ(pthread_getname_np(pthread_self(), name, sizeof name), 0);
  return name;
}

TEST(ThreadNameTest, HasBothWordsWhileTheyFit) {
  EXPECT_EQ(ThreadName("read", ':', "orders"), "read:orders");
  EXPECT_EQ(ThreadName("orders", '/', "archive"), "orders/archive");
  EXPECT_EQ(ThreadName("read", ':', "0123456789"), "read:0123456789");
  EXPECT_EQ(ThreadName("0123456789ab", '/', "s3"), "0123456789ab/s3");
  EXPECT_EQ(ThreadName("tap", ':', ""), "tap:");
}

TEST(ThreadNameTest, LosesTheMiddleOfWhatDoesNotFit) {
  EXPECT_EQ(ThreadName("read", ':', "shop-eu-west-02"), "read:shop-~t-02");
  EXPECT_EQ(ThreadName("shop-eu-west-02", '/', "archive"), "sho~-02/archive");
  EXPECT_EQ(ThreadName("shop-eu-west-02", '/', "archive-cold"), "sho~-02/arc~old");
  EXPECT_EQ(ThreadName("shop-eu-west-02", '/', "s3"), "shop-e~st-02/s3");
  for (size_t first = 0; first < 30; ++first) {
    for (size_t second = 0; second < 30; ++second) {
      const size_t all = ThreadName(std::string(first, 'a'), ':', std::string(second, 'b')).size();
      EXPECT_EQ(all, std::min(first + 1 + second, kMostThreadName)) << first << " and " << second;
    }
  }
}

TEST(StartThreadTest, TheThreadHasTheNameAndItsStarterKeepsItsOwn) {
  const std::string ours = NameOfThisThread();
  std::string theirs;
  StartThread("read:orders", [&theirs] { theirs = NameOfThisThread(); }).join();
  EXPECT_EQ(theirs, "read:orders");
  StartThread("more than Linux keeps", [&theirs] { theirs = NameOfThisThread(); }).join();
  EXPECT_EQ(theirs, "more than Linux");
  EXPECT_EQ(NameOfThisThread(), ours);
}

TEST(StartThreadTest, WorkIsMovedIn) {
  int got = 0;
  StartThread("moved", [&got, number = std::make_unique<int>(7)] { got = *number; }).join();
  EXPECT_EQ(got, 7);
}

TEST(StartThreadTest, ThreadsOfAPoolHaveItsName) {
  std::string theirs;
  {
    ThreadPool pool("calls", 1);
    pool.Run([&theirs] { theirs = NameOfThisThread(); });
  }
  EXPECT_EQ(theirs, "calls");
}

}  // namespace
}  // namespace binlogd
