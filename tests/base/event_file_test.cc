#include "base/event_file.h"

#include <gtest/gtest.h>
#include <poll.h>

namespace binlogd {
namespace {

bool IsReadable(const EventFile& event) {
  pollfd polled = {event.descriptor(), POLLIN, 0};
  return poll(&polled, 1, 0) == 1;
}

TEST(EventFileTest, IsReadableFromRaiseToTake) {
  const EventFile event;
  EXPECT_FALSE(IsReadable(event));
  EXPECT_FALSE(event.Take());
  event.Raise();
  event.Raise();
  EXPECT_TRUE(IsReadable(event));
  EXPECT_TRUE(event.Take());
  EXPECT_FALSE(IsReadable(event));
  EXPECT_FALSE(event.Take());
}

}  // namespace
}  // namespace binlogd
