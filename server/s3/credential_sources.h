// Where credentials come from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "s3/credentials.h"
#include "s3/http_client.h"

namespace binlogd {

// Those that the spec refers to.
std::unique_ptr<CredentialSource> MakeReferenceSource(const CredentialOptions& options);
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN.
std::unique_ptr<CredentialSource> MakeEnvironmentSource(const CredentialOptions& options);
// A profile of ~/.aws/credentials.
std::unique_ptr<CredentialSource> MakeSharedFileSource(const CredentialOptions& options);

// The following ask a service; `http` outlives them, and its interrupt ends them.

// STS AssumeRoleWithWebIdentity, as Kubernetes service accounts have it.
std::unique_ptr<CredentialSource> MakeWebIdentitySource(const CredentialOptions& options, const std::string& region,
                                                        HttpClient* http);
// AWS_CONTAINER_CREDENTIALS_FULL_URI or AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: ECS and EKS Pod Identity.
std::unique_ptr<CredentialSource> MakeContainerSource(const CredentialOptions& options, HttpClient* http);
// EC2's instance metadata, version 2 (with a session's token) only.
std::unique_ptr<CredentialSource> MakeInstanceSource(const CredentialOptions& options, HttpClient* http);

// What the options name; when they name nothing, all but the reference, in the order above.
std::vector<std::unique_ptr<CredentialSource>> MakeCredentialSources(const CredentialOptions& options,
                                                                     const std::string& region, HttpClient* http);

// UNAUTHENTICATED, permanent (S3_CREDENTIALS_INVALID), unless both keys are there and nothing in them would break a
// header. `where` is where they were found.
absl::Status CheckCredentials(const Credentials& credentials, absl::string_view where);

}  // namespace binlogd
