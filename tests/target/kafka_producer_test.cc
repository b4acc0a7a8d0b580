// The producer over a cluster in memory (librdkafka's own), for what a real broker does not do when asked.
#include "target/kafka_producer.h"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>  // It wants rdkafka.h to be there already.

#include <array>
#include <atomic>
#include <memory>
#include <string>

#include "base/error.h"

namespace binlogd {
namespace {

// Requests, by their numbers in Kafka's protocol.
constexpr int16_t kInitProducerId = 22;
constexpr int16_t kEndTransaction = 26;

class KafkaProducerTest : public ::testing::Test {
 protected:
  struct MockDeleter {
    void operator()(rd_kafka_mock_cluster_t* cluster) const { rd_kafka_mock_cluster_destroy(cluster); }
  };
  // A client with a producer, as a target that was opened has them.
  struct Opened {
    std::unique_ptr<KafkaClient> client;
    std::unique_ptr<KafkaProducer> producer;
    KafkaTopic topic;
  };

  void SetUp() override {
    std::array<char, 512> error{};
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size()));
    ASSERT_NE(owner_, nullptr) << error.data();
    cluster_.reset(rd_kafka_mock_cluster_new(owner_.get(), 1));
    ASSERT_NE(cluster_, nullptr);
    ASSERT_EQ(rd_kafka_mock_topic_create(cluster_.get(), "changes", 1, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
    options_.streamer = "orders";
    options_.brokers = {rd_kafka_mock_cluster_bootstraps(cluster_.get())};
    options_.transactional_id = "orders-changes";
    options_.stall_timeout = absl::Seconds(5);
  }

  Opened Open() {
    Opened opened;
    opened.client = *KafkaClient::Make(options_, KafkaRole::kProducer, interrupted_);
    opened.producer = std::make_unique<KafkaProducer>(options_, opened.client.get());
    opened.topic.handle.reset(rd_kafka_topic_new(opened.client->handle(), "changes", nullptr));
    return opened;
  }
  static absl::Status Produce(Opened& opened) {
    KafkaRecord record;
    record.key = "1";
    record.value = "one";
    return opened.producer->Produce(&opened.topic, record, &kTable);
  }
  // The next answer to an EndTxn takes so long.
  void DelayTheEnd(absl::Duration duration) {
    rd_kafka_mock_broker_push_request_error_rtts(cluster_.get(), 1, kEndTransaction, 1, RD_KAFKA_RESP_ERR_NO_ERROR,
                                                 static_cast<int>(absl::ToInt64Milliseconds(duration)));
  }

  static inline const std::string kTable = "shop.orders";
  const std::atomic<bool> interrupted_ = false;
  KafkaPtr<rd_kafka_t> owner_;
  std::unique_ptr<rd_kafka_mock_cluster_t, MockDeleter> cluster_;
  KafkaOptions options_;
};

TEST_F(KafkaProducerTest, ABrokerWithoutTransactionsIsRefused) {
  rd_kafka_mock_set_apiversion(cluster_.get(), kInitProducerId, -1, -1);
  Opened opened = Open();
  const absl::Status refused = opened.producer->Init();
  EXPECT_EQ(ErrorReason(refused), "KAFKA_TRANSACTIONS_UNSUPPORTED") << refused;
  EXPECT_TRUE(IsPermanent(refused));
}

TEST_F(KafkaProducerTest, ACoordinatorThatIsAwayIsWaitedFor) {
  Opened opened = Open();
  ASSERT_TRUE(opened.producer->Init().ok());
  ASSERT_TRUE(Produce(opened).ok());
  rd_kafka_mock_push_request_errors(cluster_.get(), kEndTransaction, 2, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                                    RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
  EXPECT_TRUE(opened.producer->Commit().ok());
  EXPECT_FALSE(opened.producer->in_transaction());
}

// The library's own process ends when another call comes between a commit and its late answer.
TEST_F(KafkaProducerTest, ACommitWithoutAnAnswerIsLeftToTheNextProducer) {
  options_.stall_timeout = absl::Seconds(1);
  {
    Opened opened = Open();
    ASSERT_TRUE(opened.producer->Init().ok());
    ASSERT_TRUE(Produce(opened).ok());
    DelayTheEnd(absl::Seconds(2));
    const absl::Status failed = opened.producer->Commit();
    EXPECT_EQ(ErrorReason(failed), "KAFKA_UNAVAILABLE") << failed;
    EXPECT_FALSE(IsPermanent(failed));
    EXPECT_TRUE(opened.producer->Abort(absl::Seconds(1)).ok());
    // Lives until the answer is there.
    const absl::Time answered = absl::Now() + absl::Seconds(2);
    while (absl::Now() < answered) rd_kafka_poll(opened.client->handle(), 100);
  }
  options_.stall_timeout = absl::Seconds(30);
  Opened next = Open();
  EXPECT_TRUE(next.producer->Init().ok());
  EXPECT_TRUE(Produce(next).ok());
  EXPECT_TRUE(next.producer->Commit().ok());
}

TEST_F(KafkaProducerTest, WhatWasAbortedMakesRoomForTheNext) {
  Opened opened = Open();
  ASSERT_TRUE(opened.producer->Init().ok());
  ASSERT_TRUE(Produce(opened).ok());
  EXPECT_TRUE(opened.producer->Abort(absl::Seconds(10)).ok());
  EXPECT_FALSE(opened.producer->in_transaction());
  EXPECT_TRUE(Produce(opened).ok());
  EXPECT_TRUE(opened.producer->Commit().ok());
}

}  // namespace
}  // namespace binlogd
