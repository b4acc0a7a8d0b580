#include "tests/harness/tcp_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "absl/random/random.h"
#include "base/error.h"

namespace binlogd::testing {
namespace {

constexpr size_t kChunk = 65536;

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

// On `*port`, or on any when it is 0.
FileDescriptor Listen(uint16_t* port) {
  FileDescriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address = Loopback(*port);
  socklen_t size = sizeof(address);
  if (bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener.get(), 64) != 0 ||
      getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return FileDescriptor();
  }
  *port = ntohs(address.sin_port);
  return listener;
}

// Closing sends a reset instead of an orderly end.
void ResetOnClose(const FileDescriptor& socket) {
  const linger now{1, 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

}  // namespace

// Two sockets, and what was read from one and not yet written to the other.
struct TcpProxy::Link {
  struct End {
    FileDescriptor socket;
    std::string incoming;  // Read here, to be written at the other end.
    bool ended = false;
  };
  End client;
  End server;

  // False when the link is done.
  bool Done() const { return client.ended && server.ended && client.incoming.empty() && server.incoming.empty(); }

  // Reads what is there. False when the connection broke.
  static bool Read(End* end) {
    if (end->ended || !end->incoming.empty()) return true;
    end->incoming.resize(kChunk);
    const ssize_t count = recv(end->socket.get(), end->incoming.data(), kChunk, MSG_DONTWAIT);
    end->incoming.resize(count > 0 ? static_cast<size_t>(count) : 0);
    if (count == 0) end->ended = true;
    return count >= 0 || errno == EAGAIN || errno == EINTR;
  }

  static bool Write(End* from, End* to) {
    if (!from->incoming.empty()) {
      const ssize_t count =
          send(to->socket.get(), from->incoming.data(), from->incoming.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (count > 0) from->incoming.erase(0, static_cast<size_t>(count));
      if (count < 0 && errno != EAGAIN && errno != EINTR) return false;
    }
    if (from->ended && from->incoming.empty()) shutdown(to->socket.get(), SHUT_WR);
    return true;
  }
};

uint16_t FreePort() {
  absl::BitGen random;
  while (true) {
    uint16_t port = absl::Uniform<uint16_t>(random, 10000, 30000);
    if (Listen(&port).valid()) return port;
  }
}

absl::StatusOr<std::unique_ptr<TcpProxy>> TcpProxy::Start(uint16_t target_port) {
  std::unique_ptr<TcpProxy> proxy(new TcpProxy);
  proxy->listener_ = Listen(&proxy->port_);
  proxy->wake_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!proxy->listener_.valid() || !proxy->wake_.valid()) return SystemError(errno, "start a proxy");
  proxy->SetTarget(target_port);
  proxy->thread_ = std::thread([raw = proxy.get()] { raw->Run(); });
  return proxy;
}

TcpProxy::~TcpProxy() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  Wake();
  if (thread_.joinable()) thread_.join();
}

void TcpProxy::Wake() { eventfd_write(wake_.get(), 1); }

void TcpProxy::SetTarget(uint16_t target_port) {
  absl::MutexLock lock(&mutex_);
  target_port_ = target_port;
}

void TcpProxy::CutAll() {
  {
    absl::MutexLock lock(&mutex_);
    cut_ = true;
  }
  Wake();
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(
      +[](TcpProxy* proxy) ABSL_NO_THREAD_SAFETY_ANALYSIS { return !proxy->cut_; }, this));
}

void TcpProxy::Stall(bool stall) {
  {
    absl::MutexLock lock(&mutex_);
    stall_ = stall;
  }
  Wake();
}

void TcpProxy::RefuseNew(bool refuse) {
  absl::MutexLock lock(&mutex_);
  refuse_ = refuse;
}

void TcpProxy::FailAfter(uint64_t bytes, bool cut) {
  absl::MutexLock lock(&mutex_);
  fails_ = true;
  fails_by_cut_ = cut;
  fails_after_ = bytes;
}

void TcpProxy::Heal() {
  {
    absl::MutexLock lock(&mutex_);
    fails_ = stall_ = refuse_ = client_waits_ = false;
  }
  Wake();
}

void TcpProxy::AwaitStalledClient() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&client_waits_));
}

