// An HTTP server that answers what a test says.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/file.h"

namespace binlogd::testing {

struct HeardRequest {
  std::string method;
  std::string path;                            // As it was sent, without the query.
  std::string query;                           // As it was sent.
  std::map<std::string, std::string> headers;  // Names in lower case.
  std::string body;

  std::string header(const std::string& name) const;
};

struct FakeReply {
  int status = 200;
  std::map<std::string, std::string> headers;
  std::string body;

  enum class Way {
    kWhole,
    kRaw,   // The body as it is in place of a whole answer, and the connection is closed.
    kCut,   // The connection is closed without an answer.
    kHang,  // Nothing, until the server ends or the client hangs up.
  };
  Way way = Way::kWhole;
};

// Listens on a free loopback port; each connection has a thread, all of which are joined by the destructor.
// Thread-safe.
class FakeHttpServer {
 public:
  // Called for one request at a time; must not call the server.
  using Handler = std::function<FakeReply(const HeardRequest&)>;

  explicit FakeHttpServer(Handler handler);
  ~FakeHttpServer();

  uint16_t port() const { return port_; }
  std::string origin() const;  // "http://127.0.0.1:PORT"
  std::vector<HeardRequest> heard() const;
  // Waits until `count` requests have come.
  void AwaitRequests(size_t count) const;

 private:
  void Accept();
  void Serve(int socket);
  // False when the connection ends.
  bool ServeOne(int socket, std::string* unread);
  FakeReply Answer(const HeardRequest& request);

  const Handler handler_;
  FileDescriptor listener_;
  uint16_t port_ = 0;
  std::thread acceptor_;
  mutable absl::Mutex mutex_;
  std::vector<HeardRequest> heard_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<FileDescriptor> sockets_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  absl::Mutex handler_mutex_;
};

}  // namespace binlogd::testing
