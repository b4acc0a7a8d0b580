#include "base/address.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

TEST(AddressTest, KnowsLoopback) {
  for (const char* address : {"127.0.0.1:7070", "127.1.2.3:0", "[::1]:7070", "localhost:7070", "unix:/run/binlogd"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
}

TEST(AddressTest, AnythingElseIsBeyondLoopback) {
  for (const char* address : {"0.0.0.0:7070", "[::]:7070", "192.168.1.5:7070", "db1:7070", "localhost.example.net:1",
                              "7070", "+7070", "", ":7070", "[::1:7070", "127.0.0.1:1,0.0.0.0:2", "[::ffff:1.2.3.4]:1",
                              "127.0.0.1.example.net:1", "128.0.0.1:1"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

}  // namespace
}  // namespace binlogd
