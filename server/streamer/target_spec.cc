#include "streamer/target_spec.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logging.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "streamer/s3_options.h"
#include "streamer/spec.h"
#include "streamer/spec_bounds.h"
#include "target/kafka_config.h"
#include "target/kafka_topic_names.h"

namespace binlogd {
namespace {

constexpr size_t kMostTargets = 16;
constexpr size_t kMostKeyFiles = 32;
constexpr size_t kMostBrokers = 64;
constexpr size_t kMostPrefixBytes = 512;  // Of the 1024 that a key may have.
constexpr size_t kMostEndpointBytes = 512;
// Names by which Amazon calls things: at least as long as any of theirs.
constexpr size_t kMostAccountBytes = 255;
constexpr size_t kMostResourceBytes = 2048;
constexpr size_t kMostTagNameBytes = 512;  // 128 characters.
constexpr size_t kMostTagBytes = 1024;     // 256 characters.
constexpr size_t kMostKafkaNameBytes = 255;
constexpr size_t kMostUserBytes = 512;
constexpr size_t kMostProperties = 100;
constexpr size_t kMostPropertyBytes = 65536;  // A certificate may be one.
constexpr uint32_t kMostPartitions = 100000;
constexpr uint32_t kMostReplicas = 32767;

absl::Status BadValue(absl::string_view field, absl::string_view message) {
  return InvalidField(field, "BAD_VALUE", message);
}

absl::Status CheckAge(const std::string& field, absl::Duration age, absl::Duration least) {
  return age >= least ? absl::OkStatus() : BadValue(field, absl::StrCat("at least ", absl::FormatDuration(least)));
}

absl::Status CheckKeyFiles(const std::string& field, const std::vector<std::string>& key_files) {
  if (key_files.size() > kMostKeyFiles) return BadValue(field, absl::StrCat("at most ", kMostKeyFiles, " files"));
  for (size_t i = 0; i < key_files.size(); ++i) {
    RETURN_IF_ERROR(CheckPath(absl::StrCat(field, "[", i, "]"), key_files[i]));
  }
  return absl::OkStatus();
}

absl::Status CheckFile(const std::string& field, const FileTargetSpec& file) {
  RETURN_IF_ERROR(CheckFolder(absl::StrCat(field, ".path"), file.path));
  if (file.rotate_bytes < 4096) return BadValue(absl::StrCat(field, ".rotate_bytes"), "it must be at least 4096");
  RETURN_IF_ERROR(CheckAge(absl::StrCat(field, ".rotate_age"), file.rotate_age, absl::Seconds(1)));
  if (!file.format && file.rotate_age != absl::InfiniteDuration()) {
    return BadValue(absl::StrCat(field, ".rotate_age"), "RAW files follow the source's; leave it out");
  }
  RETURN_IF_ERROR(CheckKeyFiles(absl::StrCat(field, ".encryption.key_files"), file.key_files));
  const RetentionSpec& retention = file.retention;
  const bool deletes = retention.max_age != absl::ZeroDuration() || retention.max_bytes != 0;
  if (retention.recovery_window != absl::ZeroDuration() && !deletes) {
    return BadValue(absl::StrCat(field, ".retention.recovery_window"),
                    "nothing is deleted without max_age or max_bytes; give one of them");
  }
  if (retention.max_age != absl::ZeroDuration() && retention.max_age < retention.recovery_window) {
    return BadValue(absl::StrCat(field, ".retention.max_age"), "it is shorter than recovery_window");
  }
  return absl::OkStatus();
}

absl::Status CheckS3Credentials(const std::string& field, const S3CredentialsSpec& credentials) {
  RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".access_key_id"), credentials.access_key_id, kMostAccountBytes));
  RETURN_IF_ERROR(CheckSecret(absl::StrCat(field, ".secret_access_key"), credentials.secret_access_key));
  RETURN_IF_ERROR(CheckSecret(absl::StrCat(field, ".session_token"), credentials.session_token));
  RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".profile"), credentials.profile, kMostAccountBytes));
  RETURN_IF_ERROR(CheckOptionalPath(absl::StrCat(field, ".shared_file"), credentials.shared_file));
  RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".role_arn"), credentials.role_arn, kMostResourceBytes));
  RETURN_IF_ERROR(CheckOptionalPath(absl::StrCat(field, ".token_file"), credentials.token_file));
  const bool has_secret = credentials.secret_access_key.kind != Secret::Kind::kNone;
  if (credentials.access_key_id.empty() == has_secret) {
    return BadValue(absl::StrCat(field, has_secret ? ".access_key_id" : ".secret_access_key"),
                    "access_key_id and secret_access_key go together");
  }
  if (credentials.session_token.kind != Secret::Kind::kNone && !has_secret) {
    return BadValue(absl::StrCat(field, ".session_token"), "it goes with access_key_id");
  }
  if (credentials.role_arn.empty() != credentials.token_file.empty()) {
    return BadValue(absl::StrCat(field, ".token_file"), "role_arn and token_file go together");
  }
  const int ways = (has_secret ? 1 : 0) + (credentials.role_arn.empty() ? 0 : 1) +
                   (credentials.profile.empty() && credentials.shared_file.empty() ? 0 : 1);
  if (ways > 1) return BadValue(field, "give a key, a profile or a role, not several");
  return absl::OkStatus();
}

