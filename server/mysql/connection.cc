#include "mysql/connection.h"

#include <errmsg.h>
#include <mysql.h>
#include <openssl/x509.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/address.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "mysql/tls_guard.h"

namespace binlogd {
namespace {

// The largest event that a server writes is its largest max_allowed_packet, 1 GiB, and a header.
constexpr size_t kMaxPacket = (size_t{1} << 30) + (size_t{1} << 20);

// Logging in loads plugins and shakes hands for TLS on the stack that the library makes for a connection in steps.
constexpr size_t kConnectStack = 512 << 10;

// All that prove the password without showing it to a server, or encrypt it.
constexpr char kAuthPlugins[] = "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519";

// Returns false when the library cannot be used at all. Thread-safe.
bool InitializeLibrary() {
  static const bool initialized = [] {
    if (mysql_library_init(0, nullptr, nullptr) != 0) return false;
    TlsGuard::Install();
    return true;
  }();
  return initialized;
}

unsigned WholeSeconds(absl::Duration duration) {
  return static_cast<unsigned>(
      std::clamp<int64_t>(absl::ToInt64Seconds(absl::Ceil(duration, absl::Seconds(1))), 1, 86400));
}

const char* OrNull(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

absl::Status CheckReadable(const std::string& path, absl::string_view field) {
  if (path.empty() || access(path.c_str(), R_OK) == 0) return absl::OkStatus();
  return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TLS_FILE_UNREADABLE",
                             SystemError(errno, absl::StrCat(field, " ", path)).message()));
}

// Waits for what the library waits for; returns what came of it, in the library's bits.
int WaitForSocket(MYSQL* mysql, int wanted) {
  pollfd descriptor{};
  descriptor.fd = mysql_get_socket(mysql);
  if (wanted & MYSQL_WAIT_READ) descriptor.events |= POLLIN;
  if (wanted & MYSQL_WAIT_WRITE) descriptor.events |= POLLOUT;
  if (wanted & MYSQL_WAIT_EXCEPT) descriptor.events |= POLLPRI;
  const int timeout = wanted & MYSQL_WAIT_TIMEOUT ? static_cast<int>(mysql_get_timeout_value_ms(mysql)) : -1;
  int count = 0;
  do {
    count = poll(&descriptor, 1, timeout);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return MYSQL_WAIT_TIMEOUT;
  // An error or a shut down socket counts as both readable and writable: the library finds out what it is.
  const bool broken = (descriptor.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
  int ready = 0;
  if ((descriptor.revents & POLLIN) != 0 || broken) ready |= MYSQL_WAIT_READ;
  if ((descriptor.revents & POLLOUT) != 0 || broken) ready |= MYSQL_WAIT_WRITE;
  if ((descriptor.revents & POLLPRI) != 0) ready |= MYSQL_WAIT_EXCEPT;
  return ready & wanted;
}

}  // namespace

std::string Endpoint::ToString() const {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<Endpoint> ParseEndpoint(absl::string_view text) {
  const auto refuse = [](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("endpoint ", why, "; write host, host:port, [IPv6] or [IPv6]:port"));
  };
  absl::StatusOr<HostAndPort> parsed = ParseHostAndPort(text);
  if (!parsed.ok()) return refuse(parsed.status().message());
  if (parsed->port == 0) return refuse(absl::StrCat(Shown(text), ": the port is not a number from 1 to 65535"));
  Endpoint endpoint;
  endpoint.host = std::move(parsed->host);
  endpoint.port = parsed->port.value_or(endpoint.port);
  return endpoint;
}

std::optional<std::string> ResultSet::First(absl::string_view column) const {
  if (rows.empty()) return std::nullopt;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (absl::EqualsIgnoreCase(columns[i], column)) return rows[0][i];
  }
  return std::nullopt;
}

Connection::Connection(const ConnectOptions& options, Interrupter* interrupter)
    : options_(options), interrupter_(interrupter) {}

Connection::~Connection() {
  if (mysql_ != nullptr) mysql_close(mysql_);
  interrupter_->Unwatch();
}

absl::StatusOr<std::unique_ptr<Connection>> Connection::Connect(const ConnectOptions& options,
                                                                Interrupter* interrupter) {
  std::unique_ptr<Connection> connection(new Connection(options, interrupter));
  RETURN_IF_ERROR(connection->Open());
  return connection;
}

absl::Status Connection::Open() {
  if (!InitializeLibrary() || (mysql_ = mysql_init(nullptr)) == nullptr) {
    return MakeError(absl::StatusCode::kInternal, "CLIENT_LIBRARY", "the MySQL client library cannot be initialized");
  }
  RETURN_IF_ERROR(SetOptions());
  return Establish();
}

absl::Status Connection::SetOptions() {
  const unsigned connect_seconds = WholeSeconds(options_.connect_timeout);
  const unsigned read_seconds = WholeSeconds(options_.read_timeout);
  const unsigned tcp = MYSQL_PROTOCOL_TCP;  // Or "localhost" would mean a Unix socket.
  const unsigned off = 0;
  const my_bool yes = 1;
  mysql_options(mysql_, MYSQL_OPT_NONBLOCK, &kConnectStack);
  mysql_options(mysql_, MYSQL_OPT_PROTOCOL, &tcp);
  mysql_options(mysql_, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
  mysql_options(mysql_, MYSQL_OPT_READ_TIMEOUT, &read_seconds);
  mysql_options(mysql_, MYSQL_OPT_WRITE_TIMEOUT, &read_seconds);
  mysql_options(mysql_, MYSQL_OPT_MAX_ALLOWED_PACKET, &kMaxPacket);
  mysql_options(mysql_, MYSQL_OPT_LOCAL_INFILE, &off);  // A server could ask for any file of this machine.
  mysql_options(mysql_, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_options(mysql_, MARIADB_OPT_RESTRICTED_AUTH, kAuthPlugins);
  mysql_optionsv(mysql_, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "binlogd");

  const TlsOptions& tls = options_.tls;
  if (tls.mode == TlsMode::kDisabled) return absl::OkStatus();
  RETURN_IF_ERROR(CheckReadable(tls.ca_file, "source.tls.ca_file"));
  RETURN_IF_ERROR(CheckReadable(tls.cert_file, "source.tls.cert_file"));
  RETURN_IF_ERROR(CheckReadable(tls.key_file, "source.tls.key_file"));
  mysql_options(mysql_, MYSQL_OPT_SSL_ENFORCE, &yes);
  // With an authority to check against, the library checks the chain in every mode; the name only when asked to.
  const bool verifies = tls.mode == TlsMode::kVerifyCa || tls.mode == TlsMode::kVerifyIdentity;
  const char* system_authorities = verifies && tls.ca_file.empty() ? X509_get_default_cert_dir() : nullptr;
  mysql_ssl_set(mysql_, OrNull(tls.key_file), OrNull(tls.cert_file), OrNull(tls.ca_file), system_authorities, nullptr);
  if (tls.mode == TlsMode::kVerifyIdentity) mysql_options(mysql_, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
  return absl::OkStatus();
}

absl::Status Connection::Establish() {
  const std::string doing = absl::StrCat("connect to ", options_.endpoint.ToString(), " as ", options_.user);
  std::optional<TlsGuard> guard;
  if (options_.tls.mode != TlsMode::kDisabled && options_.tls.mode != TlsMode::kPreferred) guard.emplace();

  MYSQL* connected = nullptr;
  int wanted = mysql_real_connect_start(&connected, mysql_, options_.endpoint.host.c_str(), options_.user.c_str(),
                                        options_.password.c_str(), nullptr, options_.endpoint.port, nullptr, 0);
  while (wanted != 0) {
    interrupter_->Watch(mysql_get_socket(mysql_));
    wanted = mysql_real_connect_cont(&connected, mysql_, WaitForSocket(mysql_, wanted));
  }
  if (guard.has_value() && guard->refused() && !interrupter_->interrupted()) {
    return ServerError(ServerCall::kConnect, CR_SSL_CONNECTION_ERROR, "the server does not support TLS", doing);
  }
  if (connected == nullptr) return LastError(ServerCall::kConnect, doing);
  interrupter_->Watch(mysql_get_socket(mysql_));
  if (interrupter_->interrupted()) return LastError(ServerCall::kConnect, doing);
  if (guard.has_value() && !tls()) {
    return ServerError(ServerCall::kConnect, CR_SSL_CONNECTION_ERROR, "the server does not support TLS", doing);
  }
  return absl::OkStatus();
}

absl::StatusOr<ResultSet> Connection::Query(absl::string_view sql) {
  const auto error = [this, sql] {
    constexpr size_t kShown = 60;
    return LastError(ServerCall::kStatement, absl::StrCat("query ", options_.endpoint.ToString(), " \"",
                                                          sql.substr(0, kShown), sql.size() > kShown ? "…\"" : "\""));
  };
  if (mysql_real_query(mysql_, sql.data(), sql.size()) != 0) return error();
  ResultSet result;
  const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> stored(mysql_store_result(mysql_), &mysql_free_result);
  if (stored == nullptr) {
    if (mysql_errno(mysql_) != 0) return error();
    return result;
  }
  const unsigned width = mysql_num_fields(stored.get());
  const MYSQL_FIELD* fields = mysql_fetch_fields(stored.get());
  for (unsigned i = 0; i < width; ++i) result.columns.emplace_back(fields[i].name, fields[i].name_length);
  while (MYSQL_ROW values = mysql_fetch_row(stored.get())) {
    const unsigned long* lengths = mysql_fetch_lengths(stored.get());
    ResultRow& row = result.rows.emplace_back(width);
    for (unsigned i = 0; i < width; ++i) {
      if (values[i] != nullptr) row[i].emplace(values[i], lengths[i]);
    }
  }
  return result;
}

std::string Connection::Quote(absl::string_view text) const {
  std::string quoted(text.size() * 2 + 1, '\0');
  quoted.resize(mysql_real_escape_string(mysql_, quoted.data(), text.data(), text.size()));
  return absl::StrCat("'", quoted, "'");
}

std::string Connection::tls_cipher() const {
  const char* cipher = mysql_get_ssl_cipher(mysql_);
  return cipher == nullptr ? "" : cipher;
}

unsigned Connection::error_number() const { return mysql_errno(mysql_); }

absl::Status Connection::LastError(ServerCall call, absl::string_view doing) const {
  if (interrupter_->interrupted()) {
    return MakeError(absl::StatusCode::kCancelled, "INTERRUPTED", absl::StrCat(doing, ": interrupted"));
  }
  return ServerError(call, mysql_errno(mysql_), mysql_error(mysql_), doing);
}

}  // namespace binlogd
