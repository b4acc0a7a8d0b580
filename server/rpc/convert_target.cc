#include <optional>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "rpc/convert_parts.h"

namespace binlogd {
namespace {

// Beside those below.
using binlogd::FromProto;
using binlogd::ToProto;

// The formats of decoded events follow RAW, in their order; other enums of the domain are numbered as their messages'.
constexpr int kFirstDecoded = v1::JSON;
static_assert(static_cast<int>(EventFormat::kJson) + kFirstDecoded == v1::JSON);
static_assert(static_cast<int>(EventFormat::kDebeziumJson) + kFirstDecoded == v1::DEBEZIUM_JSON);
static_assert(static_cast<int>(EventFormat::kMaxwellJson) + kFirstDecoded == v1::MAXWELL_JSON);
static_assert(static_cast<int>(EventFormat::kCanalJson) + kFirstDecoded == v1::CANAL_JSON);
static_assert(static_cast<int>(EventFormat::kProtobuf) + kFirstDecoded == v1::PROTOBUF);
static_assert(static_cast<int>(Compression::kZstd) == v1::ZSTD && static_cast<int>(Compression::kGzip) == v1::GZIP);
static_assert(static_cast<int>(S3TargetSpec::Encryption::kAes256) == v1::S3Encryption::AES256);
static_assert(static_cast<int>(S3TargetSpec::Encryption::kAwsKms) == v1::S3Encryption::AWS_KMS);
static_assert(static_cast<int>(KafkaTargetSpec::Compression::kGzip) == v1::KafkaTarget::GZIP);
static_assert(static_cast<int>(KafkaTargetSpec::Compression::kSnappy) == v1::KafkaTarget::SNAPPY);
static_assert(static_cast<int>(KafkaTargetSpec::Compression::kLz4) == v1::KafkaTarget::LZ4);
static_assert(static_cast<int>(KafkaTargetSpec::Compression::kZstd) == v1::KafkaTarget::ZSTD);
static_assert(static_cast<int>(KafkaTargetSpec::Oversize::kDeadLetter) == v1::KafkaTarget::DEAD_LETTER);
static_assert(static_cast<int>(KafkaSaslSpec::Mechanism::kScramSha256) == v1::KafkaSasl::SCRAM_SHA_256);
static_assert(static_cast<int>(KafkaSaslSpec::Mechanism::kScramSha512) == v1::KafkaSasl::SCRAM_SHA_512);

v1::Format ToProto(const std::optional<EventFormat>& format) {
  return format ? static_cast<v1::Format>(static_cast<int>(*format) + kFirstDecoded) : v1::RAW;
}

absl::StatusOr<std::optional<EventFormat>> FormatOf(v1::Format format, const std::string& field) {
  if (!v1::Format_IsValid(format)) return NoMeaning(absl::StrCat(field, ".format"), format);
  if (format == v1::RAW) return std::nullopt;
  return static_cast<EventFormat>(format - kFirstDecoded);
}

absl::StatusOr<Compression> CompressionOf(v1::Compression compression, const std::string& field) {
  if (!v1::Compression_IsValid(compression)) return NoMeaning(absl::StrCat(field, ".compression"), compression);
  return static_cast<Compression>(compression);
}

absl::StatusOr<RetentionSpec> FromProto(const v1::RetentionSpec& message, const std::string& field) {
  RetentionSpec retention;
  ASSIGN_OR_RETURN(retention.max_age, FromProto(message.max_age(), absl::StrCat(field, ".max_age")));
  retention.max_bytes = message.max_bytes();
  ASSIGN_OR_RETURN(retention.recovery_window,
                   FromProto(message.recovery_window(), absl::StrCat(field, ".recovery_window")));
  return retention;
}

absl::StatusOr<FileTargetSpec> FromProto(const v1::FileTarget& message, const std::string& field) {
  FileTargetSpec file;
  file.path = message.path();
  ASSIGN_OR_RETURN(file.format, FormatOf(message.format(), field));
  ASSIGN_OR_RETURN(file.compression, CompressionOf(message.compression(), field));
  if (message.rotate_bytes() != 0) file.rotate_bytes = message.rotate_bytes();
  if (message.has_rotate_age()) {
    ASSIGN_OR_RETURN(file.rotate_age, FromProto(message.rotate_age(), absl::StrCat(field, ".rotate_age")));
  }
  if (message.has_encryption() && message.encryption().key_files().empty()) {
    return InvalidField(absl::StrCat(field, ".encryption.key_files"), "BAD_VALUE", "name the file of a key");
  }
  file.key_files.assign(message.encryption().key_files().begin(), message.encryption().key_files().end());
  ASSIGN_OR_RETURN(file.retention, FromProto(message.retention(), absl::StrCat(field, ".retention")));
  return file;
}

void Write(const FileTargetSpec& file, v1::FileTarget* message) {
  message->set_path(file.path);
  message->set_format(ToProto(file.format));
  message->set_rotate_bytes(file.rotate_bytes);
  message->set_compression(static_cast<v1::Compression>(file.compression));
  if (file.rotate_age != absl::InfiniteDuration()) *message->mutable_rotate_age() = ToProto(file.rotate_age);
  if (!file.key_files.empty()) {
    *message->mutable_encryption()->mutable_key_files() = {file.key_files.begin(), file.key_files.end()};
  }
  if (file.retention == RetentionSpec()) return;
  v1::RetentionSpec* retention = message->mutable_retention();
  if (file.retention.max_age != absl::ZeroDuration()) {
    *retention->mutable_max_age() = ToProto(file.retention.max_age);
  }
  retention->set_max_bytes(file.retention.max_bytes);
  if (file.retention.recovery_window != absl::ZeroDuration()) {
    *retention->mutable_recovery_window() = ToProto(file.retention.recovery_window);
  }
}

S3CredentialsSpec FromProto(const v1::S3Credentials& message) {
  S3CredentialsSpec credentials;
  credentials.access_key_id = message.access_key_id();
  credentials.secret_access_key = FromProto(message.secret_access_key());
  credentials.session_token = FromProto(message.session_token());
  credentials.profile = message.profile();
  credentials.shared_file = message.shared_file();
  credentials.role_arn = message.role_arn();
  credentials.token_file = message.token_file();
  return credentials;
}

void Write(const S3CredentialsSpec& credentials, Secrets secrets, v1::S3Credentials* message) {
  message->set_access_key_id(credentials.access_key_id);
  WriteSecret(credentials.secret_access_key, secrets, [message] { return message->mutable_secret_access_key(); });
  WriteSecret(credentials.session_token, secrets, [message] { return message->mutable_session_token(); });
  message->set_profile(credentials.profile);
  message->set_shared_file(credentials.shared_file);
  message->set_role_arn(credentials.role_arn);
  message->set_token_file(credentials.token_file);
}

absl::StatusOr<S3TargetSpec> FromProto(const v1::S3Target& message, const std::string& field) {
  S3TargetSpec s3;
  s3.bucket = message.bucket();
  s3.prefix = message.prefix();
  s3.region = message.region();
  s3.endpoint = message.endpoint();
  s3.path_style = message.path_style();
  ASSIGN_OR_RETURN(s3.format, FormatOf(message.format(), field));
  ASSIGN_OR_RETURN(s3.compression, CompressionOf(message.compression(), field));
  if (message.object_bytes() != 0) s3.object_bytes = message.object_bytes();
  s3.credentials = FromProto(message.credentials());
  s3.ca_file = message.ca_file();
  const v1::S3Encryption& encryption = message.server_side_encryption();
  if (!v1::S3Encryption::Mode_IsValid(encryption.mode())) {
    return NoMeaning(absl::StrCat(field, ".server_side_encryption.mode"), encryption.mode());
  }
  s3.encryption = static_cast<S3TargetSpec::Encryption>(encryption.mode());
  s3.kms_key_id = encryption.kms_key_id();
  s3.bucket_key = encryption.bucket_key();
  s3.storage_class = message.storage_class();
  s3.tags = {message.tags().begin(), message.tags().end()};
  return s3;
}

void Write(const S3TargetSpec& s3, Secrets secrets, v1::S3Target* message) {
  message->set_bucket(s3.bucket);
  message->set_prefix(s3.prefix);
  message->set_region(s3.region);
  message->set_endpoint(s3.endpoint);
  message->set_path_style(s3.path_style);
  message->set_format(ToProto(s3.format));
  message->set_compression(static_cast<v1::Compression>(s3.compression));
  message->set_object_bytes(s3.object_bytes);
  if (!(s3.credentials == S3CredentialsSpec())) Write(s3.credentials, secrets, message->mutable_credentials());
  message->set_ca_file(s3.ca_file);
  if (s3.encryption != S3TargetSpec::Encryption::kBucketDefault) {
    message->mutable_server_side_encryption()->set_mode(static_cast<v1::S3Encryption::Mode>(s3.encryption));
    message->mutable_server_side_encryption()->set_kms_key_id(s3.kms_key_id);
    message->mutable_server_side_encryption()->set_bucket_key(s3.bucket_key);
  }
  message->set_storage_class(s3.storage_class);
  *message->mutable_tags() = {s3.tags.begin(), s3.tags.end()};
}

absl::StatusOr<KafkaSaslSpec> FromProto(const v1::KafkaSasl& message, const std::string& field) {
  KafkaSaslSpec sasl;
  if (!v1::KafkaSasl::Mechanism_IsValid(message.mechanism())) {
    return NoMeaning(absl::StrCat(field, ".mechanism"), message.mechanism());
  }
  sasl.mechanism = static_cast<KafkaSaslSpec::Mechanism>(message.mechanism());
  sasl.user = message.user();
  sasl.password = FromProto(message.password());
  return sasl;
}

absl::StatusOr<KafkaTargetSpec> FromProto(const v1::KafkaTarget& message, const std::string& field) {
  KafkaTargetSpec kafka;
  kafka.brokers.assign(message.brokers().begin(), message.brokers().end());
  if (!message.topic().empty()) kafka.topic = message.topic();
  ASSIGN_OR_RETURN(kafka.format, FormatOf(message.format(), field));
  kafka.events_topic = message.events_topic();
  if (!v1::KafkaTarget::BatchCompression_IsValid(message.compression())) {
    return NoMeaning(absl::StrCat(field, ".compression"), message.compression());
  }
  kafka.compression = static_cast<KafkaTargetSpec::Compression>(message.compression());
  if (!message.position_topic().empty()) kafka.position_topic = message.position_topic();
  kafka.transactional_id = message.transactional_id();
  if (message.has_transaction_timeout()) {
    ASSIGN_OR_RETURN(kafka.transaction_timeout,
                     FromProto(message.transaction_timeout(), absl::StrCat(field, ".transaction_timeout")));
  }
  if (!v1::KafkaTarget::Oversize_IsValid(message.oversize())) {
    return NoMeaning(absl::StrCat(field, ".oversize"), message.oversize());
  }
  kafka.oversize = static_cast<KafkaTargetSpec::Oversize>(message.oversize());
  if (!message.dead_letter_topic().empty()) kafka.dead_letter_topic = message.dead_letter_topic();
  if (message.has_create_topics()) kafka.create_topics = message.create_topics();
  kafka.partitions = message.partitions();
  kafka.replication_factor = message.replication_factor();
  if (message.has_sasl()) {
    ASSIGN_OR_RETURN(kafka.sasl, FromProto(message.sasl(), absl::StrCat(field, ".sasl")));
  }
  if (message.has_tls()) {
    kafka.tls = KafkaTlsSpec{message.tls().ca_file(), message.tls().cert_file(), message.tls().key_file()};
  }
  kafka.properties = {message.properties().begin(), message.properties().end()};
  return kafka;
}

void Write(const KafkaSaslSpec& sasl, Secrets secrets, v1::KafkaSasl* message) {
  message->set_mechanism(static_cast<v1::KafkaSasl::Mechanism>(sasl.mechanism));
  message->set_user(sasl.user);
  WriteSecret(sasl.password, secrets, [message] { return message->mutable_password(); });
}

void Write(const KafkaTargetSpec& kafka, Secrets secrets, v1::KafkaTarget* message) {
  *message->mutable_brokers() = {kafka.brokers.begin(), kafka.brokers.end()};
  message->set_topic(kafka.topic);
  message->set_format(ToProto(kafka.format));
  message->set_events_topic(kafka.events_topic);
  message->set_compression(static_cast<v1::KafkaTarget::BatchCompression>(kafka.compression));
  message->set_position_topic(kafka.position_topic);
  message->set_transactional_id(kafka.transactional_id);
  *message->mutable_transaction_timeout() = ToProto(kafka.transaction_timeout);
  message->set_oversize(static_cast<v1::KafkaTarget::Oversize>(kafka.oversize));
  message->set_dead_letter_topic(kafka.dead_letter_topic);
  message->set_create_topics(kafka.create_topics);
  message->set_partitions(kafka.partitions);
  message->set_replication_factor(kafka.replication_factor);
  if (kafka.sasl) Write(*kafka.sasl, secrets, message->mutable_sasl());
  if (kafka.tls) {
    message->mutable_tls()->set_ca_file(kafka.tls->ca_file);
    message->mutable_tls()->set_cert_file(kafka.tls->cert_file);
    message->mutable_tls()->set_key_file(kafka.tls->key_file);
  }
  *message->mutable_properties() = {kafka.properties.begin(), kafka.properties.end()};
}

}  // namespace

absl::StatusOr<TargetSpec> FromProto(const v1::TargetSpec& message, const std::string& field) {
  TargetSpec target;
  target.name = message.name();
  if (message.has_required()) target.required = message.required();
  if (message.has_start()) target.start = FromProto(message.start());
  switch (message.kind_case()) {
    case v1::TargetSpec::kFile: {
      ASSIGN_OR_RETURN(target.kind, FromProto(message.file(), absl::StrCat(field, ".file")));
      return target;
    }
    case v1::TargetSpec::kS3: {
      ASSIGN_OR_RETURN(target.kind, FromProto(message.s3(), absl::StrCat(field, ".s3")));
      return target;
    }
    case v1::TargetSpec::kKafka: {
      ASSIGN_OR_RETURN(target.kind, FromProto(message.kafka(), absl::StrCat(field, ".kafka")));
      return target;
    }
    case v1::TargetSpec::KIND_NOT_SET: break;
  }
  return InvalidField(field, "BAD_VALUE", "say where it goes: file: {path: …}, s3: {bucket: …} or kafka: {brokers: …}");
}

v1::TargetSpec ToProto(const TargetSpec& target, Secrets secrets) {
  v1::TargetSpec message;
  message.set_name(target.name);
  message.set_required(target.required);
  if (target.start) WriteStart(*target.start, message.mutable_start());
  if (const FileTargetSpec* file = target.file()) Write(*file, message.mutable_file());
  if (const S3TargetSpec* s3 = target.s3()) Write(*s3, secrets, message.mutable_s3());
  if (const KafkaTargetSpec* kafka = target.kafka()) Write(*kafka, secrets, message.mutable_kafka());
  return message;
}

}  // namespace binlogd