// What CheckS3Options says nothing of.
absl::Status CheckS3Texts(const std::string& field, const S3TargetSpec& s3) {
  RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".endpoint"), s3.endpoint, kMostEndpointBytes));
  RETURN_IF_ERROR(
      CheckText(absl::StrCat(field, ".server_side_encryption.kms_key_id"), s3.kms_key_id, kMostResourceBytes));
  RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".storage_class"), s3.storage_class, kMostAccountBytes));
  for (const auto& [name, value] : s3.tags) {
    RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".tags"), name, kMostTagNameBytes));
    RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".tags"), value, kMostTagBytes));
  }
  return absl::OkStatus();
}

absl::Status CheckS3(const std::string& field, const S3TargetSpec& s3) {
  const std::string prefix = absl::StrCat(field, ".prefix");
  if (s3.prefix.size() > kMostPrefixBytes)
    return BadValue(prefix, absl::StrCat("at most ", kMostPrefixBytes, " bytes"));
  if (absl::StartsWith(s3.prefix, "/") || absl::StrContains(s3.prefix, "//") || absl::StrContains(s3.prefix, "..")) {
    return BadValue(prefix, "it is the beginning of a key: no '/' first, no '//' and no '..' in it");
  }
  if (std::any_of(s3.prefix.begin(), s3.prefix.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; })) {
    return BadValue(prefix, "it has a control character");
  }
  if (s3.object_bytes < 65536 || s3.object_bytes > 67108864) {
    return BadValue(absl::StrCat(field, ".object_bytes"), "it must be 65536 to 67108864");
  }
  if (!s3.ca_file.empty()) RETURN_IF_ERROR(CheckPath(absl::StrCat(field, ".ca_file"), s3.ca_file));
  RETURN_IF_ERROR(CheckS3Texts(field, s3));
  const bool has_key_options = !s3.kms_key_id.empty() || s3.bucket_key;
  if (has_key_options && s3.encryption != S3TargetSpec::Encryption::kAwsKms) {
    return BadValue(absl::StrCat(field, ".server_side_encryption.mode"), "kms_key_id and bucket_key go with AWS_KMS");
  }
  RETURN_IF_ERROR(CheckS3Credentials(absl::StrCat(field, ".credentials"), s3.credentials));
  return InField(field, CheckS3Options(MakeS3Options(s3, field)));
}

bool IsTopicByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

