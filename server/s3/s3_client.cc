#include "s3/s3_client.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/backoff.h"
#include "base/error.h"
#include "s3/aws_endpoint.h"
#include "s3/credential_sources.h"
#include "s3/digest.h"
#include "s3/s3_answers.h"

namespace binlogd {
namespace {

constexpr absl::Duration kFirstWait = absl::Milliseconds(200);
constexpr absl::Duration kLongestWait = absl::Seconds(10);

S3Options Completed(S3Options options) {
  const Environment& environment = options.credentials.environment;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (options.region.empty()) options.region = environment(name).value_or("");
  }
  if (options.region.empty()) options.region = "us-east-1";
  if (options.endpoint.empty()) options.endpoint = AwsEndpoint("s3", options.region);
  options.endpoint = std::string(absl::StripSuffix(options.endpoint, "/"));
  return options;
}

// The Host header, which has no port where it is the scheme's own.
std::string HostOf(const S3Options& options) {
  absl::string_view host = options.endpoint;
  const bool secure = absl::ConsumePrefix(&host, "https://");
  absl::ConsumePrefix(&host, "http://");
  absl::ConsumeSuffix(&host, secure ? ":443" : ":80");
  return options.path_style ? std::string(host) : absl::StrCat(options.bucket, ".", host);
}

}  // namespace

// Of one try.
struct S3Client::Outcome {
  absl::StatusOr<HttpAnswer> answer;
  S3Remedy remedy = S3Remedy::kNone;
  Credentials used;
  HttpAnswer failed;  // What the server answered when `answer` is an error of its.
};

S3Client::S3Client(const S3Options& options)
    : options_(Completed(options)),
      host_(HostOf(options_)),
      origin_(absl::StrCat(absl::StartsWith(options_.endpoint, "https:") ? "https://" : "http://", host_)),
      base_path_(options_.path_style ? absl::StrCat("/", UriEncode(options_.bucket, false)) : ""),
      credentials_(MakeCredentialSources(options_.credentials, options_.region, &http_),
                   absl::StrCat("bucket ", options_.bucket)) {}

std::string S3Client::description() const {
  return absl::StrCat("bucket ", options_.bucket, " at ", options_.endpoint);
}

absl::StatusOr<HttpAnswer> S3Client::Send(const S3Request& request) {
  Backoff backoff(kFirstWait, kLongestWait, Backoff::kFullJitter);
  const absl::Time last_try = absl::Now() + options_.retry_time;
  bool renewed = false, clock_set = false;
  for (;;) {
    Outcome outcome = Try(request);
    if (outcome.answer.ok()) return std::move(outcome.answer);
    if (outcome.remedy == S3Remedy::kRenewCredentials && !std::exchange(renewed, true)) {
      credentials_.Refuse(outcome.used);
      continue;
    }
    if (outcome.remedy == S3Remedy::kSetClock && !std::exchange(clock_set, true)) {
      SetClock(outcome.failed);
      continue;
    }
    if (request.once || outcome.remedy != S3Remedy::kRepeat) return outcome.answer.status();
    const absl::Duration wait = backoff.Next();
    if (absl::Now() + wait > last_try) {
      return Annotate(outcome.answer.status(), absl::StrCat("given up after ", backoff.tries(), " tries"));
    }
    if (http_.Wait(wait)) return absl::CancelledError(absl::StrCat(description(), ": interrupted"));
  }
}

S3Client::Outcome S3Client::Try(const S3Request& request) {
  Outcome outcome;
  const auto failed = [&outcome](const absl::Status& status) {
    outcome.answer = status;
    if (absl::IsUnavailable(status)) outcome.remedy = S3Remedy::kRepeat;
    return std::move(outcome);
  };
  absl::StatusOr<Credentials> credentials = credentials_.Get();
  if (!credentials.ok()) return failed(Annotate(credentials.status(), description()));
  outcome.used = *std::move(credentials);
  outcome.answer = http_.Execute(Signed(request, outcome.used));
  if (!outcome.answer.ok()) return failed(Annotate(outcome.answer.status(), absl::StrCat("bucket ", options_.bucket)));
  const bool success = outcome.answer->status >= 200 && outcome.answer->status < 300;
  const bool error = !success || (request.error_in_success && !ParseS3Error(outcome.answer->body).code.empty());
  if (!error) return outcome;
  outcome.failed = *std::move(outcome.answer);
  S3Failure failure = ClassifyFailure(outcome.failed, ErrandOf(request), outcome.used);
  outcome.answer = std::move(failure.status);
  outcome.remedy = failure.remedy;
  return outcome;
}

HttpRequest S3Client::Signed(const S3Request& request, const Credentials& credentials) {
  const absl::Time now = ServerNow();
  RequestToSign to_sign;
  to_sign.method = request.method;
  to_sign.path = absl::StrCat(base_path_, "/", UriEncode(request.key, true));
  to_sign.query = request.query;
  to_sign.headers = request.headers;
  to_sign.headers["host"] = host_;
  to_sign.payload_hash = request.upload == nullptr ? Sha256Hex(request.body) : request.upload_sha256;
  to_sign.headers["x-amz-content-sha256"] = to_sign.payload_hash;
  to_sign.headers["x-amz-date"] = SigningTime(now);
  if (!credentials.session_token.empty()) to_sign.headers["x-amz-security-token"] = credentials.session_token;

  HttpRequest signed_request;
  signed_request.method = request.method;
  const std::string query = CanonicalQuery(request.query);
  signed_request.url = absl::StrCat(origin_, to_sign.path, query.empty() ? "" : "?", query);
  signed_request.headers = to_sign.headers;
  signed_request.headers["authorization"] = AuthorizationOf(to_sign, credentials, now, options_.region, "s3");
  signed_request.body = request.body;
  signed_request.upload = request.upload;
  signed_request.most_answer_bytes = request.most_answer_bytes;
  signed_request.ca_file = options_.ca_file;
  signed_request.connect_timeout = options_.connect_timeout;
  signed_request.stall_timeout = options_.stall_timeout;
  return signed_request;
}

S3Errand S3Client::ErrandOf(const S3Request& request) const {
  return {options_.bucket, options_.endpoint,  options_.region,  request.method,
          request.key,     request.permission, request.condition};
}

absl::Time S3Client::ServerNow() const {
  absl::MutexLock lock(&mutex_);
  return absl::Now() + clock_ahead_;
}

void S3Client::SetClock(const HttpAnswer& answer) {
  const std::optional<absl::Time> date = ServerTime(answer);
  if (!date) return;
  absl::MutexLock lock(&mutex_);
  clock_ahead_ = *date - absl::Now();
}

}  // namespace binlogd
