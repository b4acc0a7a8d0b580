#include "telemetry/http_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/address.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "base/thread.h"
#include "telemetry/http_connection.h"

namespace binlogd {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::beast::error_code;
using PlainConnection = HttpConnection<boost::beast::tcp_stream>;
using TlsConnection = HttpConnection<boost::beast::ssl_stream<boost::beast::tcp_stream>>;

constexpr int kThreads = 2;
constexpr std::chrono::milliseconds kPause(100);

absl::Status CannotListen(const std::string& address, absl::string_view why) {
  return MakeError(absl::StatusCode::kUnavailable, "METRICS_ADDRESS_IN_USE",
                   absl::StrCat("cannot serve metrics on ", address, ": ", why, "; name another --metrics-listen"));
}

// What CertificateFiles gives out fits together, so that nothing here fails but for memory.
std::shared_ptr<asio::ssl::context> MakeTls(const TlsMaterial& material, error_code* error) {
  auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  // A session that is resumed would outlive the authorities that let it in.
  SSL_CTX_set_session_cache_mode(tls->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(tls->native_handle(), SSL_OP_NO_TICKET);
  tls->use_certificate_chain(asio::buffer(material.certificate), *error);
  if (!*error) tls->use_private_key(asio::buffer(material.key), asio::ssl::context::pem, *error);
  if (*error || material.client_ca.empty()) return tls;
  tls->add_certificate_authority(asio::buffer(material.client_ca), *error);
  if (!*error) tls->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, *error);
  return tls;
}

// "host:port" or "[host]:port".
absl::StatusOr<tcp::endpoint> Resolve(asio::io_context& context, const std::string& address) {
  const absl::StatusOr<HostAndPort> parsed = ParseHostAndPort(address);
  if (!parsed.ok() || !parsed->port) return CannotListen(address, "it is no host:port");
  error_code error;
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(parsed->host, std::to_string(*parsed->port), tcp::resolver::passive, error);
  if (error || found.empty()) return CannotListen(address, error.message());
  return found.begin()->endpoint();
}

}  // namespace

struct HttpServer::Parts {
  explicit Parts(HttpServerOptions o) : options(std::move(o)), acceptor(asio::make_strand(io)) {}

  absl::Status Open() {
    ASSIGN_OR_RETURN(const tcp::endpoint endpoint, Resolve(io, options.address));
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    return error ? CannotListen(options.address, error.message()) : absl::OkStatus();
  }

  void Accept() {
    {
      absl::MutexLock lock(&mutex);
      accepting = connections < options.most_connections || !silent.empty();
      if (!accepting) return;
    }
    acceptor.async_accept(asio::make_strand(io), [this](error_code error, tcp::socket socket) {
      if (error) return AcceptLater();
      MakeRoom();
      Serve(std::move(socket));
      Accept();
    });
  }

  // For one more connection: who says nothing keeps nobody out.
  void MakeRoom() {
    std::function<void()> end_oldest;
    {
      absl::MutexLock lock(&mutex);
      if (++connections <= options.most_connections || silent.empty()) return;
      end_oldest = std::move(silent.extract(silent.begin()).mapped());
    }
    end_oldest();
  }

  // The process has no file left for a connection, for one.
  void AcceptLater() {
    pause.expires_after(kPause);
    pause.async_wait([this](error_code error) {
      if (!error) Accept();
    });
  }

  template <typename Connection>
  void Begin(uint64_t number, const std::shared_ptr<Connection>& connection) {
    {
      absl::MutexLock lock(&mutex);
      silent[number] = [weak = std::weak_ptr<Connection>(connection)] {
        if (const auto standing = weak.lock()) standing->End();
      };
    }
    connection->Begin();
  }

  void Serve(tcp::socket socket) {
    const uint64_t number = next_number++;
    HttpConnectionContext context{&options,
                                  [this] {
                                    absl::MutexLock lock(&mutex);
                                    return connections * 2 <= options.most_connections;
                                  },
                                  [this, number] {
                                    absl::MutexLock lock(&mutex);
                                    silent.erase(number);
                                  },
                                  [this, number] { OnEnd(number); }};
    if (options.certificates == nullptr) {
      return Begin(number, std::make_shared<PlainConnection>(std::move(context), std::move(socket)));
    }
    const std::shared_ptr<const TlsMaterial> current = options.certificates->Current();
    if (tls == nullptr || current != material) {
      error_code error;
      std::shared_ptr<asio::ssl::context> made = MakeTls(*current, &error);
      if (!error) {
        tls = std::move(made);
        material = current;
      }
    }
    if (tls == nullptr) return OnEnd(number);
    Begin(number, std::make_shared<TlsConnection>(std::move(context), std::move(socket), *tls));
  }

  // A connection has ended: one that waited may come.
  void OnEnd(uint64_t number) {
    bool go_on = false;
    {
      absl::MutexLock lock(&mutex);
      --connections;
      silent.erase(number);
      go_on = !accepting && !closing;
      if (go_on) accepting = true;
    }
    if (go_on) asio::post(acceptor.get_executor(), [this] { Accept(); });
  }

  // Before `io`, whose end is the end of every connection.
  absl::Mutex mutex;
  size_t connections ABSL_GUARDED_BY(mutex) = 0;
  // How to end those that have sent no whole request yet, the oldest first.
  std::map<uint64_t, std::function<void()>> silent ABSL_GUARDED_BY(mutex);
  bool accepting ABSL_GUARDED_BY(mutex) = false;
  bool closing ABSL_GUARDED_BY(mutex) = false;

  const HttpServerOptions options;
  asio::io_context io{kThreads};
  tcp::acceptor acceptor;
  // Used by the acceptor's strand.
  uint64_t next_number = 1;  // Of a connection.
  std::shared_ptr<const TlsMaterial> material;
  std::shared_ptr<asio::ssl::context> tls;  // What was made of it; connections that stand share it.
  asio::steady_timer pause{acceptor.get_executor()};
  std::vector<std::thread> threads;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Listen(HttpServerOptions options) {
  auto parts = std::make_unique<Parts>(std::move(options));
  RETURN_IF_ERROR(parts->Open());
  parts->Accept();
  for (int i = 0; i < kThreads; ++i) {
    parts->threads.push_back(StartThread("metrics", [io = &parts->io] { io->run(); }));
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(parts)));
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

HttpServer::~HttpServer() {
  {
    absl::MutexLock lock(&parts_->mutex);
    parts_->closing = true;
  }
  parts_->io.stop();
  for (std::thread& thread : parts_->threads) thread.join();
}

int HttpServer::port() const {
  error_code error;
  const tcp::endpoint endpoint = parts_->acceptor.local_endpoint(error);
  return error ? 0 : endpoint.port();
}

}  // namespace binlogd
