// Reading the position topic of a real broker, whatever others do with it.
#include "target/kafka_position_reader.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/target/kafka_testing.h"

namespace binlogd {
namespace {

using testing::KafkaNetwork;

// Another's producer, which writes what it likes.
class OtherProducer {
 public:
  // Without an id: no transactions.
  OtherProducer(const std::string& bootstrap, const std::string& transactional_id) {
    std::array<char, 512> error{};
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    const auto set = [&](const char* name, const std::string& value) {
      EXPECT_EQ(rd_kafka_conf_set(conf, name, value.c_str(), error.data(), error.size()), RD_KAFKA_CONF_OK);
    };
    set("bootstrap.servers", bootstrap);
    set("linger.ms", "0");
    if (!transactional_id.empty()) set("transactional.id", transactional_id);
    client_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size()));
    EXPECT_NE(client_, nullptr) << error.data();
    if (transactional_id.empty()) return;
    Expect(rd_kafka_init_transactions(client_.get(), kPatience));
  }
  void Begin() { Expect(rd_kafka_begin_transaction(client_.get())); }
  void Commit() { Expect(rd_kafka_commit_transaction(client_.get(), kPatience)); }
  void Abort() { Expect(rd_kafka_abort_transaction(client_.get(), kPatience)); }
  // Returns when the broker has it.
  void Write(const std::string& topic, const std::string& key, const std::string& value) {
    EXPECT_EQ(rd_kafka_producev(client_.get(), RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_KEY(key.data(), key.size()),
                                RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                                RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
              RD_KAFKA_RESP_ERR_NO_ERROR);
    EXPECT_EQ(rd_kafka_flush(client_.get(), kPatience), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

 private:
  static constexpr int kPatience = 30000;  // Milliseconds.
  static void Expect(rd_kafka_error_t* error) {
    const KafkaPtr<rd_kafka_error_t> owned(error);
    EXPECT_EQ(error, nullptr) << rd_kafka_error_string(error);
  }
  KafkaPtr<rd_kafka_t> client_;
};

class KafkaPositionReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto network = KafkaNetwork::Get();
    if (!network.ok()) GTEST_SKIP() << network.status().message();
    network_ = *network;
    options_.streamer = "orders";
    options_.owner = "streamer \"orders\", target \"t\"";
    options_.transactional_id = "orders-t";
    options_.format = EventFormat::kJson;
    options_.brokers = {network_->broker().bootstrap()};
    options_.position_topic = absl::StrCat("reader-", testing::UniqueNumber());
    ASSERT_TRUE(network_->client().CreateTopic(options_.position_topic, 1, {{"cleanup.policy", "compact"}}).ok());
  }
  std::string Position(uint64_t offset) const {
    PositionRecord record;
    record.format = "JSON";
    record.owner = options_.owner;
    record.durable.epoch = Epoch{1, "6f1c2a9e"};
    record.durable.position = {"binlog.000001", offset, ""};
    return PositionRecordJson(record);
  }
  OtherProducer Producer(const std::string& transactional_id = "") const {
    return OtherProducer(network_->broker().bootstrap(),
                         transactional_id.empty() ? "" : absl::StrCat(options_.position_topic, transactional_id));
  }
  std::unique_ptr<KafkaPositionReader> Make() const {
    auto reader = KafkaPositionReader::Make(options_, interrupted_);
    EXPECT_TRUE(reader.ok()) << reader.status();
    return reader.ok() ? *std::move(reader) : nullptr;
  }
  static void ExpectLast(const KafkaPositionReader& reader, uint64_t offset) {
    const auto last = reader.last();
    ASSERT_TRUE(last.ok() && last->has_value()) << last.status();
    EXPECT_EQ((**last).durable.position.offset, offset);
  }

  KafkaNetwork* network_ = nullptr;
  KafkaOptions options_;
  const std::atomic<bool> interrupted_ = false;
};

TEST_F(KafkaPositionReaderTest, AnEmptyTopicHasNoPosition) {
  const auto reader = Make();
  ASSERT_TRUE(reader != nullptr && reader->ReadDecided().ok() && reader->ReadAll().ok());
  EXPECT_TRUE(reader->last().ok() && !reader->last()->has_value());
}

// What ends the topic is not shown: marks, and what they took back.
TEST_F(KafkaPositionReaderTest, ReadsPastWhatIsNotShown) {
  OtherProducer producer = Producer("-id");
  producer.Begin();
  producer.Write(options_.position_topic, options_.transactional_id, Position(500));
  producer.Commit();
  for (int i = 0; i < 3; ++i) {
    producer.Begin();
    producer.Write(options_.position_topic, options_.transactional_id, Position(900));
    producer.Abort();
  }
  const auto reader = Make();
  ASSERT_NE(reader, nullptr);
  ASSERT_TRUE(reader->ReadDecided().ok());
  ExpectLast(*reader, 500);
  for (const uint64_t offset : {600u, 700u}) {
    producer.Begin();
    producer.Write(options_.position_topic, options_.transactional_id, Position(offset));
    producer.Commit();
    ASSERT_TRUE(reader->ReadAll().ok());
    ExpectLast(*reader, offset);
  }
}

// Hundreds of streamers may share the topic: a read ends all the same, and sees what was there when it began.
TEST_F(KafkaPositionReaderTest, EndsWhileOthersWriteOnAndOn) {
  Producer().Write(options_.position_topic, options_.transactional_id, Position(500));
  // Without an end, so that a reader that waits for one waits for this.
  constexpr int kMost = 100000;
  std::atomic<bool> read = false;
  std::atomic<int> written = 0;
  std::thread writer([&] {
    OtherProducer producer = Producer();
    while (!read && written < kMost) {
      producer.Write(options_.position_topic, "else", "what is another's");
      ++written;
    }
  });
  while (written < 10) std::this_thread::yield();
  const auto reader = Make();
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(reader->ReadDecided().ok());
    EXPECT_TRUE(reader->ReadAll().ok());
  }
  EXPECT_LT(written, kMost) << "others were waited for";
  read = true;
  writer.join();
  ExpectLast(*reader, 500);
}

TEST_F(KafkaPositionReaderTest, AnOpenTransactionOfAnotherIsToldAndWaitedForNoLongerThanItMay) {
  options_.stall_timeout = absl::Seconds(2);
  OtherProducer before = Producer();
  before.Write(options_.position_topic, options_.transactional_id, Position(500));
  OtherProducer hanging = Producer("-hanging");
  hanging.Begin();
  hanging.Write(options_.position_topic, "hanging", "begun");
  before.Write(options_.position_topic, options_.transactional_id, Position(600));
  const auto reader = Make();
  ASSERT_NE(reader, nullptr);
  ASSERT_TRUE(reader->ReadDecided().ok()) << "what is before it is decided";
  ExpectLast(*reader, 500);
  const absl::Status held_up = reader->ReadAll();
  EXPECT_EQ(ErrorReason(held_up), "KAFKA_UNAVAILABLE") << held_up;
  EXPECT_FALSE(IsPermanent(held_up));
  EXPECT_TRUE(absl::StrContains(held_up.message(), "another producer's transaction is open in it since 1;")) << held_up;
  hanging.Commit();
  ASSERT_TRUE(reader->ReadAll().ok());
  ExpectLast(*reader, 600);
}

}  // namespace
}  // namespace binlogd
