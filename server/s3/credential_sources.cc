#include "s3/credential_sources.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/file.h"
#include "base/shown.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr size_t kMostFileBytes = 1 << 20;

absl::StatusOr<std::string> ReadTrimmed(const CredentialOptions::Reader& reader) {
  if (!reader) return std::string();
  ASSIGN_OR_RETURN(const std::string text, reader());
  return std::string(absl::StripAsciiWhitespace(text));
}

class ReferenceSource : public CredentialSource {
 public:
  explicit ReferenceSource(const CredentialOptions& options) : options_(options) {}

  absl::StatusOr<std::optional<Credentials>> Fetch() override {
    Credentials credentials;
    ASSIGN_OR_RETURN(credentials.access_key_id, ReadTrimmed(options_.access_key_id));
    ASSIGN_OR_RETURN(credentials.secret_access_key, ReadTrimmed(options_.secret_access_key));
    ASSIGN_OR_RETURN(credentials.session_token, ReadTrimmed(options_.session_token));
    return credentials;
  }
  absl::string_view description() const override { return "the spec's keys"; }

 private:
  const CredentialOptions options_;
};

class EnvironmentSource : public CredentialSource {
 public:
  explicit EnvironmentSource(const CredentialOptions& options) : environment_(options.environment) {}

  absl::StatusOr<std::optional<Credentials>> Fetch() override {
    const std::optional<std::string> id = environment_("AWS_ACCESS_KEY_ID");
    const std::optional<std::string> secret = environment_("AWS_SECRET_ACCESS_KEY");
    if (!id && !secret) return std::nullopt;
    Credentials credentials;
    credentials.access_key_id = id.value_or("");
    credentials.secret_access_key = secret.value_or("");
    credentials.session_token = environment_("AWS_SESSION_TOKEN").value_or("");
    return credentials;
  }
  absl::string_view description() const override { return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"; }

 private:
  const Environment environment_;
};

// [profile]
// aws_access_key_id = …
class SharedFileSource : public CredentialSource {
 public:
  explicit SharedFileSource(const CredentialOptions& options) : options_(options) {}

  absl::StatusOr<std::optional<Credentials>> Fetch() override {
    const std::string path = Path();
    absl::StatusOr<std::string> text = ReadWholeFile(path, kMostFileBytes);
    const std::optional<std::string> chosen = options_.environment("AWS_PROFILE");
    const std::string profile = !options_.profile.empty() ? options_.profile : chosen.value_or("default");
    std::optional<Credentials> credentials;
    if (text.ok()) {
      credentials = Find(*text, profile);
    } else if (!absl::IsNotFound(text.status())) {
      return text.status();
    }
    if (!credentials && !options_.profile.empty()) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "S3_CREDENTIALS_MISSING",
                       absl::StrCat(path, " has no aws_access_key_id in profile ", Shown(profile)));
    }
    return credentials;
  }
  absl::string_view description() const override { return "the shared credentials file"; }

 private:
  std::string Path() const {
    if (!options_.shared_credentials_file.empty()) return options_.shared_credentials_file;
    const std::optional<std::string> path = options_.environment("AWS_SHARED_CREDENTIALS_FILE");
    if (path) return *path;
    return absl::StrCat(options_.environment("HOME").value_or(""), "/.aws/credentials");
  }

  static std::optional<Credentials> Find(absl::string_view text, absl::string_view profile) {
    Credentials found;
    bool inside = false;
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      line = absl::StripAsciiWhitespace(line);
      if (line.empty() || line.front() == '#' || line.front() == ';') continue;
      if (line.front() == '[') {
        inside = absl::StripAsciiWhitespace(line.substr(1, line.find(']') - 1)) == profile;
        continue;
      }
      const size_t equals = line.find('=');
      if (!inside || equals == absl::string_view::npos) continue;
      const std::string name = absl::AsciiStrToLower(absl::StripAsciiWhitespace(line.substr(0, equals)));
      const std::string value(absl::StripAsciiWhitespace(line.substr(equals + 1)));
      if (name == "aws_access_key_id") found.access_key_id = value;
      if (name == "aws_secret_access_key") found.secret_access_key = value;
      if (name == "aws_session_token") found.session_token = value;
    }
    if (found.access_key_id.empty()) return std::nullopt;
    return found;
  }

  const CredentialOptions options_;
};

}  // namespace

std::optional<std::string> ProcessEnvironment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

std::unique_ptr<CredentialSource> MakeReferenceSource(const CredentialOptions& options) {
  return std::make_unique<ReferenceSource>(options);
}

std::unique_ptr<CredentialSource> MakeEnvironmentSource(const CredentialOptions& options) {
  return std::make_unique<EnvironmentSource>(options);
}

std::unique_ptr<CredentialSource> MakeSharedFileSource(const CredentialOptions& options) {
  return std::make_unique<SharedFileSource>(options);
}

std::vector<std::unique_ptr<CredentialSource>> MakeCredentialSources(const CredentialOptions& options,
                                                                     const std::string& region, HttpClient* http) {
  std::vector<std::unique_ptr<CredentialSource>> sources;
  if (options.access_key_id) {
    sources.push_back(MakeReferenceSource(options));
  } else if (!options.profile.empty()) {
    sources.push_back(MakeSharedFileSource(options));
  } else if (!options.role_arn.empty()) {
    sources.push_back(MakeWebIdentitySource(options, region, http));
  } else {
    sources.push_back(MakeEnvironmentSource(options));
    sources.push_back(MakeSharedFileSource(options));
    sources.push_back(MakeWebIdentitySource(options, region, http));
    sources.push_back(MakeContainerSource(options, http));
    sources.push_back(MakeInstanceSource(options, http));
  }
  return sources;
}

absl::Status CheckCredentials(const Credentials& credentials, absl::string_view where) {
  const auto invalid = [where](absl::string_view what) {
    return Permanent(
        MakeError(absl::StatusCode::kUnauthenticated, "S3_CREDENTIALS_INVALID", absl::StrCat(where, ": ", what)));
  };
  if (credentials.access_key_id.empty()) return invalid("the access key id is empty");
  if (credentials.secret_access_key.empty()) return invalid("the secret access key is empty");
  for (const std::string* text :
       {&credentials.access_key_id, &credentials.secret_access_key, &credentials.session_token}) {
    if (!IsHeaderValue(*text)) return invalid("a key or token has a character that none has");
  }
  return absl::OkStatus();
}

}  // namespace binlogd
