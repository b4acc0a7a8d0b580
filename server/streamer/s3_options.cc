#include "streamer/s3_options.h"

#include "absl/strings/str_cat.h"

namespace binlogd {
namespace {

CredentialOptions MakeCredentialOptions(const S3CredentialsSpec& spec, const std::string& field) {
  CredentialOptions options;
  const auto reader = [&field](const Secret& secret, const char* name) -> CredentialOptions::Reader {
    if (secret.kind == Secret::Kind::kNone) return nullptr;
    return [secret, path = absl::StrCat(field, ".", name)] { return secret.Resolve(path); };
  };
  if (!spec.access_key_id.empty()) options.access_key_id = [id = spec.access_key_id] { return id; };
  options.secret_access_key = reader(spec.secret_access_key, "secret_access_key");
  options.session_token = reader(spec.session_token, "session_token");
  options.profile = spec.profile;
  options.shared_credentials_file = spec.shared_file;
  options.role_arn = spec.role_arn;
  options.web_identity_token_file = spec.token_file;
  return options;
}

}  // namespace

S3Options MakeS3Options(const S3TargetSpec& spec, const std::string& field) {
  S3Options options;
  options.bucket = spec.bucket;
  options.endpoint = spec.endpoint;
  options.region = spec.region;
  options.path_style = spec.path_style;
  options.ca_file = spec.ca_file;
  options.storage_class = spec.storage_class;
  options.tags = spec.tags;
  if (spec.encryption == S3TargetSpec::Encryption::kAes256) options.encryption.algorithm = "AES256";
  if (spec.encryption == S3TargetSpec::Encryption::kAwsKms) options.encryption.algorithm = "aws:kms";
  options.encryption.kms_key_id = spec.kms_key_id;
  options.encryption.bucket_key = spec.bucket_key;
  options.credentials = MakeCredentialOptions(spec.credentials, absl::StrCat(field, ".credentials"));
  return options;
}

}  // namespace binlogd
