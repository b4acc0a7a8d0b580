// How binlogd is reached.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace binlogd {

struct ConnectionOptions {
  // "host:port".
  std::string server = "127.0.0.1:7070";
  // TLS is spoken when any of these is set. The authorities are by default those that the system trusts.
  bool tls = false;
  std::string tls_ca;
  // The client's own certificate and key: both or neither.
  std::string tls_cert;
  std::string tls_key;
  // The name in the server's certificate, when it is not the host of `server`.
  std::string tls_server_name;
  // A file with the token that says who calls; empty: none is sent.
  std::string token_file;

  bool encrypted() const {
    return tls || !tls_ca.empty() || !tls_cert.empty() || !tls_key.empty() || !tls_server_name.empty();
  }
};

// A channel on which every call carries the token; it connects with the first call. Of the files: TLS_FILE_UNREADABLE,
// TOKEN_UNREADABLE, FILE_OPEN_TO_EVERYBODY when others may read a key or token. TOKEN_NEEDS_TLS when the token would
// travel readable for others.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const ConnectionOptions& options);

}  // namespace binlogd