// `placeholders` may stand in the name.
absl::Status CheckTopic(const std::string& field, absl::string_view topic,
                        const std::vector<absl::string_view>& placeholders) {
  std::string rest;
  for (size_t i = 0; i < topic.size();) {
    const auto found = std::find_if(placeholders.begin(), placeholders.end(), [&](absl::string_view placeholder) {
      return absl::StartsWith(topic.substr(i), placeholder);
    });
    if (found != placeholders.end()) {
      i += found->size();
      rest += 'x';
    } else {
      rest += topic[i++];
    }
  }
  const bool good = !rest.empty() && rest.size() <= 249 && rest != "." && rest != ".." &&
                    std::all_of(rest.begin(), rest.end(), IsTopicByte);
  if (good) return absl::OkStatus();
  return BadValue(field, absl::StrCat(Shown(topic), " is no topic's name: a-z, A-Z, 0-9, '.', '_' and '-'",
                                      placeholders.empty() ? "" : ", and {streamer}, {database}, {table}"));
}

// Where a database or table chooses the topic, the target finds out by itself.
absl::Status CheckApart(const std::string& field, absl::string_view topic, absl::string_view streamer,
                        const KafkaTargetSpec& kafka) {
  if (absl::StrReplaceAll(topic, {{"{streamer}", streamer}}) != kafka.position_topic) return absl::OkStatus();
  return BadValue(field, absl::StrCat(Shown(kafka.position_topic), " is the position_topic, which holds nothing else; ",
                                      "name another topic"));
}

absl::Status CheckKafkaTopics(const std::string& field, absl::string_view streamer, const KafkaTargetSpec& kafka) {
  RETURN_IF_ERROR(CheckTopic(absl::StrCat(field, ".topic"), kafka.topic, {"{streamer}", "{database}", "{table}"}));
  if (!KafkaTopicTellsTablesApart(kafka.topic, streamer)) {
    return BadValue(absl::StrCat(field, ".topic"),
                    absl::StrCat(Shown(kafka.topic), " would give tables of different databases the same topic: put a ",
                                 "'.' between {database} and {table}, or a '-'"));
  }
  if (!kafka.events_topic.empty()) {
    RETURN_IF_ERROR(CheckTopic(absl::StrCat(field, ".events_topic"), kafka.events_topic, {"{streamer}", "{database}"}));
  }
  RETURN_IF_ERROR(CheckTopic(absl::StrCat(field, ".position_topic"), kafka.position_topic, {}));
  RETURN_IF_ERROR(CheckTopic(absl::StrCat(field, ".dead_letter_topic"), kafka.dead_letter_topic, {}));
  const std::string events_topic = kafka.events_topic.empty() ? KafkaOptions().events_topic : kafka.events_topic;
  RETURN_IF_ERROR(CheckApart(absl::StrCat(field, ".topic"), kafka.topic, streamer, kafka));
  RETURN_IF_ERROR(CheckApart(absl::StrCat(field, ".events_topic"), events_topic, streamer, kafka));
  return CheckApart(absl::StrCat(field, ".dead_letter_topic"), kafka.dead_letter_topic, streamer, kafka);
}

// User, password and files.
absl::Status CheckKafkaAccess(const std::string& field, const KafkaTargetSpec& kafka) {
  if (kafka.sasl) {
    const std::string user = absl::StrCat(field, ".sasl.user");
    if (kafka.sasl->user.empty()) return BadValue(user, "name the user");
    RETURN_IF_ERROR(CheckText(user, kafka.sasl->user, kMostUserBytes));
    RETURN_IF_ERROR(CheckSecret(absl::StrCat(field, ".sasl.password"), kafka.sasl->password));
  }
  if (!kafka.tls) return absl::OkStatus();
  if (kafka.tls->cert_file.empty() != kafka.tls->key_file.empty()) {
    return BadValue(absl::StrCat(field, ".tls.cert_file"), "cert_file and key_file go together");
  }
  RETURN_IF_ERROR(CheckOptionalPath(absl::StrCat(field, ".tls.ca_file"), kafka.tls->ca_file));
  RETURN_IF_ERROR(CheckOptionalPath(absl::StrCat(field, ".tls.cert_file"), kafka.tls->cert_file));
  return CheckOptionalPath(absl::StrCat(field, ".tls.key_file"), kafka.tls->key_file);
}

