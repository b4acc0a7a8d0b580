// Speaks HTTP byte by byte, as no library would.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

namespace binlogd::testing {

// One connection to a port of this machine. A read that takes longer than a minute fails.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    const timeval timeout{60, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  }
  ~RawClient() { ::close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool Send(const std::string& bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }
  // Everything until the other side closes the connection.
  std::string ReadToEnd() const {
    std::string all;
    while (ReadSome(&all)) continue;
    return all;
  }
  // An answer, as far as `end` of it.
  std::string ReadUntil(const std::string& end) const {
    std::string all;
    while (all.find(end) == std::string::npos && ReadSome(&all)) continue;
    return all;
  }

 private:
  bool ReadSome(std::string* all) const {
    std::array<char, 4096> buffer{};
    const ssize_t got = ::recv(socket_, buffer.data(), buffer.size(), 0);
    EXPECT_TRUE(got >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) << "the server is silent";
    if (got > 0) all->append(buffer.data(), static_cast<size_t>(got));
    return got > 0;
  }

  const int socket_;
};

}  // namespace binlogd::testing
