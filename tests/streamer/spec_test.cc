#include "streamer/spec.h"

#include <gtest/gtest.h>

#include <functional>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "streamer/make_targets.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

using testing::MakeSpec;

struct Case {
  const char* what;
  std::function<void(StreamerSpec&)> spoil;
  const char* field;
  const char* reason = "BAD_VALUE";
};

TargetSpec File(const std::string& name, const std::string& path, std::optional<EventFormat> format = std::nullopt) {
  TargetSpec target;
  target.name = name;
  target.file()->path = path;
  target.file()->format = format;
  return target;
}

TargetSpec S3(const std::string& name, const std::string& prefix) {
  TargetSpec target;
  target.name = name;
  S3TargetSpec& s3 = target.kind.emplace<S3TargetSpec>();
  s3.bucket = "backups";
  s3.prefix = prefix;
  return target;
}

TargetSpec Kafka(const std::string& name) {
  TargetSpec target;
  target.name = name;
  KafkaTargetSpec& kafka = target.kind.emplace<KafkaTargetSpec>();
  kafka.brokers = {"k1:9092"};
  kafka.format = EventFormat::kJson;
  return target;
}

// An absolute path of so many bytes, of short names.
std::string LongPath(size_t bytes) {
  std::string path;
  while (path.size() < bytes) path += "/abcdefghi";
  path.resize(bytes, 'a');
  return path;
}

TEST(CheckSpecTest, WhatIsAsLongAsItMayBePasses) {
  StreamerSpec spec = MakeSpec("orders", "/srv");
  spec.source.endpoints.assign(64, "db1:3306");
  spec.source.user = std::string(512, 'u');
  spec.source.password = Secret{Secret::Kind::kValue, std::string(65536, 'p')};
  spec.source.tls.ca_file = "ca.pem";
  spec.checkpoint.file = LongPath(4095);
  spec.targets[0].file()->path = LongPath(3840);
  EXPECT_TRUE(CheckSpec(spec).ok()) << CheckSpec(spec);
}

TEST(CheckSpecTest, AGoodOnePasses) {
  EXPECT_TRUE(CheckSpec(MakeSpec("orders", "/srv")).ok());
  StreamerSpec spec = MakeSpec("a", "/srv");
  spec.name = std::string(63, 'Z');
  spec.targets = {File("a", "/srv/a"), File("b", "/srv/ab"), File("c", "/srv/a.b", EventFormat::kJson)};
  spec.source.endpoints = {"db1", "db2:3307", "[::1]:3306"};
  EXPECT_TRUE(CheckSpec(spec).ok());
}

TEST(CheckSpecTest, TargetsOfEveryKind) {
  StreamerSpec spec = MakeSpec("orders", "/srv");
  spec.targets = {File("a", "/srv/a"), S3("b", "orders/"), S3("c", "others/"), Kafka("d"), Kafka("e")};
  spec.targets[3].required = false;
  EXPECT_TRUE(CheckSpec(spec).ok()) << CheckSpec(spec);
  EXPECT_EQ(TransactionalId("orders", spec.targets[3]), "binlogd-orders-d");
}

