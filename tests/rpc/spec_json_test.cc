#include "rpc/spec_json.h"

#include <gtest/gtest.h>

#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

// No field has its default.
TargetSpec FullS3() {
  TargetSpec target;
  target.name = "cold";
  S3TargetSpec& s3 = target.kind.emplace<S3TargetSpec>();
  s3.bucket = "backups";
  s3.prefix = "orders/";
  s3.region = "eu-west-1";
  s3.endpoint = "https://store:9000";
  s3.path_style = true;
  s3.format = EventFormat::kProtobuf;
  s3.compression = Compression::kGzip;
  s3.object_bytes = 1 << 20;
  s3.credentials = {
      "AKIA",      {Secret::Kind::kValue, "secret"}, {Secret::Kind::kFile, "/token"}, "profile", "/shared", "arn:role",
      "/web-token"};
  s3.ca_file = "/ca.pem";
  s3.encryption = S3TargetSpec::Encryption::kAwsKms;
  s3.kms_key_id = "key";
  s3.bucket_key = true;
  s3.storage_class = "STANDARD_IA";
  s3.tags = {{"team", "data"}, {"cost", "7"}};
  return target;
}

TargetSpec FullKafka() {
  TargetSpec target;
  target.name = "bus";
  KafkaTargetSpec& kafka = target.kind.emplace<KafkaTargetSpec>();
  kafka.brokers = {"k1:9092", "k2:9093"};
  kafka.topic = "cdc.{database}.{table}";
  kafka.format = EventFormat::kDebeziumJson;
  kafka.events_topic = "cdc.events";
  kafka.compression = KafkaTargetSpec::Compression::kLz4;
  kafka.position_topic = "positions";
  kafka.transactional_id = "id";
  kafka.transaction_timeout = absl::Minutes(3);
  kafka.oversize = KafkaTargetSpec::Oversize::kDeadLetter;
  kafka.dead_letter_topic = "dead";
  kafka.create_topics = false;
  kafka.partitions = 12;
  kafka.replication_factor = 3;
  kafka.sasl = KafkaSaslSpec{KafkaSaslSpec::Mechanism::kScramSha512, "user", {Secret::Kind::kValue, "password"}};
  kafka.tls = KafkaTlsSpec{"/ca.pem", "/cert.pem", "/key.pem"};
  kafka.properties = {{"linger.ms", "5"}};
  return target;
}

StreamerSpec FullSpec() {
  StreamerSpec spec;
  spec.name = "orders";
  spec.source.flavor = Flavor::kMariaDb;
  spec.source.endpoints = {"db1:3306", "[::1]:3307"};
  spec.source.user = "repl \"ü\"";
  spec.source.password = Secret{Secret::Kind::kFile, "/etc/secret"};
  spec.source.server_id = 4294967295;
  spec.source.tls = {TlsMode::kVerifyIdentity, "/ca", "/cert", "/key"};
  spec.source.gtid = true;
  spec.source.start.kind = StartSpec::Kind::kPosition;
  spec.source.start.file = "binlog.000007";
  spec.source.start.offset = uint64_t{1} << 60;
  spec.oneshot = true;
  spec.filter.databases = {"a*", "b"};
  spec.filter.tables = {"a.t"};
  spec.filter.exclude_databases = {"c"};
  spec.filter.exclude_tables = {"a.x?"};
  for (int kind = 1; kind <= static_cast<int>(EventKind::kOther); ++kind)
    spec.filter.events.insert(static_cast<EventKind>(kind));
  spec.filter.include_ddl = false;
  spec.batch = {7, 8192, absl::Milliseconds(1500)};
  spec.checkpoint = {false, "/run/checkpoint.json", absl::Milliseconds(250)};
  TargetSpec raw, json;
  raw.name = "archive";
  raw.file()->path = "/srv/a";
  raw.file()->rotate_bytes = uint64_t{1} << 50;
  raw.file()->compression = Compression::kZstd;
  raw.file()->key_files = {"/k/new", "/k/old"};
  raw.file()->retention = {absl::Hours(24 * 30), uint64_t{1} << 40, absl::Hours(24)};
  json.name = "changes";
  json.file()->path = "/srv/b";
  json.file()->format = EventFormat::kJson;
  json.file()->rotate_age = absl::Hours(1);
  json.required = false;
  json.start = StartSpec{StartSpec::Kind::kCurrent, "", 0, ""};
  spec.targets = {raw, json, FullS3(), FullKafka()};
  spec.labels = {{"team", "data"}, {"example.com/env", ""}};
  return spec;
}

void ExpectRoundTrip(const StreamerSpec& spec) {
  const SpecJson codec;
  const std::string text = codec.Encode(spec);
  const absl::StatusOr<StreamerSpec> back = codec.Decode(text);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, spec) << text;
}

TEST(SpecJsonTest, EveryFieldComesBack) {
  ExpectRoundTrip(FullSpec());
  ExpectRoundTrip(testing::MakeSpec("plain", "/srv"));
}

TEST(SpecJsonTest, EveryChoiceComesBack) {
  StreamerSpec spec = FullSpec();
  for (const TlsMode mode :
       {TlsMode::kPreferred, TlsMode::kDisabled, TlsMode::kRequired, TlsMode::kVerifyCa, TlsMode::kVerifyIdentity}) {
    spec.source.tls.mode = mode;
    ExpectRoundTrip(spec);
  }
  for (const auto kind : {Secret::Kind::kFile, Secret::Kind::kEnvironment, Secret::Kind::kValue}) {
    spec.source.password.kind = kind;
    ExpectRoundTrip(spec);
  }
  spec.source.password = Secret();
  ExpectRoundTrip(spec);
  spec.source.start = StartSpec();
  ExpectRoundTrip(spec);
  spec.source.start.kind = StartSpec::Kind::kCurrent;
  ExpectRoundTrip(spec);
  spec.source.start.kind = StartSpec::Kind::kGtidSet;
  spec.source.start.gtid_set = "0-1-5";
  ExpectRoundTrip(spec);
}

TEST(SpecJsonTest, WhatANewerVersionWroteIsReadWithoutTheNewFields) {
  const SpecJson codec;
  const StreamerSpec spec =
      *codec.Decode(R"({"name": "a", "new_field": {"x": [1]}, "source": {"user": "u", "other": 1}})");
  EXPECT_EQ(spec.name, "a");
  EXPECT_EQ(spec.source.user, "u");
  EXPECT_EQ(spec.batch, BatchLimits());
  for (const char* bad : {"", "{", "[]", "7", R"({"name": 7})", R"({"batch": {"max_wait": "soon"}})"})
    EXPECT_FALSE(codec.Decode(bad).ok()) << bad;
}

}  // namespace
}  // namespace binlogd
