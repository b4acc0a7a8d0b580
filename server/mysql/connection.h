// One connection to a MySQL or MariaDB server. With binlog_dump.cc the only place that knows the client library.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "mysql/interrupter.h"
#include "mysql/server_error.h"

struct st_mysql;

namespace binlogd {

// As MySQL's clients name them. kPreferred goes on without TLS when the server offers none; from kRequired on nothing
// but the request for TLS is sent in clear, and from kVerifyCa on nothing before the certificate has been checked.
enum class TlsMode { kPreferred, kDisabled, kRequired, kVerifyCa, kVerifyIdentity };

struct TlsOptions {
  friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
  TlsMode mode = TlsMode::kPreferred;
  // Authorities that are trusted; empty: the system's. When it is set the chain is checked in every mode that uses TLS.
  std::string ca_file;
  // A client certificate and its key, for accounts that require one.
  std::string cert_file;
  std::string key_file;
};

struct Endpoint {
  std::string host;
  uint16_t port = 3306;

  // "db1:3306" or "[::1]:3306"
  std::string ToString() const;
};

// "host", "host:port", "[IPv6]" or "[IPv6]:port". INVALID_ARGUMENT otherwise.
absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text);

struct ConnectOptions {
  Endpoint endpoint;
  std::string user;
  std::string password;
  TlsOptions tls;
  absl::Duration connect_timeout = absl::Seconds(5);
  // How long a read may wait for the server before the connection counts as lost.
  absl::Duration read_timeout = absl::Seconds(30);
};

// A row of a result; a NULL is nullopt.
using ResultRow = std::vector<std::optional<std::string>>;

// Rows with the names of their columns.
struct ResultSet {
  std::vector<std::string> columns;
  std::vector<ResultRow> rows;

  // The value in the first row of the named column (case-insensitive); nullopt when there is no row or column, or it is
  // NULL.
  std::optional<std::string> First(absl::string_view column) const;
};

// Used by one thread; another may end its blocked calls through the Interrupter. Closes when destroyed.
//
// Errors name the endpoint. UNAVAILABLE: the server cannot be reached or the connection was lost, or it is shutting
// down; UNAUTHENTICATED (reason ACCESS_DENIED or AUTH_PLUGIN_UNSUPPORTED, permanent): user or password refused;
// PERMISSION_DENIED (MISSING_PRIVILEGE, permanent); FAILED_PRECONDITION (TLS_…, permanent): TLS asked for and not to be
// had, or a certificate that fails its check; INTERNAL (SERVER_ERROR): the server refuses a statement for another
// reason, see error_number(); CANCELLED: interrupted, whatever else went wrong.
class Connection {
 public:
  // `interrupter` outlives the connection.
  static absl::StatusOr<std::unique_ptr<Connection>> Connect(const ConnectOptions& options, Interrupter* interrupter);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs a statement and reads its whole result. Statements that return no rows give an empty set.
  absl::StatusOr<ResultSet> Query(absl::string_view sql);

  // `text` as an SQL string literal, quotes included.
  std::string Quote(absl::string_view text) const;

  const Endpoint& endpoint() const { return options_.endpoint; }
  // Whether the connection is encrypted, and how; empty when it is not.
  bool tls() const { return !tls_cipher().empty(); }
  std::string tls_cipher() const;
  // The number of the error that the last call ended with, the server's or the client library's; 0 after a success.
  unsigned error_number() const;

 private:
  friend class BinlogDump;
  Connection(const ConnectOptions& options, Interrupter* interrupter);
  absl::Status Open();
  absl::Status SetOptions();
  // Connects and logs in, in steps, so that it can be interrupted.
  absl::Status Establish();
  // The status for the client library's last error; `doing` says what was tried.
  absl::Status LastError(ServerCall call, absl::string_view doing) const;

  const ConnectOptions options_;
  Interrupter* const interrupter_;
  st_mysql* mysql_ = nullptr;
};

}  // namespace binlogd
