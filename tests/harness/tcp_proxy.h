// A network that fails on demand.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/file.h"

namespace binlogd::testing {

// Forwards TCP connections from a free loopback port to another one, on a thread of its own that is joined on
// destruction. Thread-safe.
class TcpProxy {
 public:
  static absl::StatusOr<std::unique_ptr<TcpProxy>> Start(uint16_t target_port);
  ~TcpProxy();

  uint16_t port() const { return port_; }
  // From the next connection on. For a server that came back elsewhere.
  void SetTarget(uint16_t target_port);

  // Resets every connection there is.
  void CutAll();
  // While true nothing is forwarded in either direction; connections stay open.
  void Stall(bool stall);
  // While true new connections are reset.
  void RefuseNew(bool refuse);
  // When the server has sent `bytes` further bytes, counted over all connections, the network is as Stall(true) makes
  // it or, with `cut`, as CutAll and RefuseNew(true) do; the bytes that reach the count are lost or wait. Once.
  void FailAfter(uint64_t bytes, bool cut);
  // As if FailAfter, Stall and RefuseNew had never been called.
  void Heal();
  // Waits until a client has sent something while the network stalls.
  void AwaitStalledClient();
  // Flips one bit of what the server sends, after `bytes` further bytes over all connections. Once.
  void CorruptNextByteAfter(uint64_t bytes);

  // Connections accepted so far, those refused left out.
  uint64_t connections() const;
  // Bytes forwarded from the server so far.
  uint64_t bytes_from_server() const;

 private:
  struct Link;
  TcpProxy() = default;
  void Run();
  void Wake();
  void Accept();
  void CorruptIfDue(char* bytes, size_t size);
  // Whether the network has failed now.
  bool FailIfDue(size_t size);
  // Forwards what a link has; false when it has ended.
  bool Forward(Link& link, bool stall);

  FileDescriptor listener_;
  FileDescriptor wake_;
  uint16_t port_ = 0;
  std::vector<std::unique_ptr<Link>> links_;  // Of the thread only.

  mutable absl::Mutex mutex_;
  uint16_t target_port_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool cut_ ABSL_GUARDED_BY(mutex_) = false;
  bool stall_ ABSL_GUARDED_BY(mutex_) = false;
  bool refuse_ ABSL_GUARDED_BY(mutex_) = false;
  bool client_waits_ ABSL_GUARDED_BY(mutex_) = false;
  bool fails_ ABSL_GUARDED_BY(mutex_) = false;
  bool fails_by_cut_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t fails_after_ ABSL_GUARDED_BY(mutex_) = 0;
  bool corrupt_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t corrupt_after_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t connections_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_from_server_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

// A loopback port that nobody listened on a moment ago. Not one of those that the kernel gives to clients, so that it
// stays free while a server is restarted, and no client that tries it in vain meets itself there.
uint16_t FreePort();

}  // namespace binlogd::testing
