// One connection of an HttpServer. Only http_server.cc includes this: all of Boost is behind it.
#pragma once

#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/time/time.h"
#include "telemetry/http_server.h"

namespace binlogd {

// What a connection needs of its server, which outlives it.
struct HttpConnectionContext {
  const HttpServerOptions* options;
  // Whether a connection may stay open after an answer.
  std::function<bool()> may_stay;
  std::function<void()> on_request;  // One came as a whole.
  std::function<void()> on_end;
};

// Lives as long as an operation of its own is under way. `Stream` is a tcp_stream, or one below TLS.
template <typename Stream>
class HttpConnection : public std::enable_shared_from_this<HttpConnection<Stream>> {
 public:
  static constexpr size_t kMostHeaderBytes = 8 << 10;
  static constexpr size_t kMostDrained = 1 << 20;
  static constexpr absl::Duration kLinger = absl::Seconds(1);
  static constexpr bool kTls = !std::is_same_v<Stream, boost::beast::tcp_stream>;

  template <typename... StreamArguments>
  HttpConnection(HttpConnectionContext context, boost::asio::ip::tcp::socket socket, StreamArguments&... arguments)
      : context_(std::move(context)), stream_(std::move(socket), arguments...) {}
  ~HttpConnection() { context_.on_end(); }

  void Begin() {
    boost::asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] { self->Open(); });
  }
  // Ends it, whatever it does. Thread-safe.
  void End() {
    boost::asio::dispatch(stream_.get_executor(), [self = this->shared_from_this()] { self->tcp().close(); });
  }

 private:
  using Error = boost::beast::error_code;

  boost::beast::tcp_stream& tcp() { return boost::beast::get_lowest_layer(stream_); }

  void AllowTime(absl::Duration time) { tcp().expires_after(absl::ToChronoMilliseconds(time)); }

  void Open() {
    AllowTime(context_.options->silent_time);
    if constexpr (kTls) {
      stream_.async_handshake(boost::asio::ssl::stream_base::server, [self = this->shared_from_this()](Error error) {
        if (!error) self->AwaitRequest();
      });
    } else {
      AwaitRequest();
    }
  }

  // Waits for a request to begin; then it has to come within its time, however slowly its bytes do.
  void AwaitRequest() {
    if (!received_.empty()) return ReadRequest();
    stream_.async_read_some(boost::asio::buffer(chunk_), [self = this->shared_from_this()](Error error, size_t bytes) {
      if (error) return;
      self->received_.append(self->chunk_.data(), bytes);
      self->ReadRequest();
    });
  }

  void ReadRequest() {
    AllowTime(context_.options->request_time);
    // Whole before it is parsed: the parser's own limit is one for each read.
    boost::asio::async_read_until(stream_, boost::asio::dynamic_buffer(received_, kMostHeaderBytes), "\r\n\r\n",
                                  [self = this->shared_from_this()](Error error, size_t bytes) {
                                    if (error == boost::asio::error::not_found) {
                                      self->Refuse(431, "the headers are too large\n");
                                    } else if (!error) {
                                      self->Answer(bytes);
                                    }
                                  });
  }

  // The first `header_bytes` of the buffer are a request, without its body.
  void Answer(size_t header_bytes) {
    context_.on_request();
    namespace http = boost::beast::http;
    parser_.emplace();
    parser_->eager(false);
    Error error;
    parser_->put(boost::asio::buffer(received_.data(), header_bytes), error);
    received_.erase(0, header_bytes);
    if (error || !parser_->is_header_done()) return Refuse(400, "this is no request\n");
    const auto& request = parser_->get();
    const bool head = request.method() == http::verb::head;
    const bool reads = head || request.method() == http::verb::get;
    // A body is not read, so that what follows it cannot be told from it.
    const bool stay = request.keep_alive() && parser_->is_done() && reads && context_.may_stay();
    if (!reads) return Refuse(405, "only GET and HEAD\n");
    const std::string target(request.target());
    Write(context_.options->page(target.substr(0, target.find('?'))), stay, head);
  }

  void Refuse(int status, const char* why) {
    Write({status, "text/plain; charset=utf-8", why}, /*stay=*/false, /*head=*/false);
  }

  void Write(PageAnswer answer, bool stay, bool head) {
    namespace http = boost::beast::http;
    response_.emplace(http::int_to_status(static_cast<unsigned>(answer.status)), 11);
    response_->set(http::field::content_type, answer.content_type);
    response_->set(http::field::cache_control, "no-store");
    response_->set("X-Content-Type-Options", "nosniff");
    // The pages need nothing but their own style sheet.
    response_->set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
    if (answer.status == 405) response_->set(http::field::allow, "GET, HEAD");
    response_->keep_alive(stay);
    response_->content_length(answer.body.size());
    if (!head) response_->body() = std::move(answer.body);
    AllowTime(context_.options->answer_time);
    http::async_write(stream_, *response_, [self = this->shared_from_this(), stay](Error error, size_t) {
      if (error) return;
      if (!stay) return self->Close();
      self->AllowTime(self->context_.options->idle_time);
      self->AwaitRequest();
    });
  }

  void Close() {
    if constexpr (kTls) {
      stream_.async_shutdown([self = this->shared_from_this()](Error) {});
    } else {
      Error ignored;
      (void)tcp().socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
      AllowTime(kLinger);
      Drain(kMostDrained);
    }
  }

  // A connection that is closed with bytes unread takes the answer back from its client.
  void Drain(size_t left) {
    stream_.async_read_some(boost::asio::buffer(chunk_),
                            [self = this->shared_from_this(), left](Error error, size_t bytes) {
                              if (!error && bytes < left) self->Drain(left - bytes);
                            });
  }

  const HttpConnectionContext context_;
  Stream stream_;
  std::array<char, kMostHeaderBytes> chunk_{};
  std::string received_;  // And not answered.
  std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
  std::optional<boost::beast::http::response<boost::beast::http::string_body>> response_;
};

}  // namespace binlogd