TEST(CheckSpecTest, BadFieldsOfObjectStoresAndBuses) {
  const auto s3 = [](std::function<void(S3TargetSpec&)> spoil) {
    return [spoil](StreamerSpec& s) {
      s.targets = {S3("a", "p/")};
      spoil(*s.targets[0].s3());
    };
  };
  const auto kafka = [](std::function<void(KafkaTargetSpec&)> spoil) {
    return [spoil](StreamerSpec& s) {
      s.targets = {Kafka("a")};
      spoil(*s.targets[0].kafka());
    };
  };
  const auto file = [](std::function<void(FileTargetSpec&)> spoil) {
    return [spoil](StreamerSpec& s) { spoil(*s.targets[0].file()); };
  };
  const Case cases[] = {
      {"no bucket", s3([](auto& t) { t.bucket = ""; }), "targets[0].s3.bucket"},
      {"bucket with a slash", s3([](auto& t) { t.bucket = "a/b"; }), "targets[0].s3.bucket"},
      {"address without path style", s3([](auto& t) { t.endpoint = "http://127.0.0.1:9000"; }),
       "targets[0].s3.path_style"},
      {"region", s3([](auto& t) { t.region = "eu west"; }), "targets[0].s3.region"},
      {"slash first", s3([](auto& t) { t.prefix = "/a"; }), "targets[0].s3.prefix"},
      {"up", s3([](auto& t) { t.prefix = "a/../b"; }), "targets[0].s3.prefix"},
      {"newline", s3([](auto& t) { t.prefix = "a\nb"; }), "targets[0].s3.prefix"},
      {"long prefix", s3([](auto& t) { t.prefix = std::string(513, 'a'); }), "targets[0].s3.prefix"},
      {"endpoint", s3([](auto& t) { t.endpoint = "store:9000"; }), "targets[0].s3.endpoint"},
      {"object_bytes", s3([](auto& t) { t.object_bytes = 65535; }), "targets[0].s3.object_bytes"},
      {"key alone", s3([](auto& t) { t.credentials.access_key_id = "A"; }),
       "targets[0].s3.credentials.secret_access_key"},
      {"secret alone", s3([](auto& t) {
         t.credentials.secret_access_key = {Secret::Kind::kValue, "A"};
       }),
       "targets[0].s3.credentials.access_key_id"},
      {"role alone", s3([](auto& t) { t.credentials.role_arn = "A"; }), "targets[0].s3.credentials.token_file"},
      {"KMS key without KMS", s3([](auto& t) { t.kms_key_id = "A"; }), "targets[0].s3.server_side_encryption.mode"},
      {"no broker", kafka([](auto& t) { t.brokers = {}; }), "targets[0].kafka.brokers"},
      {"bad broker", kafka([](auto& t) {
         t.brokers = {"a:1", "b:99999"};
       }),
       "targets[0].kafka.brokers[1]"},
      {"RAW", kafka([](auto& t) { t.format = std::nullopt; }), "targets[0].kafka.format"},
      {"topic", kafka([](auto& t) { t.topic = "a b"; }), "targets[0].kafka.topic"},
      {"unknown placeholder", kafka([](auto& t) { t.topic = "{schema}"; }), "targets[0].kafka.topic"},
      {"tables share a topic", kafka([](auto& t) { t.topic = "{database}_{table}"; }), "targets[0].kafka.topic"},
      {"position topic", kafka([](auto& t) { t.position_topic = "{table}"; }), "targets[0].kafka.position_topic"},
      {"records among positions", kafka([](auto& t) { t.topic = t.position_topic; }), "targets[0].kafka.topic"},
      {"events among positions", kafka([](auto& t) { t.events_topic = t.position_topic; }),
       "targets[0].kafka.events_topic"},
      {"events of the streamer among positions", kafka([](auto& t) { t.position_topic = "orders.events"; }),
       "targets[0].kafka.events_topic"},
      {"dead letters among positions", kafka([](auto& t) { t.dead_letter_topic = t.position_topic; }),
       "targets[0].kafka.dead_letter_topic"},
      {"timeout", kafka([](auto& t) { t.transaction_timeout = absl::Seconds(1); }),
       "targets[0].kafka.transaction_timeout"},
      {"no user", kafka([](auto& t) { t.sasl.emplace(); }), "targets[0].kafka.sasl.user"},
      {"long endpoint", s3([](auto& t) { t.endpoint = "https://" + std::string(505, 'a'); }), "targets[0].s3.endpoint"},
      {"long profile", s3([](auto& t) { t.credentials.profile = std::string(256, 'a'); }),
       "targets[0].s3.credentials.profile"},
      {"newline in the profile", s3([](auto& t) { t.credentials.profile = "a\nb"; }),
       "targets[0].s3.credentials.profile"},
      {"long role", s3([](auto& t) { t.credentials.role_arn = std::string(2049, 'a'); }),
       "targets[0].s3.credentials.role_arn"},
      {"long secret", s3([](auto& t) {
         t.credentials.access_key_id = "A";
         t.credentials.secret_access_key = Secret{Secret::Kind::kValue, std::string(65537, 'a')};
       }),
       "targets[0].s3.credentials.secret_access_key.value"},
      {"long tag", s3([](auto& t) {
         t.tags = {{std::string(513, 'a'), ""}};
       }),
       "targets[0].s3.tags"},
      {"long value of a tag", s3([](auto& t) {
         t.tags = {{"a", std::string(1025, 'a')}};
       }),
       "targets[0].s3.tags"},
      {"long storage class", s3([](auto& t) { t.storage_class = std::string(256, 'A'); }),
       "targets[0].s3.storage_class"},
      {"long transactional id", kafka([](auto& t) { t.transactional_id = std::string(256, 'a'); }),
       "targets[0].kafka.transactional_id"},
      {"many brokers", kafka([](auto& t) { t.brokers.assign(65, "k:1"); }), "targets[0].kafka.brokers"},
      {"many partitions", kafka([](auto& t) { t.partitions = 100001; }), "targets[0].kafka.partitions"},
      {"many replicas", kafka([](auto& t) { t.replication_factor = 32768; }), "targets[0].kafka.replication_factor"},
      {"many properties", kafka([](auto& t) {
         for (int i = 0; i < 101; ++i) t.properties[std::to_string(i)] = "1";
       }),
       "targets[0].kafka.properties"},
      {"long property", kafka([](auto& t) { t.properties["client.id"] = std::string(65537, 'a'); }),
       "targets[0].kafka.properties"},
      {"long user of brokers", kafka([](auto& t) { t.sasl.emplace().user = std::string(513, 'a'); }),
       "targets[0].kafka.sasl.user"},
      {"long file of brokers", kafka([](auto& t) {
         t.tls = KafkaTlsSpec{"/" + std::string(256, 'a'), "", ""};
       }),
       "targets[0].kafka.tls.ca_file"},
      {"cert alone", kafka([](auto& t) {
         t.tls = KafkaTlsSpec{"", "/c", ""};
       }),
       "targets[0].kafka.tls.cert_file"},
      {"age of RAW", file([](auto& t) { t.rotate_age = absl::Hours(1); }), "targets[0].file.rotate_age"},
      {"relative key", file([](auto& t) {
         t.key_files = {"/a", "b"};
       }),
       "targets[0].file.encryption.key_files[1]"},
      {"window alone", file([](auto& t) { t.retention.recovery_window = absl::Hours(1); }),
       "targets[0].file.retention.recovery_window"},
      {"window too long", file([](auto& t) {
         t.retention = {absl::Hours(1), 0, absl::Hours(2)};
       }),
       "targets[0].file.retention.max_age"},
      {"nothing required", [](StreamerSpec& s) { s.targets[0].required = false; }, "targets[0].required"},
      {"one prefix in another",
       [](StreamerSpec& s) {
         s.targets = {S3("a", "p/"), S3("b", "p/q/")};
       },
       "targets[1].s3.prefix", "TARGET_PREFIX_IN_USE"},
      {"one transactional id",
       [](StreamerSpec& s) {
         s.targets = {Kafka("a"), Kafka("b")};
         s.targets[1].kafka()->transactional_id = "binlogd-orders-a";
       },
       "targets[1].kafka.transactional_id", "TRANSACTIONAL_ID_IN_USE"},
      {"start",
       [](StreamerSpec& s) {
         s.targets[0].start = StartSpec{StartSpec::Kind::kGtidSet, "", 0, "x"};
       },
       "targets[0].start.gtid_set"},
  };
  for (const Case& c : cases) {
    StreamerSpec spec = MakeSpec("orders", "/srv");
    c.spoil(spec);
    const absl::Status status = CheckSpec(spec);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.what;
    EXPECT_EQ(ErrorField(status), c.field) << c.what << ": " << status;
    EXPECT_EQ(ErrorReason(status), c.reason) << c.what;
    const std::string field = c.field;
    const std::string last = field.substr(field.rfind('.') + 1);
    EXPECT_FALSE(absl::StrContains(status.message(), absl::StrCat(": ", last, ": "))) << "told twice: " << status;
  }
}

