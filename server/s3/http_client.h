// HTTP requests that are bounded in every way and that another thread can end.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "s3/object_body.h"

namespace binlogd {

struct HttpRequest {
  std::string method;
  std::string url;                             // http or https; encoded, and sent as it is.
  std::map<std::string, std::string> headers;  // None of them has control characters (IsHeaderValue).
  absl::string_view body;
  ObjectBody* upload = nullptr;        // In place of `body`, of PUT and POST: read as it is sent. Outlives the request.
  size_t most_answer_bytes = 1 << 20;  // Of the answer's body.
  std::string ca_file;                 // PEM; empty: the system's.
  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration stall_timeout = absl::Seconds(30);  // Without a byte either way; in whole seconds.
  bool without_proxy = false;                        // Not even one that the environment names.
};

struct HttpAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // Names in lower case; of several of a name the last.
  std::string body;

  // Empty when there is none.
  absl::string_view header(const std::string& name) const;
};

// Printable ASCII and spaces.
bool IsHeaderValue(absl::string_view value);

// "scheme://host:port" of a URL.
std::string OriginOf(absl::string_view url);

// Whether a URL is scheme://host[:port] of http or https and no more.
bool IsOrigin(const std::string& url);

// Thread-safe: each request that is under way has a connection of its own, which is kept for later ones. Follows no
// redirection, takes no compressed answer, and checks the server's certificate and name whenever the scheme is https.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();  // No request may be under way.
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any answer with a status is one. Errors, each of which names the origin:
  //   UNAVAILABLE: ENDPOINT_UNREACHABLE, CONNECTION_LOST, CONNECTION_STALLED; what was sent may have had its effect
  //   FAILED_PRECONDITION, permanent: TLS_CERTIFICATE_REJECTED, TLS_HANDSHAKE_FAILED, TLS_FILE_UNREADABLE
  //   INTERNAL: ANSWER_INVALID, no HTTP or too large
  //   CANCELLED: interrupted
  // An upload that cannot be read ends the request with its own error, which does not.
  absl::StatusOr<HttpAnswer> Execute(const HttpRequest& request);

  // Ends requests and waits that are under way, and those to come.
  void Interrupt();
  // Waits, at most until an interrupt. Whether there was one.
  bool Wait(absl::Duration duration) const;

 private:
  class Session;

  std::unique_ptr<Session> TakeSession();
  void GiveBack(std::unique_ptr<Session> session);

  mutable absl::Mutex mutex_;
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Session*> active_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Session>> idle_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
