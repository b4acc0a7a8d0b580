#include "client/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/client_interceptor.h>

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/address.h"
#include "base/error.h"
#include "base/file.h"
#include "base/pem.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr size_t kLargestFile = 1 << 20;

// Adds the token to every call of a channel, however it is made.
class TokenSender final : public grpc::experimental::Interceptor {
 public:
  explicit TokenSender(std::string header) : header_(std::move(header)) {}

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace("authorization", header_);
    }
    methods->Proceed();
  }

 private:
  const std::string header_;
};

class TokenSenderFactory final : public grpc::experimental::ClientInterceptorFactoryInterface {
 public:
  explicit TokenSenderFactory(absl::string_view token) : header_(absl::StrCat("Bearer ", token)) {}
  grpc::experimental::Interceptor* CreateClientInterceptor(grpc::experimental::ClientRpcInfo*) override {
    return new TokenSender(header_);
  }

 private:
  const std::string header_;
};

// `protection`: of a secret, kUnread.
absl::StatusOr<std::string> ReadNamed(const std::string& path, absl::string_view option, absl::string_view reason,
                                      Protection protection) {
  if (path.empty()) return std::string();
  absl::StatusOr<std::string> text = ReadProtectedFile(path, protection, kLargestFile);
  if (text.ok()) return text;
  if (ErrorReason(text.status()) == "FILE_OPEN_TO_EVERYBODY") return Annotate(text.status(), option);
  return MakeError(absl::StatusCode::kFailedPrecondition, reason, absl::StrCat(option, ": ", text.status().message()));
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const ConnectionOptions& options) {
  if (!options.encrypted()) return grpc::InsecureChannelCredentials();
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "TLS_FILE_UNREADABLE",
                     "--tls-cert and --tls-key are given together or not at all");
  }
  grpc::SslCredentialsOptions tls;
  constexpr char kUnreadable[] = "TLS_FILE_UNREADABLE";
  ASSIGN_OR_RETURN(tls.pem_root_certs, ReadNamed(options.tls_ca, "--tls-ca", kUnreadable, Protection::kUnwritten));
  ASSIGN_OR_RETURN(tls.pem_cert_chain, ReadNamed(options.tls_cert, "--tls-cert", kUnreadable, Protection::kUnwritten));
  ASSIGN_OR_RETURN(tls.pem_private_key, ReadNamed(options.tls_key, "--tls-key", kUnreadable, Protection::kUnread));
  // The library would only say that it could not connect.
  if (!options.tls_ca.empty()) {
    RETURN_IF_ERROR(Annotate(CheckCertificate(PemFile{options.tls_ca, tls.pem_root_certs}), "--tls-ca"));
  }
  if (!options.tls_cert.empty()) {
    RETURN_IF_ERROR(Annotate(
        CheckKeyPair(PemFile{options.tls_cert, tls.pem_cert_chain}, PemFile{options.tls_key, tls.pem_private_key}),
        "--tls-cert and --tls-key"));
  }
  return grpc::SslCredentials(tls);
}

// Empty when there is none to send.
absl::StatusOr<std::string> ReadToken(const ConnectionOptions& options) {
  if (options.token_file.empty()) return std::string();
  if (!options.encrypted() && !IsLoopback(options.server)) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "TOKEN_NEEDS_TLS",
                     absl::StrCat("the token is not sent to ", options.server,
                                  " without TLS, where others could read it; give --tls-ca, or --tls for authorities "
                                  "that the system trusts"));
  }
  ASSIGN_OR_RETURN(const std::string text,
                   ReadNamed(options.token_file, "--token-file", "TOKEN_UNREADABLE", Protection::kUnread));
  std::string token(absl::StripAsciiWhitespace(text));
  for (const char c : token) {
    if (!absl::ascii_isgraph(c)) token.clear();
  }
  if (!token.empty()) return token;
  return MakeError(absl::StatusCode::kFailedPrecondition, "TOKEN_UNREADABLE",
                   absl::StrCat("--token-file: ", options.token_file, " does not hold a token, which is one word"));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const ConnectionOptions& options) {
  RETURN_IF_ERROR(CheckServerAddress("the server's address", options.server));
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::ChannelCredentials> credentials, Credentials(options));
  ASSIGN_OR_RETURN(const std::string token, ReadToken(options));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  // A person waits.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // A control plane's address is reached directly, whatever proxy the environment names for the web.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!options.tls_server_name.empty()) arguments.SetSslTargetNameOverride(options.tls_server_name);
  std::vector<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>> interceptors;
  if (!token.empty()) interceptors.push_back(std::make_unique<TokenSenderFactory>(token));
  return grpc::experimental::CreateCustomChannelWithInterceptors(options.server, credentials, arguments,
                                                                 std::move(interceptors));
}

}  // namespace binlogd
