// The producer over a cluster in memory (librdkafka's own), for what a real broker does not do when asked.
#include "target/kafka_producer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>  // It wants rdkafka.h to be there already.

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/error.h"
#include "base/log_history.h"
#include "base/logging.h"

namespace binlogd {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Requests, by their numbers in Kafka's protocol.
constexpr int16_t kProduce = 0;
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
  // From now on, and again, of all connections.
  void SetBrokerUp(bool up) {
    const auto set = up ? &rd_kafka_mock_broker_set_up : &rd_kafka_mock_broker_set_down;
    ASSERT_EQ(set(cluster_.get(), 1), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  Opened Open() {
    Opened opened;
    opened.client = *KafkaClient::Make(options_, KafkaRole::kProducer, interrupted_);
    opened.client->set_on_trouble(on_trouble_);
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
  std::function<void(const absl::Status&)> on_trouble_;
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

TEST_F(KafkaProducerTest, BrokersThatCannotBeReachedAreToldWhileTheyAreWaitedFor) {
  options_.stall_timeout = absl::Minutes(5);
  absl::Status told;
  on_trouble_ = [&](const absl::Status& why) {
    told = why;
    SetBrokerUp(true);
  };
  Opened opened = Open();
  ASSERT_TRUE(opened.producer->Init().ok());
  ASSERT_TRUE(Produce(opened).ok());
  ASSERT_TRUE(opened.producer->Commit().ok());
  EXPECT_TRUE(told.ok()) << told;
  SetBrokerUp(false);
  ASSERT_TRUE(Produce(opened).ok());
  const absl::Status committed = opened.producer->Commit();
  EXPECT_TRUE(committed.ok()) << "the same transaction: " << committed;
  EXPECT_EQ(ErrorReason(told), "KAFKA_UNAVAILABLE") << told;
  EXPECT_FALSE(IsPermanent(told));
  EXPECT_TRUE(absl::StrContains(told.message(), "cannot reach " + options_.brokers[0])) << told;
}

// Records that come while nothing waits for their delivery.
TEST_F(KafkaProducerTest, BrokersThatCannotBeReachedAreToldBetweenRecords) {
  options_.stall_timeout = absl::Minutes(5);
  int times = 0;
  on_trouble_ = [&](const absl::Status&) { ++times; };
  Opened opened = Open();
  ASSERT_TRUE(opened.producer->Init().ok());
  SetBrokerUp(false);
  for (int i = 0; i < 10000 && times == 0; ++i) {
    ASSERT_TRUE(Produce(opened).ok());
    rd_kafka_poll(opened.client->handle(), 10);
  }
  EXPECT_GT(times, 0);
  SetBrokerUp(true);
  EXPECT_TRUE(opened.producer->Commit().ok());
  times = 0;
  ASSERT_TRUE(Produce(opened).ok());
  EXPECT_TRUE(opened.producer->Commit().ok());
  EXPECT_EQ(times, 0) << "it works again";
}

TEST_F(KafkaProducerTest, BrokersThatDoNotAnswerAreToldToo) {
  options_.stall_timeout = absl::Minutes(5);
  int times = 0;
  on_trouble_ = [&](const absl::Status& why) {
    ++times;
    EXPECT_TRUE(absl::StrContains(why.message(), "no answer for 5s")) << why;
  };
  Opened opened = Open();
  ASSERT_TRUE(opened.producer->Init().ok());
  rd_kafka_mock_broker_push_request_error_rtts(cluster_.get(), 1, kProduce, 1, RD_KAFKA_RESP_ERR_NO_ERROR, 10000);
  ASSERT_TRUE(Produce(opened).ok());
  EXPECT_TRUE(opened.producer->Commit().ok());
  EXPECT_GT(times, 0);
}

// Each of them is told of by the library.
TEST_F(KafkaProducerTest, BrokersThatAreAwayAreOneLineOfTheLog) {
  options_.owner = TargetSubject("orders", "bus");
  options_.brokers = {"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"};
  options_.stall_timeout = absl::Seconds(2);
  const auto history = LogHistory::Of("orders");
  const auto client = *KafkaClient::Make(options_, KafkaRole::kProducer, interrupted_);
  EXPECT_EQ(ErrorReason(client->Connect()), "KAFKA_UNAVAILABLE");
  std::vector<std::string> lines;
  for (const LogLine& line : history->Lines(0)) lines.push_back(line.text);
  EXPECT_THAT(lines, ElementsAre(AllOf(HasSubstr("kafka: FAIL"), HasSubstr("Connection refused"))));
}

// The transaction has failed before anybody asks what became of its records.
TEST_F(KafkaProducerTest, ARecordThatIsRefusedIsToldAndNotTheOneAfterIt) {
  Opened opened = Open();
  ASSERT_TRUE(opened.producer->Init().ok());
  rd_kafka_mock_push_request_errors(cluster_.get(), kProduce, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  ASSERT_TRUE(Produce(opened).ok());
  // Beginning another one is always refused; the refusal tells what has become of the one that is open.
  for (const absl::Time give_up = absl::Now() + absl::Seconds(30); absl::Now() < give_up;) {
    const KafkaPtr<rd_kafka_error_t> refused(rd_kafka_begin_transaction(opened.client->handle()));
    ASSERT_NE(refused, nullptr);
    if (rd_kafka_error_txn_requires_abort(refused.get()) != 0) break;
  }
  KafkaTopic positions;
  positions.handle.reset(rd_kafka_topic_new(opened.client->handle(), "positions", nullptr));
  KafkaRecord position;
  position.key = "orders-changes";
  const absl::Status failed = opened.producer->Produce(&positions, position, nullptr);
  EXPECT_EQ(ErrorReason(failed), "MESSAGE_TOO_LARGE") << failed;
  EXPECT_TRUE(absl::StrContains(failed.message(), "\"changes\"")) << failed;
  EXPECT_FALSE(absl::StrContains(failed.message(), "\"positions\"")) << failed;
  EXPECT_TRUE(opened.producer->Abort(absl::Seconds(10)).ok());
}

// Brokers that have refused a producer's first batch take a later one, and then the first for one that they have.
TEST_F(KafkaProducerTest, WhatTheBrokersTakeForADuplicateAndDoNotHaveIsNotCommitted) {
  Opened opened = Open();
  ASSERT_TRUE(opened.producer->Init().ok());
  rd_kafka_mock_push_request_errors(cluster_.get(), kProduce, 1, RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER);
  ASSERT_TRUE(Produce(opened).ok());
  const absl::Status failed = opened.producer->Commit();
  EXPECT_EQ(ErrorReason(failed), "KAFKA_UNAVAILABLE") << failed;
  EXPECT_FALSE(IsPermanent(failed));
  EXPECT_THAT(std::string(failed.message()), HasSubstr("changes"));
}

TEST_F(KafkaProducerTest, WhoseTransactionNoBrokerKnowsAsksWhetherAnotherHasTakenItOver) {
  for (const bool taken : {false, true}) {
    SCOPED_TRACE(taken);
    Opened opened = Open();
    ASSERT_TRUE(opened.producer->Init().ok());
    rd_kafka_mock_push_request_errors(cluster_.get(), kProduce, 1, RD_KAFKA_RESP_ERR_INVALID_TXN_STATE);
    if (taken) {
      for (const int16_t request : {kInitProducerId, kEndTransaction}) {
        rd_kafka_mock_push_request_errors(cluster_.get(), request, 1, RD_KAFKA_RESP_ERR_PRODUCER_FENCED);
      }
    }
    ASSERT_TRUE(Produce(opened).ok());
    const absl::Status committed = opened.producer->Commit();
    EXPECT_EQ(ErrorReason(committed), taken ? "TARGET_IN_USE" : "KAFKA_UNAVAILABLE") << committed;
    EXPECT_EQ(IsPermanent(committed), taken) << committed;
    rd_kafka_mock_clear_request_errors(cluster_.get(), kInitProducerId);
    rd_kafka_mock_clear_request_errors(cluster_.get(), kEndTransaction);
  }
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
