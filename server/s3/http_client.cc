#include "s3/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

using absl::StatusCode;

constexpr size_t kMostHeaderBytes = 128 << 10;
// A server that sends a byte now and then does not hold a request for ever: these bounds are far below any network's
// speed that is of use.
constexpr absl::Duration kLeastLimit = absl::Seconds(60);
constexpr size_t kSlowestBytesPerSecond = 16 << 10;
constexpr long kUploadBuffer = 256 << 10;

bool InitializeLibrary() {
  static const bool done = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return done;
}

struct FreeHeaders {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeHeaders>;

// What arrives of an answer.
struct Arrival {
  HttpAnswer answer;
  size_t header_bytes = 0;
  bool headers_whole = false;
  size_t most_body_bytes = 0;
  bool too_large = false;
};

size_t TakeHeader(char* data, size_t one, size_t count, void* context) {
  auto& arrival = *static_cast<Arrival*>(context);
  const size_t size = one * count;
  arrival.header_bytes += size;
  if (arrival.header_bytes > kMostHeaderBytes) {
    arrival.too_large = true;
    return 0;
  }
  const absl::string_view line = absl::StripAsciiWhitespace(absl::string_view(data, size));
  const size_t colon = line.find(':');
  if (line.empty()) {
    arrival.headers_whole = true;
  } else if (absl::StartsWith(line, "HTTP/")) {
    arrival.headers_whole = false;
    arrival.answer.headers.clear();  // Those of an interim answer (100 Continue) are not the answer's.
  } else if (colon != absl::string_view::npos) {
    arrival.answer.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return size;
}

size_t TakeBody(char* data, size_t one, size_t count, void* context) {
  auto& arrival = *static_cast<Arrival*>(context);
  const size_t size = one * count;
  if (size > arrival.most_body_bytes - arrival.answer.body.size()) {
    arrival.too_large = true;
    return 0;
  }
  arrival.answer.body.append(data, size);
  return size;
}

// What was sent of an upload.
struct Departure {
  ObjectBody* body = nullptr;
  uint64_t sent = 0;
  absl::Status failure;
};

size_t GiveUpload(char* out, size_t one, size_t count, void* context) {
  auto& departure = *static_cast<Departure*>(context);
  const auto size = static_cast<size_t>(std::min<uint64_t>(one * count, departure.body->size() - departure.sent));
  if (size == 0) return 0;
  const absl::StatusOr<std::string> bytes = departure.body->Read(departure.sent, size);
  if (!bytes.ok()) {
    departure.failure = bytes.status();
    return CURL_READFUNC_ABORT;
  }
  departure.sent += bytes->copy(out, size);
  return size;
}

// The library sends it again on another connection when the one that it had kept is gone.
int RewindUpload(void* context, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Departure*>(context)->sent = static_cast<uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

uint64_t SizeToSend(const HttpRequest& request) {
  return request.upload == nullptr ? request.body.size() : request.upload->size();
}

// A handshake that the other side or the network cut is no refusal.
bool LooksCut(absl::string_view text) {
  for (const absl::string_view sign : {"SYSCALL", "reset by peer", "unexpected eof", "Broken pipe"}) {
    if (absl::StrContains(text, sign)) return true;
  }
  return false;
}

absl::Status TlsFailure(CURLcode code, absl::string_view what, absl::string_view ca_file) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return Permanent(MakeError(StatusCode::kFailedPrecondition, "TLS_CERTIFICATE_REJECTED",
                                 absl::StrCat(what,
                                              "; name the authority that signed the certificate in ca_file, and "
                                              "the server as its certificate has it")));
    case CURLE_SSL_CACERT_BADFILE:
      return Permanent(MakeError(StatusCode::kFailedPrecondition, "TLS_FILE_UNREADABLE",
                                 absl::StrCat(what, "; ca_file ", ca_file, " has to hold certificates in PEM")));
    default:
      return Permanent(MakeError(StatusCode::kFailedPrecondition, "TLS_HANDSHAKE_FAILED",
                                 absl::StrCat(what, "; check that the endpoint speaks TLS 1.2 or later on this port")));
  }
}

absl::Status Failure(CURLcode code, absl::string_view text, bool connected, const HttpRequest& request) {
  const std::string what = absl::StrCat(OriginOf(request.url), ": ", text);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT: return MakeError(StatusCode::kUnavailable, "ENDPOINT_UNREACHABLE", what);
    case CURLE_OPERATION_TIMEDOUT:
      return MakeError(StatusCode::kUnavailable, connected ? "CONNECTION_STALLED" : "ENDPOINT_UNREACHABLE", what);
    case CURLE_SSL_CONNECT_ERROR:
      if (LooksCut(text)) break;
      [[fallthrough]];
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE: return TlsFailure(code, what, request.ca_file);
    case CURLE_WRITE_ERROR:
    case CURLE_OUT_OF_MEMORY:  // What the library says of a header that is longer than it takes.
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
      return MakeError(StatusCode::kInternal, "ANSWER_INVALID",
                       absl::StrCat(what, "; check that the endpoint is one of S3"));
    default: break;
  }
  return MakeError(StatusCode::kUnavailable, "CONNECTION_LOST", what);
}

}  // namespace

