#include "base/address.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

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

TEST(AddressTest, PortsAreNumbersAndNotTakenModuloAnything) {
  for (const char* port : {"65536", "65537", "72606", "4294967296", "-1", "+1", " 1", "1 ", "0x10", "", "x", "1.0"}) {
    const std::string address = std::string("127.0.0.1:") + port;
    EXPECT_FALSE(ParseHostAndPort(address).ok()) << address;
    EXPECT_EQ(ErrorReason(CheckListenAddress("--listen", address, true)), "ADDRESS_INVALID") << address;
    EXPECT_EQ(ErrorReason(CheckServerAddress("--server", address)), "ADDRESS_INVALID") << address;
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

TEST(AddressTest, WhereToListen) {
  for (const char* address : {"127.0.0.1:0", "0.0.0.0:7070", "[::]:65535", "localhost:1", "unix:/run/binlogd.sock"}) {
    EXPECT_TRUE(CheckListenAddress("--listen", address, true).ok()) << address;
  }
  for (const char* address : {"foo", "", ":", ":7070", "7070", "[::1]", "::1:7070", "a b:1", "127.0.0.1:1,0.0.0.0:2"}) {
    const absl::Status refused = CheckListenAddress("--listen", address, true);
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << address;
    EXPECT_EQ(ErrorReason(refused), "ADDRESS_INVALID");
    EXPECT_NE(refused.message().find("--listen: "), absl::string_view::npos) << refused;
    EXPECT_NE(refused.message().find("for example 127.0.0.1:7070"), absl::string_view::npos) << refused;
  }
  EXPECT_FALSE(CheckListenAddress("--metrics-listen", "unix:/run/binlogd.sock", false).ok());
  EXPECT_LT(CheckListenAddress("--listen", std::string(1000000, 'a'), true).message().size(), 500u);
}

TEST(AddressTest, WhereToCall) {
  for (const char* address : {"127.0.0.1:7070", "db-tools:1", "[::1]:65535", "unix:/run/binlogd.sock",
                              "unix-abstract:binlogd", "dns:///binlogd:7070", "ipv4:127.0.0.1:7070"}) {
    EXPECT_TRUE(CheckServerAddress("--server", address).ok()) << address;
  }
  for (const char* address : {"db-tools", "db-tools:0", "http://db-tools:7070", "", "db-tools:70700"}) {
    const absl::Status refused = CheckServerAddress("--server", address);
    EXPECT_EQ(ErrorReason(refused), "ADDRESS_INVALID") << address;
    EXPECT_NE(refused.message().find("HOST:PORT"), absl::string_view::npos) << refused;
  }
}

}  // namespace
}  // namespace binlogd
