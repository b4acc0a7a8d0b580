// The sources of credentials that are services: STS, and the metadata of containers and instances.
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/file.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "s3/aws_endpoint.h"
#include "s3/credential_sources.h"
#include "s3/sigv4.h"
#include "s3/xml.h"

namespace binlogd {
namespace {

using absl::StatusCode;

constexpr size_t kMostAnswerBytes = 256 << 10;
constexpr size_t kMostTokenBytes = 64 << 10;
constexpr char kTokenSeconds[] = "21600";

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string token, ReadWholeFile(path, kMostTokenBytes));
  return std::string(absl::StripAsciiWhitespace(token));
}

absl::StatusOr<absl::Time> ParseExpiration(absl::string_view text) {
  absl::Time time = absl::InfiniteFuture();
  if (!text.empty() && !absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) {
    return MakeError(StatusCode::kInternal, "ANSWER_INVALID", absl::StrCat("no time of expiration: ", Shown(text)));
  }
  return time;
}

HttpRequest ServiceRequest(const CredentialOptions& options, std::string method, std::string url) {
  HttpRequest request;
  request.method = std::move(method);
  request.url = std::move(url);
  request.most_answer_bytes = kMostAnswerBytes;
  request.connect_timeout = options.connect_timeout;
  request.stall_timeout = options.answer_timeout;
  return request;
}

// What a service says instead of credentials. It may pass unless the service names a refusal.
absl::Status Refused(const std::string& url, int status, absl::string_view code, absl::string_view message) {
  const std::string text = absl::StrCat(OriginOf(url), " gives no credentials: ", status, " ", absl::CHexEscape(code),
                                        message.empty() ? "" : ": ", absl::CHexEscape(message.substr(0, 300)));
  constexpr absl::string_view kPassing[] = {"ExpiredToken", "IDPCommunicationError", "Throttling", "RequestExpired"};
  for (const absl::string_view passing : kPassing) {
    if (absl::StartsWith(code, passing)) return MakeError(StatusCode::kUnavailable, "S3_CREDENTIALS_MISSING", text);
  }
  if (status >= 500 || status == 429 || status == 408) {
    return MakeError(StatusCode::kUnavailable, "S3_CREDENTIALS_MISSING", text);
  }
  return Permanent(MakeError(StatusCode::kUnauthenticated, "S3_CREDENTIALS_INVALID", text));
}

// {"AccessKeyId": …, "SecretAccessKey": …, "Token": …, "Expiration": …}
absl::StatusOr<std::optional<Credentials>> ParseJsonCredentials(absl::string_view text, const std::string& url) {
  const auto invalid = [&url](absl::string_view what) {
    return MakeError(StatusCode::kInternal, "ANSWER_INVALID", absl::StrCat(OriginOf(url), ": ", what));
  };
  const nlohmann::json json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  if (!json.is_object()) return invalid("the answer is no JSON object");
  const auto field = [&json](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  Credentials credentials;
  credentials.access_key_id = field("AccessKeyId");
  credentials.secret_access_key = field("SecretAccessKey");
  credentials.session_token = field("Token");
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return invalid("the answer has no AccessKeyId and SecretAccessKey");
  }
  absl::StatusOr<absl::Time> expiration = ParseExpiration(field("Expiration"));
  if (!expiration.ok()) return Annotate(expiration.status(), OriginOf(url));
  credentials.expiration = *expiration;
  return credentials;
}

class WebIdentitySource : public CredentialSource {
 public:
  WebIdentitySource(const CredentialOptions& options, std::string region, HttpClient* http)
      : options_(options), region_(std::move(region)), http_(http) {}

