#include "tests/harness/kafka_broker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>

#include "absl/strings/str_cat.h"
#include "tests/harness/certificates.h"
#include "tests/harness/tcp_proxy.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// A producer, in transactions when it has a transactional id.
class Producer {
 public:
  Producer(const std::string& bootstrap, const std::string& transactional_id) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    char error[512];
    rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap.c_str(), error, sizeof(error));
    if (!transactional_id.empty())
      rd_kafka_conf_set(conf, "transactional.id", transactional_id.c_str(), error, sizeof(error));
    client_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof(error));
    if (!transactional_id.empty()) Check(rd_kafka_init_transactions(client_, 30000));
  }
  ~Producer() { rd_kafka_destroy(client_); }

  void Begin() { Check(rd_kafka_begin_transaction(client_)); }
  void Commit() { Check(rd_kafka_commit_transaction(client_, 30000)); }
  void Abort() { Check(rd_kafka_abort_transaction(client_, 30000)); }
  void Send(const std::string& topic, const std::string& key, const std::optional<std::string>& value) {
    char* const bytes = value ? const_cast<char*>(value->data()) : nullptr;
    const size_t size = value ? value->size() : 0;
    const rd_kafka_resp_err_t code =
        rd_kafka_producev(client_, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
                          RD_KAFKA_V_VALUE(bytes, size), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_HEADER("a", "1", 1), RD_KAFKA_V_HEADER("b", "", 0), RD_KAFKA_V_END);
    EXPECT_EQ(code, RD_KAFKA_RESP_ERR_NO_ERROR) << rd_kafka_err2str(code);
  }
  void Flush() { EXPECT_EQ(rd_kafka_flush(client_, 30000), RD_KAFKA_RESP_ERR_NO_ERROR); }

 private:
  static void Check(rd_kafka_error_t* error) {
    EXPECT_EQ(error, nullptr) << rd_kafka_error_string(error);
    rd_kafka_error_destroy(error);
  }
  rd_kafka_t* client_ = nullptr;
};

// "topic/partition key=value" of each record.
std::vector<std::string> Texts(const absl::StatusOr<std::vector<KafkaRecord>>& records) {
  EXPECT_TRUE(records.ok()) << records.status();
  std::vector<std::string> texts;
  if (!records.ok()) return texts;
  for (const KafkaRecord& record : *records) {
    texts.push_back(absl::StrCat(record.topic, "/", record.partition, " ", record.key.value_or("?"), "=",
                                 record.value.value_or("tombstone")));
  }
  return texts;
}

#define START_OR_SKIP(broker, ...)                                                     \
  const auto broker = KafkaBroker::Start(__VA_ARGS__);                                 \
  if (absl::IsUnavailable(broker.status())) GTEST_SKIP() << broker.status().message(); \
  ASSERT_TRUE(broker.ok()) << broker.status()

TEST(KafkaBrokerTest, WhatIsCommittedIsConsumedAndOutlivesAKill) {
  START_OR_SKIP(broker);
  const KafkaClient client = (*broker)->client();
  ASSERT_TRUE(client.CreateTopic("cdc.shop.orders", 1).ok());
  ASSERT_TRUE(client.CreateTopic("cdc.shop.items", 2).ok());
  ASSERT_TRUE(client.CreateTopic("other", 1).ok());
  {
    Producer producer((*broker)->bootstrap(), "test");
    producer.Begin();
    producer.Send("cdc.shop.orders", "1", "one");
    producer.Send("cdc.shop.orders", "1", std::nullopt);
    producer.Send("cdc.shop.items", "2", std::string("\0\n", 2));
    producer.Send("other", "3", "three");
    producer.Commit();
    producer.Begin();
    producer.Send("cdc.shop.orders", "4", "aborted");
    producer.Flush();
    producer.Abort();
  }
  EXPECT_THAT(Texts(client.Consume("cdc.shop.orders")),
              ElementsAre("cdc.shop.orders/0 1=one", "cdc.shop.orders/0 1=tombstone"));
  EXPECT_EQ(client.Consume("^cdc\\.")->size(), 3u);
  EXPECT_THAT(client.Consume("cdc.shop.orders")->front().headers, ElementsAre(Pair("a", "1"), Pair("b", "")));
  EXPECT_EQ(client.Consume("no.such.topic")->size(), 0u);
  EXPECT_EQ(client.ConsumeUncommitted("cdc.shop.orders")->size(), 3u);

  (*broker)->Kill();
  EXPECT_FALSE(client.Topics(absl::Seconds(1)).ok());
  ASSERT_TRUE((*broker)->Restart().ok());
  EXPECT_THAT(*client.Topics(), ElementsAre("cdc.shop.items", "cdc.shop.orders", "other"));
  EXPECT_THAT(Texts(client.Consume("cdc.shop.orders")),
              ElementsAre("cdc.shop.orders/0 1=one", "cdc.shop.orders/0 1=tombstone"));
  EXPECT_TRUE((*broker)->Stop().ok());
}

