// Who requests are signed as, and where that is found.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace binlogd {

struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // Empty: none.
  absl::Time expiration = absl::InfiniteFuture();

  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// A variable of the environment; nullopt when it is not set or empty.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;
// The process's own.
std::optional<std::string> ProcessEnvironment(const std::string& name);

struct CredentialOptions {
  // Reads a secret anew; its error names where it was looked for, never the secret.
  using Reader = std::function<absl::StatusOr<std::string>()>;

  // Keys by reference. With the first two only they are used; the third is for temporary ones.
  Reader access_key_id;
  Reader secret_access_key;
  Reader session_token;
  // Only this profile of the shared file, when not empty.
  std::string profile;
  std::string shared_credentials_file;  // Empty: AWS_SHARED_CREDENTIALS_FILE, then ~/.aws/credentials.
  // Only this role, assumed with the token of the file, when not empty. What is empty of the three comes from
  // AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_SESSION_NAME.
  std::string role_arn;
  std::string web_identity_token_file;
  std::string role_session_name;
  std::string sts_endpoint;  // scheme://host[:port]; empty: AWS_ENDPOINT_URL_STS, then AWS's of the region.
  std::string sts_ca_file;   // PEM; empty: the system's.

  Environment environment = ProcessEnvironment;
  absl::Duration connect_timeout = absl::Seconds(2);  // To the services that give credentials out.
  absl::Duration answer_timeout = absl::Seconds(10);  // Without a byte from them.
};

// One way to come by credentials. Called by one thread at a time.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // nullopt: it is not set up here, and the next may be asked. UNAVAILABLE may pass by itself.
  virtual absl::StatusOr<std::optional<Credentials>> Fetch() = 0;
  // What a person would call it.
  virtual absl::string_view description() const = 0;
};

}  // namespace binlogd
