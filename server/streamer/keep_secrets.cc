#include "streamer/keep_secrets.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

// `same` says whether the secret would go to whom it went before; `what` names what it hangs on.
absl::Status Keep(const Secret& before, bool same, const std::string& field, absl::string_view what, Secret* after) {
  if (after->kind != Secret::Kind::kNone || before.kind != Secret::Kind::kValue) return absl::OkStatus();
  if (!same) return InvalidField(field, "BAD_VALUE", absl::StrCat(what, " change: give the secret again"));
  *after = before;
  return absl::OkStatus();
}

absl::Status KeepS3(const S3TargetSpec& before, const std::string& field, S3TargetSpec* after) {
  const S3CredentialsSpec& had = before.credentials;
  S3CredentialsSpec& has = after->credentials;
  // Without a key there is nothing that the secret would belong to.
  if (has.access_key_id.empty()) return absl::OkStatus();
  const bool same = after->endpoint == before.endpoint && after->region == before.region &&
                    has.access_key_id == had.access_key_id && after->ca_file == before.ca_file;
  constexpr absl::string_view kWhat = "endpoint, region, ca_file or access_key_id";
  // The token belongs to the secret: a new secret does not take the old token along.
  const bool keeps_key = has.secret_access_key.kind == Secret::Kind::kNone;
  RETURN_IF_ERROR(
      Keep(had.secret_access_key, same, absl::StrCat(field, ".secret_access_key"), kWhat, &has.secret_access_key));
  if (!keeps_key) return absl::OkStatus();
  return Keep(had.session_token, same, absl::StrCat(field, ".session_token"), kWhat, &has.session_token);
}

absl::Status KeepTarget(const TargetSpec& before, const std::string& field, TargetSpec* after) {
  if (after->s3() != nullptr && before.s3() != nullptr) {
    return KeepS3(*before.s3(), absl::StrCat(field, ".s3.credentials"), after->s3());
  }
  if (after->kafka() == nullptr || before.kafka() == nullptr) return absl::OkStatus();
  const KafkaTargetSpec& had = *before.kafka();
  KafkaTargetSpec& has = *after->kafka();
  if (!has.sasl || !had.sasl) return absl::OkStatus();
  const bool same = has.brokers == had.brokers && has.tls == had.tls && has.sasl->user == had.sasl->user &&
                    has.sasl->mechanism == had.sasl->mechanism && has.properties == had.properties;
  return Keep(had.sasl->password, same, absl::StrCat(field, ".kafka.sasl.password"),
              "brokers, tls, properties, user or mechanism", &has.sasl->password);
}

}  // namespace

absl::Status KeepSecrets(const StreamerSpec& before, StreamerSpec* after) {
  const SourceSpec& had = before.source;
  SourceSpec& has = after->source;
  const bool same = has.endpoints == had.endpoints && has.tls == had.tls && has.user == had.user;
  RETURN_IF_ERROR(Keep(had.password, same, "source.password", "endpoints, user or tls", &has.password));
  for (size_t i = 0; i < after->targets.size(); ++i) {
    const auto found = std::find_if(before.targets.begin(), before.targets.end(),
                                    [&](const TargetSpec& target) { return target.name == after->targets[i].name; });
    if (found == before.targets.end()) continue;
    RETURN_IF_ERROR(KeepTarget(*found, absl::StrCat("targets[", i, "]"), &after->targets[i]));
  }
  return absl::OkStatus();
}

}  // namespace binlogd
