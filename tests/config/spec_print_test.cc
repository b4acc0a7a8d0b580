#include "config/spec_print.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>

#include "binlogd/v1/service.pb.h"
#include "config/spec_file.h"
#include "tests/config/spec_example.h"

namespace binlogd {
namespace {

using google::protobuf::util::MessageDifferencer;

TEST(SpecPrintTest, YamlLooksLikeASpecFile) {
  const auto specs = ParseSpecs(kFullSpec, "x");
  ASSERT_TRUE(specs.ok());
  const std::string text = ToYaml(specs->front());
  EXPECT_EQ(text, R"(name: orders
source:
  endpoints:
    - "db1:3306"
    - "db2:3306"
  user: repl
  password:
    file: /etc/binlogd/secrets/orders
  server_id: 999
  tls:
    mode: VERIFY_IDENTITY
    ca_file: /etc/ca.pem
    cert_file: /etc/cert.pem
    key_file: /etc/key.pem
  gtid: true
  start:
    earliest: {}
filter:
  databases:
    - shop
  tables:
    - "shop.order*"
  events:
    - WRITE
    - UPDATE
    - DELETE
    - QUERY
  include_ddl: true
batch:
  max_events: 1000
  max_bytes: 10485760
  max_wait: 5s
checkpoint:
  enabled: true
  interval: 10s
targets:
  - name: archive
    file:
      path: /var/lib/binlogd/archive/orders
  - name: changes
    file:
      path: /var/lib/binlogd/changes/orders
      format: JSON
      rotate_bytes: 268435456
  - name: cold
    s3:
      bucket: backups
      prefix: orders/
      region: eu-west-1
      endpoint: "https://store:9000"
      path_style: true
      compression: ZSTD
      object_bytes: 8388608
      credentials:
        access_key_id: AKIA
        secret_access_key:
          env: S3_SECRET
      server_side_encryption:
        mode: AWS_KMS
        kms_key_id: key
      storage_class: STANDARD_IA
      tags:
        team: data
    required: false
    start:
      current: {}
  - name: bus
    kafka:
      brokers:
        - "k1:9092"
      topic: "cdc.{database}.{table}"
      format: DEBEZIUM_JSON
      compression: LZ4
      sasl:
        mechanism: SCRAM_SHA_512
        user: binlogd
        password:
          file: /etc/binlogd/secrets/kafka
      tls:
        ca_file: /etc/kafka-ca.pem
      properties:
        linger.ms: "5"
  - name: kept
    file:
      path: /var/lib/binlogd/kept/orders
      compression: GZIP
      encryption:
        key_files:
          - /etc/binlogd/keys/a
      retention:
        max_age: "720h"
        max_bytes: 10737418240
        recovery_window: "168h"
)");
}

TEST(SpecPrintTest, ReadsBackAsTheSameSpec) {
  auto spec = ParseSpecs(kFullSpec, "x")->front();
  for (const char* text : {"",
                           "null",
                           "~",
                           "true",
                           "No",
                           "12",
                           "1e3",
                           "0x1f",
                           "1s",
                           "-",
                           "- a",
                           "a: b",
                           "#x",
                           "a #b",
                           "{",
                           "it's",
                           "\"",
                           "\\",
                           "tab\there",
                           "line\nbreak",
                           "\x01\x1f\x7f",
                           "ü€😀",
                           "\xc2\x85\xe2\x80\xa8",
                           " pad ",
                           "@x",
                           "%x",
                           "*x",
                           "&x",
                           "!x",
                           "|",
                           ">",
                           "1:2",
                           "2024-01-01",
                           "=",
                           "<<",
                           "\r\n"}) {
    spec.set_name(text);
    spec.mutable_source()->mutable_password()->set_value(text);
    *spec.mutable_source()->add_endpoints() = text;
  }
  for (const std::string& text : {ToYaml(spec), ToJson(spec), ToJsonLine(spec)}) {
    const auto specs = ParseSpecs(text, "printed");
    ASSERT_TRUE(specs.ok()) << specs.status() << "\n" << text;
    EXPECT_TRUE(MessageDifferencer::Equals(specs->front(), spec)) << text;
  }
  for (const std::string& text : {ToYaml({&spec, &spec}), ToJson({&spec, &spec})}) {
    const auto specs = ParseSpecs(text, "printed");
    ASSERT_TRUE(specs.ok()) << specs.status();
    ASSERT_EQ(specs->size(), 2u);
    EXPECT_TRUE(MessageDifferencer::Equals(specs->back(), spec));
  }
}

TEST(SpecPrintTest, JsonForms) {
  v1::StreamerSpec spec;
  EXPECT_EQ(ToJsonLine(spec), "{}");
  EXPECT_EQ(ToJson(spec), "{}\n");
  EXPECT_EQ(ToYaml(spec), "{}\n");
  spec.set_name("a\"b");
  spec.mutable_batch()->mutable_max_wait()->set_nanos(250000000);
  EXPECT_EQ(ToJsonLine(spec), R"({"name":"a\"b","batch":{"max_wait":"250ms"}})");
  EXPECT_EQ(ToJson(spec), "{\n  \"name\": \"a\\\"b\",\n  \"batch\": {\n    \"max_wait\": \"250ms\"\n  }\n}\n");
  EXPECT_EQ(ToJson(std::vector<const google::protobuf::Message*>{}), "[]\n");
}

TEST(SpecPrintTest, NumbersTimesAndMaps) {
  v1::TargetStatus status;
  status.set_name("t");
  status.set_events_written(18446744073709551615u);
  status.mutable_last_write()->set_seconds(1709251199);
  status.mutable_last_write()->set_nanos(1000);
  EXPECT_EQ(ToJsonLine(status),
            R"({"name":"t","last_write":"2024-02-29T23:59:59.000001Z","events_written":18446744073709551615})");
  EXPECT_EQ(ToJsonLine(status, UnsetFields::kPrint),
            R"({"name":"t","type":"","healthy":false,"last_write":"2024-02-29T23:59:59.000001Z",)"
            R"("events_written":18446744073709551615,"bytes_written":0,"queue_bytes":0,"required":false,)"
            R"("state":"TARGET_STATE_UNSPECIFIED","lag_seconds":0})");
  v1::Metric metric;
  metric.mutable_labels()->insert({"b", "2"});
  metric.mutable_labels()->insert({"a", "1"});
  metric.set_value(0.1);
  EXPECT_EQ(ToJsonLine(metric), R"({"labels":{"a":"1","b":"2"},"value":0.1})");
  EXPECT_EQ(ToYaml(metric), "labels:\n  a: \"1\"\n  b: \"2\"\nvalue: 0.1\n");
}

}  // namespace
}  // namespace binlogd