absl::Status CheckProperties(const std::string& field, const std::map<std::string, std::string>& properties) {
  if (properties.size() > kMostProperties) return BadValue(field, absl::StrCat("at most ", kMostProperties));
  for (const auto& [name, value] : properties) {
    RETURN_IF_ERROR(CheckText(field, name, kMostKafkaNameBytes));
    if (value.size() <= kMostPropertyBytes) continue;
    return BadValue(field, absl::StrCat("the value of ", Shown(name), " has more than ", kMostPropertyBytes, " bytes"));
  }
  const absl::Status known = CheckKafkaProperties(properties);
  return known.ok() ? known : InvalidField(field, ErrorReason(known), known.message());
}

absl::Status CheckKafka(const std::string& field, absl::string_view streamer, const KafkaTargetSpec& kafka) {
  if (kafka.brokers.empty() || kafka.brokers.size() > kMostBrokers) {
    return BadValue(absl::StrCat(field, ".brokers"), absl::StrCat("name 1 to ", kMostBrokers, " as host:port"));
  }
  for (size_t i = 0; i < kafka.brokers.size(); ++i) {
    const absl::Status parsed = ParseEndpoint(kafka.brokers[i]).status();
    if (!parsed.ok()) return BadValue(absl::StrCat(field, ".brokers[", i, "]"), parsed.message());
  }
  if (!kafka.format) {
    return BadValue(absl::StrCat(field, ".format"),
                    "RAW is the source's files and has no records; choose JSON, DEBEZIUM_JSON, MAXWELL_JSON, "
                    "CANAL_JSON or PROTOBUF");
  }
  RETURN_IF_ERROR(CheckKafkaTopics(field, streamer, kafka));
  if (kafka.transaction_timeout < absl::Seconds(10) || kafka.transaction_timeout > absl::Hours(24)) {
    return BadValue(absl::StrCat(field, ".transaction_timeout"), "it must be 10s to 24h");
  }
  RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".transactional_id"), kafka.transactional_id, kMostKafkaNameBytes));
  if (kafka.partitions > kMostPartitions) {
    return BadValue(absl::StrCat(field, ".partitions"), absl::StrCat("at most ", kMostPartitions));
  }
  if (kafka.replication_factor > kMostReplicas) {
    return BadValue(absl::StrCat(field, ".replication_factor"), absl::StrCat("at most ", kMostReplicas));
  }
  RETURN_IF_ERROR(CheckKafkaAccess(field, kafka));
  return CheckProperties(absl::StrCat(field, ".properties"), kafka.properties);
}

absl::Status CheckKind(const std::string& field, absl::string_view streamer, const TargetSpec& target) {
  if (const FileTargetSpec* file = target.file()) return CheckFile(absl::StrCat(field, ".file"), *file);
  if (const S3TargetSpec* s3 = target.s3()) return CheckS3(absl::StrCat(field, ".s3"), *s3);
  return CheckKafka(absl::StrCat(field, ".kafka"), streamer, *target.kafka());
}