TEST(CheckSpecTest, EachBadFieldIsNamed) {
  const Case cases[] = {
      {"empty name", [](StreamerSpec& s) { s.name = ""; }, "name", "INVALID_NAME"},
      {"slash", [](StreamerSpec& s) { s.name = "a/b"; }, "name", "INVALID_NAME"},
      {"dots", [](StreamerSpec& s) { s.name = ".."; }, "name", "INVALID_NAME"},
      {"dot", [](StreamerSpec& s) { s.name = "."; }, "name", "INVALID_NAME"},
      {"dash first", [](StreamerSpec& s) { s.name = "-a"; }, "name", "INVALID_NAME"},
      {"64 bytes", [](StreamerSpec& s) { s.name = std::string(64, 'a'); }, "name", "INVALID_NAME"},
      {"10 kB", [](StreamerSpec& s) { s.name = std::string(10000, 'a'); }, "name", "INVALID_NAME"},
      {"unicode", [](StreamerSpec& s) { s.name = "größe"; }, "name", "INVALID_NAME"},
      {"space", [](StreamerSpec& s) { s.name = "a b"; }, "name", "INVALID_NAME"},
      {"zero byte", [](StreamerSpec& s) { s.name = std::string("a\0b", 3); }, "name", "INVALID_NAME"},
      {"newline", [](StreamerSpec& s) { s.name = "a\n"; }, "name", "INVALID_NAME"},
      {"no endpoint", [](StreamerSpec& s) { s.source.endpoints = {}; }, "source.endpoints"},
      {"empty endpoint",
       [](StreamerSpec& s) {
         s.source.endpoints = {"a:1", ""};
       },
       "source.endpoints[1]"},
      {"bad port", [](StreamerSpec& s) { s.source.endpoints = {"db:70000"}; }, "source.endpoints[0]"},
      {"port 0", [](StreamerSpec& s) { s.source.endpoints = {"db:0"}; }, "source.endpoints[0]"},
      {"no user", [](StreamerSpec& s) { s.source.user = ""; }, "source.user"},
      {"many endpoints", [](StreamerSpec& s) { s.source.endpoints.assign(65, "a:1"); }, "source.endpoints"},
      {"long user", [](StreamerSpec& s) { s.source.user = std::string(513, 'a'); }, "source.user"},
      {"newline in the user", [](StreamerSpec& s) { s.source.user = "a\n"; }, "source.user"},
      {"long password",
       [](StreamerSpec& s) {
         s.source.password = Secret{Secret::Kind::kValue, std::string(65537, 'a')};
       },
       "source.password.value"},
      {"long name of the password's file",
       [](StreamerSpec& s) {
         s.source.password = Secret{Secret::Kind::kFile, "/" + std::string(256, 'a')};
       },
       "source.password.file"},
      {"long variable",
       [](StreamerSpec& s) {
         s.source.password = Secret{Secret::Kind::kEnvironment, std::string(256, 'A')};
       },
       "source.password.env"},
      {"long CA", [](StreamerSpec& s) { s.source.tls.ca_file = "/" + std::string(256, 'a'); }, "source.tls.ca_file"},
      {"long checkpoint", [](StreamerSpec& s) { s.checkpoint.file = LongPath(4096); }, "checkpoint.file"},
      {"long folder", [](StreamerSpec& s) { s.targets[0].file()->path = LongPath(3841); }, "targets[0].file.path"},
      {"long name in the folder's path",
       [](StreamerSpec& s) { s.targets[0].file()->path = "/srv/" + std::string(256, 'a'); }, "targets[0].file.path"},
      {"long start",
       [](StreamerSpec& s) {
         s.source.start.kind = StartSpec::Kind::kPosition;
         s.source.start.file = std::string(256, 'a');
       },
       "source.start.position.file"},
      {"long GTID set",
       [](StreamerSpec& s) {
         s.source.start.kind = StartSpec::Kind::kGtidSet;
         s.source.start.gtid_set = std::string(262145, '1');
       },
       "source.start.gtid_set"},
      {"server id 0", [](StreamerSpec& s) { s.source.server_id = 0; }, "source.server_id"},
      {"verify without CA", [](StreamerSpec& s) { s.source.tls.mode = TlsMode::kVerifyCa; }, "source.tls.ca_file"},
      {"verify identity without CA", [](StreamerSpec& s) { s.source.tls.mode = TlsMode::kVerifyIdentity; },
       "source.tls.ca_file"},
      {"certificate without key", [](StreamerSpec& s) { s.source.tls.cert_file = "/c"; }, "source.tls.cert_file"},
      {"key without certificate", [](StreamerSpec& s) { s.source.tls.key_file = "/k"; }, "source.tls.cert_file"},
      {"start without file", [](StreamerSpec& s) { s.source.start.kind = StartSpec::Kind::kPosition; },
       "source.start.position.file"},
      {"start in a path",
       [](StreamerSpec& s) {
         s.source.start.kind = StartSpec::Kind::kPosition;
         s.source.start.file = "../binlog.000001";
       },
       "source.start.position.file"},
      {"start before the first event",
       [](StreamerSpec& s) {
         s.source.start.kind = StartSpec::Kind::kPosition;
         s.source.start.file = "binlog.000001";
         s.source.start.offset = 3;
       },
       "source.start.position.offset"},
      {"bad GTID set",
       [](StreamerSpec& s) {
         s.source.start.kind = StartSpec::Kind::kGtidSet;
         s.source.start.gtid_set = "0-1-5";  // MariaDB's, of a MySQL source.
       },
       "source.start.gtid_set"},
      {"empty pattern",
       [](StreamerSpec& s) {
         s.filter.databases = {"a", ""};
       },
       "filter.databases[1]"},
      {"long pattern", [](StreamerSpec& s) { s.filter.exclude_tables = {std::string(1025, '*')}; },
       "filter.exclude_tables[0]"},
      {"many patterns", [](StreamerSpec& s) { s.filter.exclude_databases.assign(1001, "a"); },
       "filter.exclude_databases"},
      {"table without schema", [](StreamerSpec& s) { s.filter.tables = {"orders"}; }, "filter.tables"},
      {"no events", [](StreamerSpec& s) { s.batch.max_events = 0; }, "batch.max_events"},
      {"many events", [](StreamerSpec& s) { s.batch.max_events = 1000001; }, "batch.max_events"},
      {"few bytes", [](StreamerSpec& s) { s.batch.max_bytes = 4095; }, "batch.max_bytes"},
      {"many bytes", [](StreamerSpec& s) { s.batch.max_bytes = (64 << 20) + 1; }, "batch.max_bytes"},
      {"short wait", [](StreamerSpec& s) { s.batch.max_wait = absl::Milliseconds(9); }, "batch.max_wait"},
      {"long wait", [](StreamerSpec& s) { s.batch.max_wait = absl::InfiniteDuration(); }, "batch.max_wait"},
      {"short interval", [](StreamerSpec& s) { s.checkpoint.interval = absl::ZeroDuration(); }, "checkpoint.interval"},
      {"long interval", [](StreamerSpec& s) { s.checkpoint.interval = absl::Hours(2); }, "checkpoint.interval"},
      {"relative checkpoint", [](StreamerSpec& s) { s.checkpoint.file = "x.json"; }, "checkpoint.file"},
      {"no target", [](StreamerSpec& s) { s.targets = {}; }, "targets"},
      {"many targets", [](StreamerSpec& s) { s.targets.resize(17); }, "targets"},
      {"bad target name", [](StreamerSpec& s) { s.targets[0].name = "a/b"; }, "targets[0].name", "INVALID_NAME"},
      {"target name twice", [](StreamerSpec& s) { s.targets.push_back(File("archive", "/x")); }, "targets[1].name",
       "DUPLICATE_NAME"},
      {"no path", [](StreamerSpec& s) { s.targets[0].file()->path = ""; }, "targets[0].file.path"},
      {"relative path", [](StreamerSpec& s) { s.targets[0].file()->path = "x"; }, "targets[0].file.path"},
      {"zero byte in path", [](StreamerSpec& s) { s.targets[0].file()->path = std::string("/a\0b", 4); },
       "targets[0].file.path"},
      {"small files", [](StreamerSpec& s) { s.targets[0].file()->rotate_bytes = 4095; },
       "targets[0].file.rotate_bytes"},
      {"same path",
       [](StreamerSpec& s) {
         s.targets = {File("a", "/x"), File("b", "/x")};
       },
       "targets[1].file.path", "TARGET_PATH_IN_USE"},
      {"nested",
       [](StreamerSpec& s) {
         s.targets = {File("a", "/x/y"), File("b", "/x")};
       },
       "targets[1].file.path", "TARGET_PATH_IN_USE"},
      {"nested below a slash",
       [](StreamerSpec& s) {
         s.targets = {File("a", "/x/"), File("b", "/x/y")};
       },
       "targets[1].file.path", "TARGET_PATH_IN_USE"},
      {"the same by another name",
       [](StreamerSpec& s) {
         s.targets = {File("a", "/x/../y"), File("b", "/y/.")};
       },
       "targets[1].file.path", "TARGET_PATH_IN_USE"},
      {"RAW with filter", [](StreamerSpec& s) { s.filter.tables = {"shop.*"}; }, "targets[0].file.format",
       "RAW_WITH_FILTER"},
      {"RAW without DDL", [](StreamerSpec& s) { s.filter.include_ddl = false; }, "targets[0].file.format",
       "RAW_WITH_FILTER"},
  };
  for (const Case& c : cases) {
    StreamerSpec spec = MakeSpec("orders", "/srv");
    c.spoil(spec);
    const absl::Status refused = CheckSpec(spec);
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << c.what;
    EXPECT_EQ(ErrorField(refused), c.field) << c.what << ": " << refused;
    EXPECT_EQ(ErrorReason(refused), c.reason) << c.what;
    EXPECT_LT(refused.message().size(), 1000u) << c.what;
    EXPECT_EQ(refused.message().find('\n'), absl::string_view::npos) << c.what;
  }
}