  absl::StatusOr<std::optional<Credentials>> Fetch() override {
    const std::string role = OptionOr(options_.role_arn, "AWS_ROLE_ARN", "");
    const std::string token_file = OptionOr(options_.web_identity_token_file, "AWS_WEB_IDENTITY_TOKEN_FILE", "");
    if (role.empty() || token_file.empty()) {
      if (options_.role_arn.empty()) return std::nullopt;
      return MakeError(StatusCode::kFailedPrecondition, "S3_CREDENTIALS_MISSING",
                       absl::StrCat("no file with a web identity token for the role ", Shown(role),
                                    ": name it, or set AWS_WEB_IDENTITY_TOKEN_FILE"));
    }
    ASSIGN_OR_RETURN(const std::string token, ReadToken(token_file));
    const std::string body =
        CanonicalQuery({{"Action", "AssumeRoleWithWebIdentity"},
                        {"Version", "2011-06-15"},
                        {"RoleArn", role},
                        {"RoleSessionName", OptionOr(options_.role_session_name, "AWS_ROLE_SESSION_NAME", "binlogd")},
                        {"WebIdentityToken", token}});
    const std::string endpoint = OptionOr(options_.sts_endpoint, "AWS_ENDPOINT_URL_STS", AwsEndpoint("sts", region_));
    HttpRequest request = ServiceRequest(options_, "POST", absl::StrCat(absl::StripSuffix(endpoint, "/"), "/"));
    request.ca_file = options_.sts_ca_file;
    request.headers = {{"content-type", "application/x-www-form-urlencoded"}, {"accept", "application/xml"}};
    request.body = body;
    ASSIGN_OR_RETURN(const HttpAnswer answer, http_->Execute(request));
    return Parse(answer, request.url);
  }
  absl::string_view description() const override { return "the web identity (AWS_WEB_IDENTITY_TOKEN_FILE)"; }

 private:
  std::string OptionOr(const std::string& option, const std::string& variable, const std::string& fallback) const {
    return !option.empty() ? option : options_.environment(variable).value_or(fallback);
  }

  static absl::StatusOr<std::optional<Credentials>> Parse(const HttpAnswer& answer, const std::string& url) {
    pugi::xml_document document;
    const absl::Status parsed = ParseXml(answer.body, &document);
    if (answer.status != 200) {
      const pugi::xml_node error = document.document_element().child("Error");
      return Refused(url, answer.status, error.child_value("Code"), error.child_value("Message"));
    }
    if (!parsed.ok()) return Annotate(parsed, OriginOf(url));
    const pugi::xml_node found =
        document.document_element().child("AssumeRoleWithWebIdentityResult").child("Credentials");
    Credentials credentials;
    credentials.access_key_id = found.child_value("AccessKeyId");
    credentials.secret_access_key = found.child_value("SecretAccessKey");
    credentials.session_token = found.child_value("SessionToken");
    absl::StatusOr<absl::Time> expiration = ParseExpiration(found.child_value("Expiration"));
    if (!expiration.ok()) return Annotate(expiration.status(), OriginOf(url));
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
      return MakeError(StatusCode::kInternal, "ANSWER_INVALID",
                       absl::StrCat(OriginOf(url), ": the answer has no credentials"));
    }
    credentials.expiration = *expiration;
    return credentials;
  }

  const CredentialOptions options_;
  const std::string region_;
  HttpClient* const http_;
};

class ContainerSource : public CredentialSource {
 public:
  ContainerSource(const CredentialOptions& options, HttpClient* http) : options_(options), http_(http) {}

  absl::StatusOr<std::optional<Credentials>> Fetch() override {
    const std::optional<std::string> relative = options_.environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const std::optional<std::string> full = options_.environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    if (!relative && !full) return std::nullopt;
    const std::string url = relative ? absl::StrCat("http://169.254.170.2", *relative) : *full;
    if (!MayBeAsked(url)) {
      return MakeError(StatusCode::kFailedPrecondition, "S3_CREDENTIALS_MISSING",
                       absl::StrCat("AWS_CONTAINER_CREDENTIALS_FULL_URI names ", OriginOf(url),
                                    ": it has to be https, or this machine's own"));
    }
    HttpRequest request = ServiceRequest(options_, "GET", url);
    request.without_proxy = true;
    std::string authorization = options_.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
    if (const auto file = options_.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
      ASSIGN_OR_RETURN(authorization, ReadToken(*file));
    }
    if (!IsHeaderValue(authorization)) {
      return MakeError(StatusCode::kFailedPrecondition, "S3_CREDENTIALS_MISSING",
                       "the container's authorization token has a character that none has");
    }
    if (!authorization.empty()) request.headers["authorization"] = authorization;
    ASSIGN_OR_RETURN(const HttpAnswer answer, http_->Execute(request));
    if (answer.status != 200) return Refused(url, answer.status, "", "");
    return ParseJsonCredentials(answer.body, url);
  }
  absl::string_view description() const override { return "the container (AWS_CONTAINER_CREDENTIALS_FULL_URI)"; }