TEST(KafkaBrokerTest, AnOpenTransactionIsNotSeen) {
  START_OR_SKIP(broker);
  Producer producer((*broker)->bootstrap(), "test");
  producer.Begin();
  producer.Send("topic", "1", "one");
  producer.Flush();
  EXPECT_EQ((*broker)->client().Consume("topic")->size(), 0u);
  producer.Commit();
  EXPECT_THAT(Texts((*broker)->client().Consume("topic")), ElementsAre("topic/0 1=one"));
}

TEST(KafkaBrokerTest, RefusesWhoeverIsUnknownOrNotAllowed) {
  KafkaOptions options;
  options.sasl = options.authorizer = true;
  options.auto_create_topics = false;
  START_OR_SKIP(broker, options);
  ASSERT_TRUE((*broker)->client().CreateTopic("cdc.one", 1).ok());
  const auto user = [&](const std::string& mechanism, const std::string& password) {
    return KafkaClient((*broker)->sasl_bootstrap(), {{"security.protocol", "SASL_PLAINTEXT"},
                                                     {"sasl.mechanism", mechanism},
                                                     {"sasl.username", KafkaBroker::kUser},
                                                     {"sasl.password", password}});
  };
  for (const char* mechanism : {"PLAIN", "SCRAM-SHA-256"}) {
    EXPECT_FALSE(user(mechanism, "wrong").Topics(absl::Seconds(2)).ok());
    const auto topics = user(mechanism, KafkaBroker::kPassword).Topics();
    ASSERT_TRUE(topics.ok()) << topics.status() << (*broker)->LogTail();
    EXPECT_TRUE(topics->empty());
    EXPECT_FALSE(user(mechanism, KafkaBroker::kPassword).CheckTransactions("cdc-1", absl::Seconds(10)).ok());
  }
  ASSERT_TRUE((*broker)->Allow(KafkaBroker::Resource::kTopic, "cdc.").ok());
  ASSERT_TRUE((*broker)->Allow(KafkaBroker::Resource::kTransactionalId, "cdc-").ok());
  EXPECT_THAT(*user("PLAIN", KafkaBroker::kPassword).Topics(), ElementsAre("cdc.one"));
  EXPECT_TRUE(user("PLAIN", KafkaBroker::kPassword).CheckTransactions("cdc-1", absl::Seconds(30)).ok());
}

TEST(KafkaBrokerTest, TlsIsChecked) {
  KafkaOptions options;
  options.tls = true;
  START_OR_SKIP(broker, options);
  const auto trusting = [&](const std::string& authority) {
    return KafkaClient((*broker)->tls_bootstrap(), {{"security.protocol", "SSL"},
                                                    {"ssl.ca.location", TestCertificates().path(authority + ".pem")},
                                                    {"ssl.endpoint.identification.algorithm", "https"}});
  };
  const auto topics = trusting("ca").Topics();
  EXPECT_TRUE(topics.ok()) << topics.status();
  EXPECT_FALSE(trusting("other-ca").Topics(absl::Seconds(2)).ok());
}

TEST(KafkaBrokerTest, EveryConnectionToTheAdvertisedPortPassesTheProxy) {
  const auto proxy = TcpProxy::Start(0);
  ASSERT_TRUE(proxy.ok());
  KafkaOptions options;
  options.advertised_port = (*proxy)->port();
  options.auto_create_topics = false;
  START_OR_SKIP(broker, options);
  (*proxy)->SetTarget((*broker)->forwarded_port());
  const KafkaClient client(absl::StrCat("127.0.0.1:", (*proxy)->port()));
  ASSERT_TRUE(client.CreateTopic("one", 1).ok());
  EXPECT_THAT(*client.Topics(), ElementsAre("one"));
  (*proxy)->RefuseNew(true);
  EXPECT_FALSE(client.Topics(absl::Seconds(1)).ok());
  EXPECT_THAT(*(*broker)->client().Topics(), ElementsAre("one"));
}

}  // namespace
}  // namespace binlogd::testing