TEST(CheckSpecTest, AFilterWithDecodedTargetsOnlyIsFine) {
  StreamerSpec spec = MakeSpec("orders", "/srv");
  spec.targets = {File("a", "/x", EventFormat::kJson)};
  spec.filter.tables = {"shop.*", "*"};
  EXPECT_TRUE(CheckSpec(spec).ok());
  EXPECT_TRUE(spec.decodes());
  EXPECT_FALSE(MakeSpec("orders", "/srv").decodes());
}

TEST(MakeTargetsTest, OneForEach) {
  StreamerSpec spec = MakeSpec("orders", "/srv");
  spec.targets.push_back(File("changes", "/x", EventFormat::kJson));
  spec.targets.push_back(S3("cold", "orders/"));
  spec.targets.push_back(Kafka("bus"));
  const auto made = MakeTargets(spec, "/srv/state");
  ASSERT_TRUE(made.ok()) << made.status();
  const auto& targets = *made;
  ASSERT_EQ(targets.size(), 4u);
  EXPECT_EQ(targets[2]->type(), "s3");
  EXPECT_EQ(targets[3]->type(), "kafka");
  EXPECT_EQ(targets[0]->name(), "archive");
  EXPECT_FALSE(targets[0]->decodes());
  EXPECT_EQ(targets[1]->name(), "changes");
  EXPECT_TRUE(targets[1]->decodes());
}

}  // namespace
}  // namespace binlogd
