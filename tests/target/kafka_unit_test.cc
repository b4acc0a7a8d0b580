// What of the Kafka target needs no broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "target/kafka_client.h"
#include "target/kafka_config.h"
#include "target/kafka_error.h"
#include "target/kafka_record.h"
#include "target/kafka_topic_names.h"

namespace binlogd {
namespace {

using ::testing::MatchesRegex;

std::string CdcTopic(absl::string_view database, absl::string_view table) {
  return KafkaTopicName("cdc.{database}.{table}", "orders", database, table);
}

TEST(KafkaTopicNameTest, FillsTheTemplate) {
  EXPECT_EQ(CdcTopic("shop", "order-items_2"), "cdc.shop.order-items_2");
  EXPECT_EQ(KafkaTopicName("{streamer}.{database}", "orders", "shop", "t"), "orders.shop");
  EXPECT_EQ(KafkaTopicName("{database}.{database}", "orders", "shop", "t"), "shop.shop");
  EXPECT_EQ(KafkaTopicName("fixed", "orders", "sh op", "t"), "fixed");
  EXPECT_EQ(KafkaTopicName("events.{database}", "orders", "", ""), "events._");
}

TEST(KafkaTopicNameTest, NamesAreNotTakenForPlaceholders) {
  EXPECT_THAT(CdcTopic("{table}", "t"), MatchesRegex("cdc\\._table_\\.t-[0-9a-f]{8}"));
}

TEST(KafkaTopicNameTest, WhatKafkaDoesNotTakeIsReplacedAndToldApart) {
  EXPECT_THAT(CdcTopic("sh op", "t"), MatchesRegex("cdc\\.sh_op\\.t-[0-9a-f]{8}"));
  EXPECT_NE(CdcTopic("sh op", "t"), CdcTopic("sh_op", "t"));
  EXPECT_NE(CdcTopic("sh op", "t"), CdcTopic("sh+op", "t"));
  EXPECT_NE(CdcTopic("a.b", "c"), CdcTopic("a", "b.c"));
  EXPECT_NE(CdcTopic("заказы", "t"), CdcTopic("оплаты", "t"));
  EXPECT_EQ(CdcTopic("заказы", "t"), CdcTopic("заказы", "t"));
}

// Without a '.' between the two, names with the separator in them would read as others'.
TEST(KafkaTopicNameTest, DashesKeepTablesApart) {
  const auto topic = [](absl::string_view database, absl::string_view table) {
    return KafkaTopicName("cdc-{database}-{table}", "orders", database, table);
  };
  EXPECT_EQ(topic("shop", "order_items"), "cdc-shop-order_items");
  EXPECT_THAT(topic("a-b", "c"), MatchesRegex("cdc-a-b-c-[0-9a-f]{8}"));
  EXPECT_NE(topic("a-b", "c"), topic("a", "b-c"));
}

TEST(KafkaTopicNameTest, TemplatesThatTakeTwoTablesForOneAreKnown) {
  const auto apart = [](absl::string_view topic) { return KafkaTopicTellsTablesApart(topic, "my.orders"); };
  for (const char* topic : {"{database}.{table}", "cdc.{table}-{database}", "{database}_._{table}", "{table}", "fixed",
                            "{database}", "{database}{database}", "{database}{streamer}{table}"}) {
    EXPECT_TRUE(apart(topic)) << topic;
  }
  for (const char* topic :
       {"{database}_{table}", "a.{table}{database}.b", "{database}x{table}", "{database}.{table}_{database}"}) {
    EXPECT_FALSE(apart(topic)) << topic;
  }
}

TEST(KafkaTopicNameTest, OnlyWhatTheTemplateAsksForCounts) {
  const std::string of_database = KafkaTopicName("cdc.{database}", "orders", "sh op", "a");
  EXPECT_EQ(of_database, KafkaTopicName("cdc.{database}", "orders", "sh op", "b"));
}

TEST(KafkaTopicNameTest, LongNamesAreCutAndToldApart) {
  const std::string database(64, 'd');
  const std::string one = KafkaTopicName(std::string(200, 'x') + "{database}.{table}", "orders", database, "one");
  const std::string two = KafkaTopicName(std::string(200, 'x') + "{database}.{table}", "orders", database, "two");
  EXPECT_EQ(one.size(), 249u);
  EXPECT_NE(one, two);
}

TEST(KafkaPropertiesTest, TuningIsFree) {
  EXPECT_TRUE(CheckKafkaProperties({{"linger.ms", "20"}, {"batch.size", "500000"}, {"client.id", "me"}}).ok());
}

TEST(KafkaPropertiesTest, WhatTheGuaranteesRestOnIsRefused) {
  for (const char* name :
       {"enable.idempotence", "acks", "transactional.id", "isolation.level", "max.in.flight.requests.per.connection",
        "sasl.password", "ssl.key.password", "enable.ssl.certificate.verification", "plugin.library.paths", "dr_cb",
        "bootstrap.servers", "partitioner", "sticky.partitioning.linger.ms", "debug", "test.mock.num.brokers"}) {
    const absl::Status refused = CheckKafkaProperties({{name, "secret-value"}});
    EXPECT_EQ(ErrorReason(refused), "KAFKA_PROPERTY_REFUSED") << name;
    EXPECT_TRUE(absl::StrContains(refused.message(), name));
    EXPECT_TRUE(absl::StrContains(refused.message(), "is not for you to set")) << refused;
    EXPECT_FALSE(absl::StrContains(refused.message(), "secret-value"));
  }
}

TEST(KafkaPropertiesTest, UnknownNamesAndBadValuesAreRefusedWithoutTheValue) {
  for (const char* name : {"no.such.thing", "linger.ms"}) {
    const absl::Status refused = CheckKafkaProperties({{name, "secret-value"}});
    EXPECT_EQ(ErrorReason(refused), "KAFKA_PROPERTY_REFUSED") << name;
    EXPECT_FALSE(absl::StrContains(refused.message(), "secret-value"));
  }
}

TEST(KafkaConfigTest, ThePasswordIsAskedForAndNeverTold) {
  KafkaOptions options;
  options.brokers = {"127.0.0.1:1"};
  options.transactional_id = "id";
  options.sasl = KafkaOptions::Sasl{"NO-SUCH-MECHANISM", "cdc", [] { return std::string("hunter2"); }};
  const auto config = MakeKafkaConfig(options, KafkaRole::kProducer);
  EXPECT_TRUE(config.ok()) << config.status();
  options.sasl->password = [] { return absl::FailedPreconditionError("no file"); };
  EXPECT_EQ(MakeKafkaConfig(options, KafkaRole::kProducer).status().message(), "no file");
}

TEST(KafkaErrorTest, OnlyWhatAPersonCanMendIsPermanent) {
  for (const rd_kafka_resp_err_t code :
       {RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART}) {
    const absl::Status status = KafkaError(code, "cannot write");
    EXPECT_FALSE(IsPermanent(status));
    EXPECT_EQ(ErrorReason(status), "KAFKA_UNAVAILABLE");
  }
  EXPECT_TRUE(IsPermanent(KafkaError(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "cannot write")));
  EXPECT_EQ(ErrorReason(KafkaError(RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, "x")), "KAFKA_TRANSACTIONS_UNSUPPORTED");
}

TEST(KafkaErrorTest, AConnectionThatBrokeAtTheLoginIsNoRefusal) {
  const auto reason = [](rd_kafka_resp_err_t code, absl::string_view detail) {
    return ErrorReason(KafkaRefusal(code, detail));
  };
  EXPECT_EQ(reason(RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL authentication error: Authentication failed"),
            "KAFKA_AUTHENTICATION_FAILED");
  EXPECT_EQ(reason(RD_KAFKA_RESP_ERR__AUTHENTICATION, "handshake failed: Local: Broker transport failure"), "OK");
  EXPECT_EQ(reason(RD_KAFKA_RESP_ERR__SSL, "certificate verify failed"), "KAFKA_TLS_FAILED");
  EXPECT_EQ(reason(RD_KAFKA_RESP_ERR__SSL, "SSL handshake failed: Disconnected"), "OK");
  EXPECT_EQ(
      reason(RD_KAFKA_RESP_ERR__TRANSPORT,
             "Receive failed: error:0A00045C:SSL routines::tlsv13 alert certificate required: SSL alert number 116"),
      "KAFKA_TLS_FAILED");
  EXPECT_EQ(reason(RD_KAFKA_RESP_ERR__TRANSPORT,
                   "Receive failed: error:0A000418:SSL routines::tlsv1 alert unknown ca: SSL alert number 48"),
            "KAFKA_TLS_FAILED");
  EXPECT_EQ(reason(RD_KAFKA_RESP_ERR__TRANSPORT, "Receive failed: SSL alert number 80: internal error"), "OK");
  EXPECT_EQ(reason(RD_KAFKA_RESP_ERR__TRANSPORT, "certificate.example.net:9092: Connection refused"), "OK");
}

TEST(KafkaErrorTest, WhatAClientLacksForNowMayPass) {
  for (const absl::Status& passes :
       {KafkaClientError(RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE, "Failed to create thread"),
        KafkaClientError(RD_KAFKA_RESP_ERR__INVALID_ARG, "ssl.ca.location failed: Too many open files")}) {
    EXPECT_FALSE(IsPermanent(passes)) << passes;
    EXPECT_EQ(ErrorReason(passes), "KAFKA_UNAVAILABLE");
  }
  const absl::Status refused = KafkaClientError(RD_KAFKA_RESP_ERR__INVALID_ARG, "No such file or directory");
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_EQ(ErrorReason(refused), "KAFKA_CLIENT_REFUSED");
}

// A file that cannot be opened because too many are.
TEST(KafkaClientTest, TooManyOpenFilesMayPass) {
  KafkaOptions options;
  options.brokers = {"127.0.0.1:1"};
  options.transactional_id = "id";
  options.tls = KafkaOptions::Tls{"/no/such/file.pem", "", ""};
  const std::atomic<bool> interrupted = false;
  rlimit usual{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &usual), 0);
  rlimit few = usual;
  few.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  const absl::Status status = KafkaClient::Make(options, KafkaRole::kProducer, interrupted).status();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_EQ(ErrorReason(status), "KAFKA_UNAVAILABLE") << status;
  EXPECT_FALSE(IsPermanent(status));
  EXPECT_EQ(ErrorReason(KafkaClient::Make(options, KafkaRole::kProducer, interrupted).status()),
            "KAFKA_CLIENT_REFUSED");
}

TEST(KafkaRecordTest, HasTheTimeOfItsEventUnlessTheTopicWouldNotKeepIt) {
  const absl::Time now = absl::FromUnixSeconds(1800000000);
  const absl::Duration week = absl::Hours(7 * 24);
  EXPECT_EQ(KafkaTimestamp(now - absl::Hours(24), week, now), now - absl::Hours(24));
  EXPECT_EQ(KafkaTimestamp(now - absl::Hours(6 * 24), week, now), now);
  EXPECT_EQ(KafkaTimestamp(now - absl::Hours(6 * 24), absl::InfiniteDuration(), now), now - absl::Hours(6 * 24));
  EXPECT_EQ(KafkaTimestamp(now + absl::Seconds(1), week, now), now);
}

TEST(KafkaRecordTest, ItsSizeCountsAllOfIt) {
  KafkaRecord record;
  record.key = "key";
  record.value = "value";
  const size_t bare = record.size();
  record.headers = {{"name", "text"}};
  EXPECT_GE(bare, 8u);
  EXPECT_GE(record.size(), bare + 8);
}

}  // namespace
}  // namespace binlogd