absl::string_view HttpAnswer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? absl::string_view() : absl::string_view(found->second);
}

bool IsHeaderValue(absl::string_view value) {
  return std::all_of(value.begin(), value.end(), [](unsigned char c) { return absl::ascii_isprint(c); });
}

std::string OriginOf(absl::string_view url) {
  const size_t host = url.find("://");
  if (host == absl::string_view::npos) return std::string(url);
  return std::string(url.substr(0, url.find('/', host + 3)));
}

bool IsOrigin(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return false;
  const auto part = [&parsed](CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(parsed.get(), which, &text, 0) != CURLUE_OK) return std::string();
    const std::unique_ptr<char, decltype(&curl_free)> owner(text, curl_free);
    return std::string(text);
  };
  const std::string scheme = part(CURLUPART_SCHEME), port = part(CURLUPART_PORT);
  return (scheme == "http" || scheme == "https") &&
         url == absl::StrCat(scheme, "://", part(CURLUPART_HOST), port.empty() ? "" : ":", port);
}

// A transfer at a time, and the connections that earlier ones left open.
class HttpClient::Session {
 public:
  Session() : multi_(curl_multi_init(), curl_multi_cleanup), easy_(curl_easy_init(), curl_easy_cleanup) {}

  // Runs the transfer unless `interrupted` says otherwise, which is asked again whenever Wake() was called.
  template <typename Interrupted>
  absl::StatusOr<HttpAnswer> Run(const HttpRequest& request, const Interrupted& interrupted) {
    if (multi_ == nullptr || easy_ == nullptr) return absl::ResourceExhaustedError("libcurl: no memory");
    Arrival arrival;
    arrival.most_body_bytes = request.most_answer_bytes;
    Departure departure;
    departure.body = request.upload;
    const HeaderList headers = SetUp(request, &arrival, &departure);
    if (const CURLMcode added = curl_multi_add_handle(multi_.get(), easy_.get()); added != CURLM_OK) {
      return absl::InternalError(absl::StrCat("libcurl: ", curl_multi_strerror(added)));
    }
    int running = 1;
    bool cancelled = false;
    while (running != 0 && !(cancelled = interrupted())) {
      if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) break;
      if (running != 0) curl_multi_poll(multi_.get(), nullptr, 0, kPollMilliseconds, nullptr);
    }
    const CURLcode result = Result();
    curl_multi_remove_handle(multi_.get(), easy_.get());
    if (cancelled) return absl::CancelledError(absl::StrCat(OriginOf(request.url), ": interrupted"));
    if (!departure.failure.ok()) return departure.failure;
    // The library takes a connection that ends within the headers for the answer's end.
    if (result == CURLE_OK && !arrival.headers_whole) return Failed(CURLE_GOT_NOTHING, arrival, request);
    if (result != CURLE_OK) return Failed(result, arrival, request);
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    arrival.answer.status = static_cast<int>(status);
    return std::move(arrival.answer);
  }

  // From any thread.
  void Wake() { curl_multi_wakeup(multi_.get()); }

 private:
  static constexpr int kPollMilliseconds = 1000;

  // The list has to live as long as the transfer.
  HeaderList SetUp(const HttpRequest& request, Arrival* arrival, Departure* departure) {
    CURL* const easy = easy_.get();
    error_text_.fill('\0');
    curl_easy_reset(easy);
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);  // A key may have "..".
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // An interrupt does not wait for a name server.
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "binlogd");
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBuffer);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_.data());
    if (request.without_proxy) curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    SetSecurity(request);
    SetLimits(request);
    SetMethod(request, departure);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, TakeHeader);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, arrival);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, TakeBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, arrival);
    return SetHeaders(request);
  }

  void SetSecurity(const HttpRequest& request) {
    curl_easy_setopt(easy_.get(), CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy_.get(), CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy_.get(), CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!request.ca_file.empty()) {
      curl_easy_setopt(easy_.get(), CURLOPT_CAINFO, request.ca_file.c_str());
      curl_easy_setopt(easy_.get(), CURLOPT_CAPATH, nullptr);
    }
  }

  void SetLimits(const HttpRequest& request) {
    const auto bytes = static_cast<int64_t>(SizeToSend(request) + request.most_answer_bytes);
    const absl::Duration most = std::max(kLeastLimit, 2 * request.stall_timeout) +
                                absl::Seconds(bytes / static_cast<int64_t>(kSlowestBytesPerSecond));
    curl_easy_setopt(easy_.get(), CURLOPT_CONNECTTIMEOUT_MS,
                     static_cast<long>(absl::ToInt64Milliseconds(request.connect_timeout)));
    curl_easy_setopt(easy_.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy_.get(), CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>(std::max<int64_t>(1, absl::ToInt64Seconds(request.stall_timeout))));
    curl_easy_setopt(easy_.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(most)));
  }

  void SetMethod(const HttpRequest& request, Departure* departure) {
    if (request.method == "HEAD") {
      curl_easy_setopt(easy_.get(), CURLOPT_NOBODY, 1L);
      return;
    }
    if (request.method == "PUT" || request.method == "POST") {
      // Of PUT too: the library can then send the body again on another connection by itself.
      curl_easy_setopt(easy_.get(), CURLOPT_POST, 1L);
      curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(SizeToSend(request)));
      SetBody(request, departure);
    }
    curl_easy_setopt(easy_.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  void SetBody(const HttpRequest& request, Departure* departure) {
    if (SizeToSend(request) == 0 || request.upload == nullptr) {
      curl_easy_setopt(easy_.get(), CURLOPT_POSTFIELDS, SizeToSend(request) == 0 ? "" : request.body.data());
      return;
    }
    curl_easy_setopt(easy_.get(), CURLOPT_READFUNCTION, GiveUpload);
    curl_easy_setopt(easy_.get(), CURLOPT_READDATA, departure);
    curl_easy_setopt(easy_.get(), CURLOPT_SEEKFUNCTION, RewindUpload);
    curl_easy_setopt(easy_.get(), CURLOPT_SEEKDATA, departure);
  }

  HeaderList SetHeaders(const HttpRequest& request) {
    HeaderList list;
    const auto append = [&list](const std::string& line) {
      list.reset(curl_slist_append(list.release(), line.c_str()));
    };
    for (const auto& [name, value] : request.headers) append(absl::StrCat(name, value.empty() ? ";" : ": ", value));
    // Nothing that was not signed.
    if (request.headers.count("content-type") == 0) append("content-type:");
    append("accept:");
    curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, list.get());
    return list;
  }

  CURLcode Result() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
      if (message->msg == CURLMSG_DONE) return message->data.result;
    }
    return CURLE_RECV_ERROR;
  }

  absl::Status Failed(CURLcode result, const Arrival& arrival, const HttpRequest& request) {
    curl_off_t connected = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &connected);
    if (arrival.too_large) return Failure(CURLE_WRITE_ERROR, "the answer is too large", true, request);
    const char* const text = error_text_.front() == '\0' ? curl_easy_strerror(result) : error_text_.data();
    return Failure(result, text, connected > 0, request);
  }

  std::array<char, CURL_ERROR_SIZE> error_text_{};
  const std::unique_ptr<CURLM, decltype(&curl_multi_cleanup)> multi_;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_;
};