 private:
  // The token is not sent through a network in clear.
  static bool MayBeAsked(absl::string_view url) {
    if (absl::StartsWith(url, "https://")) return true;
    constexpr absl::string_view kHosts[] = {"127.0.0.1",     "localhost",      "[::1]",
                                            "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    for (const absl::string_view host : kHosts) {
      absl::string_view rest = url;
      if (!absl::ConsumePrefix(&rest, "http://") || !absl::ConsumePrefix(&rest, host)) continue;
      if (rest.empty() || rest.front() == ':' || rest.front() == '/') return rest.find('@') == absl::string_view::npos;
    }
    return false;
  }

  const CredentialOptions options_;
  HttpClient* const http_;
};

class InstanceSource : public CredentialSource {
 public:
  InstanceSource(const CredentialOptions& options, HttpClient* http) : options_(options), http_(http) {}

  absl::StatusOr<std::optional<Credentials>> Fetch() override {
    if (absl::EqualsIgnoreCase(options_.environment("AWS_EC2_METADATA_DISABLED").value_or(""), "true")) {
      return std::nullopt;
    }
    const std::string origin =
        options_.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
    const std::string base = std::string(absl::StripSuffix(origin, "/")) + "/latest/";
    HttpRequest ask = Request("PUT", base + "api/token");
    ask.headers["x-aws-ec2-metadata-token-ttl-seconds"] = kTokenSeconds;
    absl::StatusOr<HttpAnswer> token = http_->Execute(ask);
    // A machine without the service has nothing at the address.
    if (ErrorReason(token.status()) == "ENDPOINT_UNREACHABLE") return std::nullopt;
    RETURN_IF_ERROR(token.status());
    if (token->status != 200) return Refused(ask.url, token->status, "", "no token for the instance's metadata");
    if (!IsHeaderValue(token->body)) {
      return MakeError(StatusCode::kInternal, "ANSWER_INVALID", absl::StrCat(origin, ": the answer is no token"));
    }
    return FetchRole(base + "meta-data/iam/security-credentials/", token->body);
  }
  absl::string_view description() const override { return "the instance's metadata"; }

 private:
  HttpRequest Request(const std::string& method, const std::string& url) const {
    HttpRequest request = ServiceRequest(options_, method, url);
    request.without_proxy = true;
    return request;
  }

  absl::StatusOr<std::optional<Credentials>> FetchRole(const std::string& folder, const std::string& token) {
    HttpRequest list = Request("GET", folder);
    list.headers["x-aws-ec2-metadata-token"] = token;
    ASSIGN_OR_RETURN(const HttpAnswer roles, http_->Execute(list));
    if (roles.status == 404) return std::nullopt;  // The instance has no role.
    if (roles.status != 200) return Refused(list.url, roles.status, "", "");
    const std::vector<std::string> lines = absl::StrSplit(roles.body, absl::MaxSplits('\n', 1));
    HttpRequest get = Request("GET", folder + UriEncode(absl::StripAsciiWhitespace(lines.front()), false));
    get.headers = list.headers;
    ASSIGN_OR_RETURN(const HttpAnswer answer, http_->Execute(get));
    if (answer.status != 200) return Refused(get.url, answer.status, "", "");
    return ParseJsonCredentials(answer.body, get.url);
  }

  const CredentialOptions options_;
  HttpClient* const http_;
};

}  // namespace

std::unique_ptr<CredentialSource> MakeWebIdentitySource(const CredentialOptions& options, const std::string& region,
                                                        HttpClient* http) {
  return std::make_unique<WebIdentitySource>(options, region, http);
}

std::unique_ptr<CredentialSource> MakeContainerSource(const CredentialOptions& options, HttpClient* http) {
  return std::make_unique<ContainerSource>(options, http);
}

std::unique_ptr<CredentialSource> MakeInstanceSource(const CredentialOptions& options, HttpClient* http) {
  return std::make_unique<InstanceSource>(options, http);
}

}  // namespace binlogd
