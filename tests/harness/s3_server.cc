#include "tests/harness/s3_server.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "tests/harness/certificates.h"
#include "tests/harness/provide.h"
#include "tests/harness/tcp_proxy.h"

namespace binlogd::testing {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(60);
constexpr absl::Duration kStopTimeout = absl::Seconds(60);
constexpr int kCannotConnect = 7;  // An exit code of curl.

std::string Escape(absl::string_view text, bool keep_slashes) {
  std::string escaped;
  for (const char c : text) {
    const bool keep = absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-._~", c) ||
                      (keep_slashes && c == '/');
    if (keep) {
      escaped.push_back(c);
    } else {
      absl::StrAppendFormat(&escaped, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

// A line of curl's configuration.
std::string Option(absl::string_view name, absl::string_view value) {
  return absl::StrCat(name, " = \"", absl::StrReplaceAll(value, {{"\\", "\\\\"}, {"\"", "\\\""}}), "\"\n");
}

// The texts of the elements of that name, which hold no others.
std::vector<std::string> Elements(absl::string_view xml, absl::string_view name) {
  const std::string open = absl::StrCat("<", name, ">");
  const std::string close = absl::StrCat("</", name, ">");
  std::vector<std::string> texts;
  for (size_t at = xml.find(open); at != absl::string_view::npos; at = xml.find(open, at)) {
    at += open.size();
    const absl::string_view text = xml.substr(at, xml.find(close, at) - at);
    texts.push_back(absl::StrReplaceAll(
        text, {{"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#34;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}}));
  }
  return texts;
}

absl::Status Refusal(const S3Request& request, const S3Response& response) {
  const std::string message =
      absl::StrCat(request.method, " ", request.path, ": ", response.status, " ", response.body.substr(0, 300));
  return response.status == 404 ? absl::NotFoundError(message) : absl::InternalError(message);
}

}  // namespace

absl::StatusOr<std::unique_ptr<S3Server>> S3Server::Start(S3Options options) {
  ASSIGN_OR_RETURN(std::string program_dir, Provide("s3"));
  std::unique_ptr<S3Server> server(new S3Server(std::move(program_dir), std::move(options)));
  RETURN_IF_ERROR(MakeDirectories(server->data_dir(), 0700));
  // Another process may take the port between its choice and the server's start.
  constexpr int kTries = 5;
  for (int i = 1;; ++i) {
    server->port_ = FreePort();
    const absl::Status status = server->Launch();
    if (status.ok()) break;
    if (i == kTries || !absl::StrContains(server->LogTail(), "address already in use")) return status;
  }
  RETURN_IF_ERROR(server->CheckSecret());
  return server;
}

S3Server::~S3Server() {
  if (process_ != nullptr) process_->Kill();
}

std::string S3Server::endpoint() const { return absl::StrCat(options_.tls ? "https" : "http", "://127.0.0.1:", port_); }

std::string S3Server::EscapeKey(absl::string_view key) { return Escape(key, true); }

std::string S3Server::EscapeValue(absl::string_view value) { return Escape(value, false); }

absl::Status S3Server::Launch() {
  SubprocessOptions options;
  options.arguments = {absl::StrCat(program_dir_, "/bin/versitygw"),
                       "--port",
                       absl::StrCat("127.0.0.1:", port_),
                       "--region",
                       options_.region,
                       "--virtual-domain",
                       "localhost",
                       "--keep-alive",
                       "--quiet"};
  if (options_.tls) {
    options.arguments.insert(options.arguments.end(), {"--cert", TestCertificates().path("server.pem"), "--key",
                                                       TestCertificates().path("server.key")});
  }
  options.arguments.insert(options.arguments.end(), {"posix", data_dir()});
  options.environment = {absl::StrCat("ROOT_ACCESS_KEY=", kAccessKey), absl::StrCat("ROOT_SECRET_KEY=", kSecret)};
  options.log_file = LogFile();
  ASSIGN_OR_RETURN(process_, Subprocess::Start(options));
  const absl::Status ready = WaitUntilReady();
  if (ready.ok()) return ready;
  process_->Kill();
  return absl::InternalError(absl::StrCat("the S3 server does not start: ", ready.message(), "\n", LogTail()));
}

absl::Status S3Server::WaitUntilReady() {
  const absl::Time deadline = absl::Now() + kStartTimeout;
  S3Request buckets;
  buckets.path = "/";
  while (process_->running()) {
    const absl::StatusOr<S3Response> response = Send(buckets);
    if (response.ok()) return response->status == 200 ? absl::OkStatus() : Refusal(buckets, *response);
    if (!absl::IsUnavailable(response.status()) || absl::Now() > deadline) return response.status();
  }
  return absl::InternalError("it ended");
}

absl::Status S3Server::CheckSecret() const {
  S3Request request;
  request.path = "/";
  request.secret = absl::StrCat(kSecret, "x");
  ASSIGN_OR_RETURN(const S3Response response, Send(request));
  return response.status == 403
             ? absl::OkStatus()
             : absl::InternalError(absl::StrCat("the S3 server takes a wrong secret: ", response.status));
}

std::string S3Server::CurlConfig(const std::string& secret, const std::string& region) const {
  std::string config =
      absl::StrCat("silent\nshow-error\npath-as-is\n", Option("noproxy", "*"),
                   Option("user", absl::StrCat(kAccessKey, ":", secret.empty() ? kSecret : secret)),
                   Option("aws-sigv4", absl::StrCat("aws:amz:", region.empty() ? options_.region : region, ":s3")));
  if (options_.tls) absl::StrAppend(&config, Option("cacert", TestCertificates().path("ca.pem")));
  return config;
}

absl::StatusOr<S3Response> S3Server::Send(const S3Request& request) const {
  const TempDir files;
  std::string config = CurlConfig(request.secret, request.region);
  for (const char* header : {"x-amz-content-sha256: UNSIGNED-PAYLOAD", "Expect:"}) {
    const std::string name = std::string(header).substr(0, std::string(header).find(':'));
    const bool given = std::any_of(request.headers.begin(), request.headers.end(),
                                   [&](const std::string& own) { return absl::StartsWithIgnoreCase(own, name + ":"); });
    if (!given) absl::StrAppend(&config, Option("header", header));
  }
  for (const std::string& header : request.headers) absl::StrAppend(&config, Option("header", header));
  absl::StrAppend(&config, Option("url", endpoint() + request.path), Option("dump-header", files / "headers"));
  if (request.method == "HEAD") {
    absl::StrAppend(&config, "head\n");
  } else {
    absl::StrAppend(&config, Option("request", request.method));
  }
  if (request.method == "PUT" || request.method == "POST") {
    RETURN_IF_ERROR(ReplaceFile(files / "body", request.body, 0600));
    absl::StrAppend(&config, request.method == "PUT" ? Option("upload-file", files / "body")
                                                     : Option("data-binary", "@" + files / "body"));
  }
  ASSIGN_OR_RETURN(CommandResult result, RunCommand({{"curl", "-q", "-K", "-"}, {}, {}, config, {}}));
  if (result.exit_code == kCannotConnect) return absl::UnavailableError(result.error_output);
  if (result.exit_code != 0) return absl::InternalError(absl::StrCat("curl: ", result.error_output));
  S3Response response;
  ASSIGN_OR_RETURN(response.headers, ReadWholeFile(files / "headers"));
  if (request.method != "HEAD") response.body = std::move(result.output);
  const size_t space = response.headers.find(' ');
  if (space == std::string::npos || !absl::SimpleAtoi(response.headers.substr(space + 1, 3), &response.status))
    return absl::InternalError(absl::StrCat("no HTTP: ", response.headers));
  return response;
}

absl::Status S3Server::CreateBucket(const std::string& bucket) const {
  S3Request request;
  request.method = "PUT";
  request.path = "/" + bucket;
  ASSIGN_OR_RETURN(const S3Response response, Send(request));
  return response.status == 200 ? absl::OkStatus() : Refusal(request, response);
}

absl::Status S3Server::Put(const std::string& bucket, const std::string& key, const std::string& bytes) const {
  S3Request request;
  request.method = "PUT";
  request.path = absl::StrCat("/", bucket, "/", EscapeKey(key));
  request.body = bytes;
  ASSIGN_OR_RETURN(const S3Response response, Send(request));
  return response.status == 200 ? absl::OkStatus() : Refusal(request, response);
}

absl::Status S3Server::Delete(const std::string& bucket, const std::string& key) const {
  S3Request request;
  request.method = "DELETE";
  request.path = absl::StrCat("/", bucket, "/", EscapeKey(key));
  ASSIGN_OR_RETURN(const S3Response response, Send(request));
  return response.status == 204 ? absl::OkStatus() : Refusal(request, response);
}

absl::StatusOr<std::string> S3Server::Get(const std::string& bucket, const std::string& key) const {
  S3Request request;
  request.path = absl::StrCat("/", bucket, "/", EscapeKey(key));
  ASSIGN_OR_RETURN(S3Response response, Send(request));
  if (response.status != 200) return Refusal(request, response);
  return std::move(response.body);
}

absl::StatusOr<std::vector<S3Object>> S3Server::List(const std::string& bucket, const std::string& prefix) const {
  std::vector<S3Object> objects;
  while (true) {
    S3Request request;
    // The names of a query in their order, because this version of curl signs them as they stand.
    request.path = absl::StrCat("/", bucket, "?list-type=2&prefix=", EscapeValue(prefix));
    if (!objects.empty()) absl::StrAppend(&request.path, "&start-after=", EscapeValue(objects.back().key));
    ASSIGN_OR_RETURN(const S3Response response, Send(request));
    if (response.status != 200) return Refusal(request, response);
    const std::vector<std::string> keys = Elements(response.body, "Key");
    const std::vector<std::string> sizes = Elements(response.body, "Size");
    if (keys.size() != sizes.size()) return absl::InternalError(response.body);
    for (size_t i = 0; i < keys.size(); ++i) {
      objects.push_back({keys[i], 0, {}});
      if (!absl::SimpleAtoi(sizes[i], &objects.back().size)) return absl::InternalError(response.body);
    }
    if (!absl::StrContains(response.body, "<IsTruncated>true<")) return objects;
  }
}

absl::StatusOr<std::vector<S3Object>> S3Server::ReadAll(const std::string& bucket, const std::string& prefix) const {
  ASSIGN_OR_RETURN(std::vector<S3Object> objects, List(bucket, prefix));
  if (objects.empty()) return objects;
  const TempDir files;
  std::string config = absl::StrCat(CurlConfig("", ""), "fail\nfail-early\n",
                                    Option("header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"));
  for (size_t i = 0; i < objects.size(); ++i) {
    absl::StrAppend(&config, Option("url", absl::StrCat(endpoint(), "/", bucket, "/", EscapeKey(objects[i].key))),
                    Option("output", files / absl::StrCat(i)));
  }
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand({{"curl", "-q", "-K", "-"}, {}, {}, config, {}}));
  if (result.exit_code != 0) return absl::InternalError(absl::StrCat("curl: ", result.error_output));
  for (size_t i = 0; i < objects.size(); ++i) {
    // curl makes no file when there are no bytes.
    absl::StatusOr<std::string> bytes = ReadWholeFile(files / absl::StrCat(i), size_t{2} << 30);
    if (bytes.ok()) objects[i].bytes = *std::move(bytes);
    if (objects[i].bytes.size() != objects[i].size)
      return absl::InternalError(absl::StrCat(objects[i].key, " is not as long as the listing says"));
  }
  return objects;
}

void S3Server::Kill() { process_->Kill(); }

absl::Status S3Server::Stop() {
  ASSIGN_OR_RETURN(const int exit_code, process_->Terminate(kStopTimeout));
  return exit_code == 0 ? absl::OkStatus()
                        : absl::InternalError(absl::StrCat("the S3 server ended with ", exit_code, "\n", LogTail()));
}

absl::Status S3Server::Restart() {
  if (process_->running()) RETURN_IF_ERROR(Stop());
  return Launch();
}

std::string S3Server::LogTail() const {
  constexpr size_t kLines = 15;
  const absl::StatusOr<std::string> log = ReadWholeFile(LogFile());
  return log.ok() ? LastLines(*log, kLines) : "";
}

}  // namespace binlogd::testing
