#include "tests/harness/fake_http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace binlogd::testing {
namespace {

bool SendAll(int socket, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

// Reads until `unread` has `size` bytes.
bool ReadUpTo(int socket, size_t size, std::string* unread) {
  char bytes[65536];
  while (unread->size() < size) {
    const ssize_t count = recv(socket, bytes, sizeof(bytes), 0);
    if (count <= 0) return false;
    unread->append(bytes, static_cast<size_t>(count));
  }
  return true;
}

HeardRequest ParseHead(absl::string_view head) {
  HeardRequest request;
  const std::vector<std::string> lines = absl::StrSplit(head, "\r\n");
  const std::vector<std::string> words = absl::StrSplit(lines.front(), ' ');
  const std::pair<std::string, std::string> target = absl::StrSplit(words.at(1), absl::MaxSplits('?', 1));
  request.method = words.front();
  request.path = target.first;
  request.query = target.second;
  for (const std::string& line : lines) {
    const std::pair<std::string, std::string> field = absl::StrSplit(line, absl::MaxSplits(": ", 1));
    if (!field.second.empty()) request.headers[absl::AsciiStrToLower(field.first)] = field.second;
  }
  return request;
}

}  // namespace

std::string HeardRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

FakeHttpServer::FakeHttpServer(Handler handler)
    : handler_(std::move(handler)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size);
  listen(listener_.get(), 64);
  getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

FakeHttpServer::~FakeHttpServer() {
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
    for (const FileDescriptor& socket : sockets_) shutdown(socket.get(), SHUT_RDWR);
  }
  shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

std::string FakeHttpServer::origin() const { return absl::StrCat("http://127.0.0.1:", port_); }

std::vector<HeardRequest> FakeHttpServer::heard() const {
  absl::MutexLock lock(&mutex_);
  return heard_;
}

void FakeHttpServer::AwaitRequests(size_t count) const {
  absl::MutexLock lock(&mutex_);
  const auto arrived = [this, count]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return heard_.size() >= count; };
  mutex_.Await(absl::Condition(&arrived));
}

void FakeHttpServer::Accept() {
  for (;;) {
    FileDescriptor client(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    absl::MutexLock lock(&mutex_);
    if (!client.valid() || ending_) return;
    const int socket = client.get();
    sockets_.push_back(std::move(client));
    threads_.emplace_back([this, socket] { Serve(socket); });
  }
}

void FakeHttpServer::Serve(int socket) {
  std::string unread;
  while (ServeOne(socket, &unread)) continue;
  shutdown(socket, SHUT_RDWR);
}

bool FakeHttpServer::ServeOne(int socket, std::string* unread) {
  constexpr char kEnd[] = "\r\n\r\n";
  while (unread->find(kEnd) == std::string::npos) {
    if (!ReadUpTo(socket, unread->size() + 1, unread)) return false;
  }
  const size_t end = unread->find(kEnd);
  HeardRequest request = ParseHead(absl::string_view(*unread).substr(0, end));
  unread->erase(0, end + 4);
  size_t size = 0;
  if (!absl::SimpleAtoi(request.header("content-length"), &size)) size = 0;
  if (!request.header("expect").empty() && !SendAll(socket, "HTTP/1.1 100 Continue\r\n\r\n")) return false;
  if (!ReadUpTo(socket, size, unread)) return false;
  request.body = unread->substr(0, size);
  unread->erase(0, size);

  const FakeReply reply = Answer(request);
  switch (reply.way) {
    case FakeReply::Way::kRaw: SendAll(socket, reply.body); return false;
    case FakeReply::Way::kCut: return false;
    case FakeReply::Way::kHang: ReadUpTo(socket, unread->size() + 1, unread); return false;
    case FakeReply::Way::kWhole: break;
  }
  std::string head = absl::StrCat("HTTP/1.1 ", reply.status, " Said\r\n");
  for (const auto& [name, value] : reply.headers) absl::StrAppend(&head, name, ": ", value, "\r\n");
  if (reply.headers.count("Content-Length") == 0) absl::StrAppend(&head, "Content-Length: ", reply.body.size(), "\r\n");
  return SendAll(socket, absl::StrCat(head, "\r\n", request.method == "HEAD" ? "" : reply.body));
}

FakeReply FakeHttpServer::Answer(const HeardRequest& request) {
  {
    absl::MutexLock lock(&mutex_);
    heard_.push_back(request);
  }
  absl::MutexLock lock(&handler_mutex_);
  return handler_(request);
}

}  // namespace binlogd::testing