HttpClient::HttpClient() { InitializeLibrary(); }

HttpClient::~HttpClient() = default;

absl::StatusOr<HttpAnswer> HttpClient::Execute(const HttpRequest& request) {
  std::unique_ptr<Session> session = TakeSession();
  absl::StatusOr<HttpAnswer> answer = session->Run(request, [this] {
    absl::MutexLock lock(&mutex_);
    return interrupted_;
  });
  GiveBack(std::move(session));
  return answer;
}

void HttpClient::Interrupt() {
  absl::MutexLock lock(&mutex_);
  interrupted_ = true;
  for (Session* session : active_) session->Wake();
}

bool HttpClient::Wait(absl::Duration duration) const {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&interrupted_), duration);
}

std::unique_ptr<HttpClient::Session> HttpClient::TakeSession() {
  std::unique_ptr<Session> session;
  absl::MutexLock lock(&mutex_);
  if (idle_.empty()) {
    session = std::make_unique<Session>();
  } else {
    session = std::move(idle_.back());
    idle_.pop_back();
  }
  active_.push_back(session.get());
  return session;
}

void HttpClient::GiveBack(std::unique_ptr<Session> session) {
  absl::MutexLock lock(&mutex_);
  active_.erase(std::find(active_.begin(), active_.end(), session.get()));
  idle_.push_back(std::move(session));
}

}  // namespace binlogd
