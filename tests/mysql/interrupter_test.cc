#include "mysql/interrupter.h"

#include <gtest/gtest.h>

#include <thread>

namespace binlogd {
namespace {

TEST(InterrupterTest, AWaitEndsWithTheInterrupt) {
  Interrupter interrupter;
  bool interrupted = false;
  std::thread waiting([&] { interrupted = interrupter.Wait(absl::InfiniteDuration()); });
  interrupter.Interrupt();
  waiting.join();
  EXPECT_TRUE(interrupted);
  EXPECT_TRUE(interrupter.Wait(absl::InfiniteDuration())) << "it was interrupted before";
}

TEST(InterrupterTest, AWaitWithoutAnInterruptEndsByItself) {
  Interrupter interrupter;
  interrupter.Interrupt();
  interrupter.Reset();
  EXPECT_FALSE(interrupter.Wait(absl::Milliseconds(1)));
}

}  // namespace
}  // namespace binlogd
