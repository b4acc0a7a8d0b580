// A small HTTP server for pages that are made when they are asked for.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/certificate_files.h"

namespace binlogd {

struct PageAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

struct HttpServerOptions {
  // "host:port"; port 0 takes a free one.
  std::string address = {};
  // Outlives the server. Null: plaintext. Files that change are in force for the next connection; clients have to show
  // a certificate when there are authorities for them.
  CertificateFiles* certificates = nullptr;
  // The page of a path, on any of the server's threads; 404 is its to say. Only GET and HEAD come here.
  std::function<PageAnswer(const std::string& path)> page = {};

  // At most so many connections at a time. One more ends the oldest that has sent no whole request yet; where there is
  // none it waits until one ends. From half of them on a connection ends with its answer.
  size_t most_connections = 64;
  // For a handshake, and then the first byte of a request, to come.
  absl::Duration silent_time = absl::Seconds(3);
  // For the line and headers of a request to come, from the first byte on.
  absl::Duration request_time = absl::Seconds(10);
  // For an answer to be taken.
  absl::Duration answer_time = absl::Seconds(30);
  // For the next request of a connection to begin.
  absl::Duration idle_time = absl::Seconds(60);
};

// HTTP/1.1, GET and HEAD, of requests without a body and with at most 8 KiB of headers. Has two threads, so that a page
// that takes its time does not hold up another. Used by one thread.
class HttpServer {
 public:
  // UNAVAILABLE (METRICS_ADDRESS_IN_USE) when the address cannot be listened on.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Listen(HttpServerOptions options);
  ~HttpServer();  // Ends every connection.

  int port() const;

 private:
  struct Parts;
  explicit HttpServer(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace binlogd
