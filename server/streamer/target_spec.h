// What a target is told to do; the domain's form of binlogd.v1.TargetSpec, whose comments say what each field means.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "codec/compressor.h"
#include "format/event_encoder.h"
#include "streamer/secret.h"
#include "target/kafka_options.h"

namespace binlogd {

struct StartSpec {
  enum class Kind { kEarliest, kCurrent, kPosition, kGtidSet };
  Kind kind = Kind::kEarliest;
  std::string file;
  uint64_t offset = 0;
  std::string gtid_set;
  friend bool operator==(const StartSpec&, const StartSpec&) = default;
};

struct RetentionSpec {
  absl::Duration max_age;  // Zero: age does not matter.
  uint64_t max_bytes = 0;  // 0: size does not matter.
  absl::Duration recovery_window;
  friend bool operator==(const RetentionSpec&, const RetentionSpec&) = default;
};

struct FileTargetSpec {
  std::string path;
  std::optional<EventFormat> format;  // None: RAW, the source's bytes.
  uint64_t rotate_bytes = 268435456;
  absl::Duration rotate_age = absl::InfiniteDuration();
  Compression compression = Compression::kNone;
  std::vector<std::string> key_files;  // Empty: not encrypted.
  RetentionSpec retention;
  friend bool operator==(const FileTargetSpec&, const FileTargetSpec&) = default;
};

struct S3CredentialsSpec {
  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;
  std::string profile;
  std::string shared_file;
  std::string role_arn;
  std::string token_file;
  friend bool operator==(const S3CredentialsSpec&, const S3CredentialsSpec&) = default;
};

struct S3TargetSpec {
  enum class Encryption : uint8_t { kBucketDefault, kAes256, kAwsKms };

  std::string bucket;
  std::string prefix;
  std::string region;    // Empty: the environment's, or us-east-1.
  std::string endpoint;  // Empty: Amazon's of the region.
  bool path_style = false;
  std::optional<EventFormat> format;  // None: RAW.
  Compression compression = Compression::kNone;
  uint64_t object_bytes = 16777216;
  S3CredentialsSpec credentials;
  std::string ca_file;
  Encryption encryption = Encryption::kBucketDefault;
  std::string kms_key_id;
  bool bucket_key = false;
  std::string storage_class;
  std::map<std::string, std::string> tags;
  friend bool operator==(const S3TargetSpec&, const S3TargetSpec&) = default;
};

struct KafkaSaslSpec {
  enum class Mechanism : uint8_t { kPlain, kScramSha256, kScramSha512 };
  Mechanism mechanism = Mechanism::kPlain;
  std::string user;
  Secret password;
  friend bool operator==(const KafkaSaslSpec&, const KafkaSaslSpec&) = default;
};

struct KafkaTlsSpec {
  std::string ca_file;
  std::string cert_file;
  std::string key_file;
  friend bool operator==(const KafkaTlsSpec&, const KafkaTlsSpec&) = default;
};

struct KafkaTargetSpec {
  using Compression = KafkaOptions::Compression;
  using Oversize = KafkaOptions::Oversize;

  std::vector<std::string> brokers;
  std::string topic = "{streamer}.{database}.{table}";
  std::optional<EventFormat> format;  // Given in a spec that has been checked.
  std::string events_topic;           // Empty: the target's default.
  Compression compression = Compression::kNone;
  std::string position_topic = "binlogd.positions";
  std::string transactional_id;  // Empty: "binlogd-STREAMER-TARGET".
  absl::Duration transaction_timeout = absl::Minutes(15);
  Oversize oversize = Oversize::kFail;
  std::string dead_letter_topic = "binlogd.dead-letters";
  bool create_topics = true;
  uint32_t partitions = 0;          // 0: the broker's default.
  uint32_t replication_factor = 0;  // 0: the broker's default.
  std::optional<KafkaSaslSpec> sasl;
  std::optional<KafkaTlsSpec> tls;
  std::map<std::string, std::string> properties;
  friend bool operator==(const KafkaTargetSpec&, const KafkaTargetSpec&) = default;
};

struct TargetSpec {
  std::string name;
  std::variant<FileTargetSpec, S3TargetSpec, KafkaTargetSpec> kind;
  bool required = true;
  std::optional<StartSpec> start;  // None: the source's.

  FileTargetSpec* file() { return std::get_if<FileTargetSpec>(&kind); }
  const FileTargetSpec* file() const { return std::get_if<FileTargetSpec>(&kind); }
  S3TargetSpec* s3() { return std::get_if<S3TargetSpec>(&kind); }
  const S3TargetSpec* s3() const { return std::get_if<S3TargetSpec>(&kind); }
  KafkaTargetSpec* kafka() { return std::get_if<KafkaTargetSpec>(&kind); }
  const KafkaTargetSpec* kafka() const { return std::get_if<KafkaTargetSpec>(&kind); }

  // "file", "s3", "kafka": as the spec names it.
  absl::string_view type() const;
  // None: RAW.
  std::optional<EventFormat> format() const;
  bool decodes() const { return format().has_value(); }
  friend bool operator==(const TargetSpec&, const TargetSpec&) = default;
};

// How a target is called to whoever finds its store in use.
std::string TargetOwner(absl::string_view streamer, absl::string_view target);

// The transactional id of a Kafka target: what the spec says, or its default.
std::string TransactionalId(absl::string_view streamer, const TargetSpec& target);

// Why `a`, of a streamer, and `b`, of another one or the same, cannot both be: their stores overlap. Empty when they
// can.
struct TargetClash {
  std::string field;  // Of `a`, for example "file.path".
  std::string reason;
  std::string thing;  // What both use.
  bool empty() const { return field.empty(); }
};
TargetClash FindClash(absl::string_view streamer_a, const TargetSpec& a, absl::string_view streamer_b,
                      const TargetSpec& b);

}  // namespace binlogd