absl::Status CheckAgainstEarlier(const StreamerSpec& spec, size_t index, const std::string& field) {
  const TargetSpec& target = spec.targets[index];
  for (size_t j = 0; j < index; ++j) {
    if (target.name == spec.targets[j].name) {
      return InvalidField(absl::StrCat(field, ".name"), "DUPLICATE_NAME",
                          absl::StrCat(Shown(target.name), " is taken"));
    }
    const TargetClash clash = FindClash(spec.name, target, spec.name, spec.targets[j]);
    if (clash.empty()) continue;
    return InvalidField(absl::StrCat(field, ".", clash.field), clash.reason,
                        absl::StrCat("targets[", j, "] uses ", clash.thing, "; give each target its own"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view TargetSpec::type() const { return file() != nullptr ? "file" : s3() != nullptr ? "s3" : "kafka"; }

std::optional<EventFormat> TargetSpec::format() const {
  return std::visit([](const auto& target) { return target.format; }, kind);
}

std::string TargetOwner(absl::string_view streamer, absl::string_view target) {
  return TargetSubject(streamer, target);
}

std::string TransactionalId(absl::string_view streamer, const TargetSpec& target) {
  const std::string& given = target.kafka()->transactional_id;
  return given.empty() ? absl::StrCat("binlogd-", streamer, "-", target.name) : given;
}

TargetClash FindClash(absl::string_view streamer_a, const TargetSpec& a, absl::string_view streamer_b,
                      const TargetSpec& b) {
  if (a.kind.index() != b.kind.index()) return TargetClash();
  if (a.file() != nullptr) {
    if (!PlacesOverlap(a.file()->path, b.file()->path)) return TargetClash();
    return TargetClash{"file.path", "TARGET_PATH_IN_USE", b.file()->path};
  }
  if (const S3TargetSpec* s3 = a.s3()) {
    const S3TargetSpec& other = *b.s3();
    const bool overlap = absl::StartsWith(s3->prefix, other.prefix) || absl::StartsWith(other.prefix, s3->prefix);
    if (s3->bucket != other.bucket || s3->endpoint != other.endpoint || !overlap) return TargetClash();
    return TargetClash{"s3.prefix", "TARGET_PREFIX_IN_USE", absl::StrCat("s3://", other.bucket, "/", other.prefix)};
  }
  const std::string id = TransactionalId(streamer_a, a);
  const auto& brokers = b.kafka()->brokers;
  const bool same_cluster = std::any_of(brokers.begin(), brokers.end(), [&a](const std::string& broker) {
    return std::count(a.kafka()->brokers.begin(), a.kafka()->brokers.end(), broker) > 0;
  });
  if (!same_cluster || id != TransactionalId(streamer_b, b)) return TargetClash();
  return TargetClash{"kafka.transactional_id", "TRANSACTIONAL_ID_IN_USE", absl::StrCat("transactional id ", id)};
}

absl::Status CheckTargets(const StreamerSpec& spec) {
  if (spec.targets.empty() || spec.targets.size() > kMostTargets) {
    return BadValue("targets", absl::StrCat("name 1 to ", kMostTargets, " targets"));
  }
  for (size_t i = 0; i < spec.targets.size(); ++i) {
    const TargetSpec& target = spec.targets[i];
    const std::string field = absl::StrCat("targets[", i, "]");
    RETURN_IF_ERROR(CheckName(absl::StrCat(field, ".name"), target.name));
    RETURN_IF_ERROR(CheckKind(field, spec.name, target));
    RETURN_IF_ERROR(CheckAgainstEarlier(spec, i, field));
    if (target.start) RETURN_IF_ERROR(CheckStart(absl::StrCat(field, ".start"), *target.start, spec.source.flavor));
    if (!target.decodes() && spec.filter.drops_events()) {
      return InvalidField(
          absl::StrCat(field, ".", target.type(), ".format"), "RAW_WITH_FILTER",
          "a filtered binary log is not a backup; take the filter away, or put the RAW target into a streamer "
          "of its own");
    }
  }
  const bool any_required =
      std::any_of(spec.targets.begin(), spec.targets.end(), [](const TargetSpec& target) { return target.required; });
  if (!any_required) {
    return BadValue("targets[0].required", "one target at least must be required: the checkpoint is what those hold");
  }
  return absl::OkStatus();
}

}  // namespace binlogd