void TcpProxy::CorruptNextByteAfter(uint64_t bytes) {
  absl::MutexLock lock(&mutex_);
  corrupt_ = true;
  corrupt_after_ = bytes;
}

uint64_t TcpProxy::connections() const {
  absl::MutexLock lock(&mutex_);
  return connections_;
}

uint64_t TcpProxy::bytes_from_server() const {
  absl::MutexLock lock(&mutex_);
  return bytes_from_server_;
}

void TcpProxy::CorruptIfDue(char* bytes, size_t size) {
  absl::MutexLock lock(&mutex_);
  bytes_from_server_ += size;
  if (!corrupt_) return;
  if (corrupt_after_ >= size) {
    corrupt_after_ -= size;
    return;
  }
  bytes[corrupt_after_] = static_cast<char>(bytes[corrupt_after_] ^ 0x10);
  corrupt_ = false;
}

bool TcpProxy::FailIfDue(size_t size) {
  absl::MutexLock lock(&mutex_);
  if (!fails_) return false;
  fails_after_ -= std::min<uint64_t>(fails_after_, size);
  if (fails_after_ > 0) return false;
  fails_ = false;
  if (fails_by_cut_) {
    cut_ = refuse_ = true;
  } else {
    stall_ = true;
  }
  return true;
}

bool TcpProxy::Forward(Link& link, bool stall) {
  const bool had_data = !link.server.incoming.empty();
  if (!Link::Read(&link.client)) return false;
  if (stall) {
    if (link.client.incoming.empty()) return true;
    absl::MutexLock lock(&mutex_);
    client_waits_ = true;
    return true;
  }
  if (!Link::Read(&link.server)) return false;
  if (!had_data && !link.server.incoming.empty()) {
    CorruptIfDue(link.server.incoming.data(), link.server.incoming.size());
    if (FailIfDue(link.server.incoming.size())) return true;
  }
  if (!Link::Write(&link.client, &link.server) || !Link::Write(&link.server, &link.client)) return false;
  return !link.Done();
}

void TcpProxy::Accept() {
  auto link = std::make_unique<Link>();
  link->client.socket = FileDescriptor(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!link->client.socket.valid()) return;
  ResetOnClose(link->client.socket);
  sockaddr_in target{};
  {
    absl::MutexLock lock(&mutex_);
    if (refuse_) return;
    target = Loopback(target_port_);
  }
  link->server.socket = FileDescriptor(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ResetOnClose(link->server.socket);
  if (connect(link->server.socket.get(), reinterpret_cast<sockaddr*>(&target), sizeof(target)) != 0) return;
  const int yes = 1;
  setsockopt(link->client.socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  setsockopt(link->server.socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  links_.push_back(std::move(link));
  absl::MutexLock lock(&mutex_);
  ++connections_;
}

void TcpProxy::Run() {
  while (true) {
    bool stall = false;
    {
      absl::MutexLock lock(&mutex_);
      if (stop_) break;
      if (cut_) links_.clear();
      cut_ = false;
      stall = stall_;
    }
    std::vector<pollfd> waits = {{wake_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const std::unique_ptr<Link>& link : links_) {
      const auto events = [&](const Link::End& self, const Link::End& other) {
        const bool held_back = stall && &self == &link->server;
        const bool reads = !held_back && !self.ended && self.incoming.empty();
        const bool writes = !stall && !other.incoming.empty();
        return static_cast<short>((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
      };
      // A descriptor that is not waited for must not wake the loop by its end either.
      const short client = events(link->client, link->server);
      const short server = events(link->server, link->client);
      waits.push_back({client != 0 ? link->client.socket.get() : -1, client, 0});
      waits.push_back({server != 0 ? link->server.socket.get() : -1, server, 0});
    }
    poll(waits.data(), waits.size(), -1);
    eventfd_t ignored = 0;
    eventfd_read(wake_.get(), &ignored);
    std::erase_if(links_, [this, stall](const std::unique_ptr<Link>& link) { return !Forward(*link, stall); });
    if ((waits[1].revents & POLLIN) != 0) Accept();
  }
  links_.clear();
}

}  // namespace binlogd::testing
