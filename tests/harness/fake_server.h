// A server that says one thing and notes what it hears.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <utility>

#include "base/file.h"

namespace binlogd::testing {

// Takes one connection on a free loopback port, sends `greeting`, and reads until the client hangs up or the server is
// destroyed.
class FakeServer {
 public:
  explicit FakeServer(std::string greeting) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_.get(), 8);
    getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, greeting = std::move(greeting)] { Serve(greeting); });
  }
  ~FakeServer() { Join(); }

  uint16_t port() const { return port_; }
  // Ends the server; all that the client sent.
  std::string Join() {
    shutdown(listener_.get(), SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    return heard_;
  }

 private:
  void Serve(const std::string& greeting) {
    const FileDescriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client.valid()) return;
    if (!greeting.empty()) send(client.get(), greeting.data(), greeting.size(), MSG_NOSIGNAL);
    char bytes[4096];
    while (true) {
      pollfd waits[] = {{client.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      poll(waits, 2, -1);
      if ((waits[1].revents & POLLHUP) != 0 && waits[0].revents == 0) return;
      if (waits[0].revents == 0) continue;
      const ssize_t count = recv(client.get(), bytes, sizeof(bytes), 0);
      if (count <= 0) return;
      heard_.append(bytes, static_cast<size_t>(count));
    }
  }

  FileDescriptor listener_;
  uint16_t port_ = 0;
  std::string heard_;
  std::thread thread_;
};

}  // namespace binlogd::testing
