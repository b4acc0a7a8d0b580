// kill -9 of whoever delivers and of the broker, at random moments: each record once, and in order.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "target/kafka_target.h"
#include "tests/harness/subprocess.h"
#include "tests/target/kafka_testing.h"
#include "tests/target/target_testing.h"

namespace binlogd {
namespace {

using testing::KafkaNetwork;
using testing::Subprocess;

constexpr char kAddressVariable[] = "BINLOGD_TEST_KAFKA";
constexpr char kTopicVariable[] = "BINLOGD_TEST_TOPIC";
constexpr char kSeedVariable[] = "BINLOGD_TEST_SEED";
constexpr int kKills = 12;
constexpr int kTransactions = 400;
constexpr int kTries = 100;

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

uint32_t Seed() {
  uint32_t seed = 0;
  return absl::SimpleAtoi(Variable(kSeedVariable), &seed) ? seed : std::random_device()();
}

std::vector<std::shared_ptr<const Block>> MakeBlocks() {
  testing::LogWriter log;
  std::mt19937 random(7);
  for (int i = 0; i < kTransactions; ++i) {
    std::vector<std::pair<int32_t, std::string>> rows;
    for (uint32_t row = random() % 40; row > 0; --row) rows.emplace_back(i, std::string(random() % 300, 'x'));
    log.Transaction(rows);
    if (i % 100 == 99) log.Rotate();
  }
  return testing::BlocksOf(log, testing::Limits(50));
}

absl::Status DeliverAll(Target& target) {
  const auto opened = target.Open();
  if (!opened.ok()) return opened.status();
  const DurablePosition start = testing::StartOf(*testing::MakeEpoch());
  if (!*opened) {
    if (absl::Status begun = target.Begin(start, *testing::MakeEpoch()); !begun.ok()) return begun;
  }
  for (const auto& block : MakeBlocks()) {
    if (absl::Status handed = testing::Hand(target, *block, opened->value_or(start), 3000); !handed.ok()) return handed;
    if (absl::Status committed = target.Commit(); !committed.ok()) return committed;
  }
  return absl::OkStatus();
}

// Run by the tests below in a process of its own.
TEST(KafkaDelivery, DISABLED_UntilItIsDone) {
  KafkaOptions options;
  options.streamer = "orders";
  options.owner = "streamer \"orders\"";
  options.brokers = {Variable(kAddressVariable)};
  options.topic = options.events_topic = options.transactional_id = Variable(kTopicVariable);
  options.format = EventFormat::kJson;
  options.hold_back_bytes = 2000;  // Some transactions go ahead.
  KafkaTarget target("t", options);
  absl::Status status;
  for (int i = 0; i < kTries; ++i) {
    status = DeliverAll(target);
    if (status.ok() || IsPermanent(status)) break;
    std::cout << status << std::endl;
  }
  EXPECT_TRUE(status.ok()) << status;
}

class KafkaCrashTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto network = KafkaNetwork::Get();
    if (!network.ok()) GTEST_SKIP() << network.status().message();
    network_ = *network;
    seed_ = Seed();
    random_.seed(seed_);
    std::cout << kSeedVariable << "=" << seed_ << std::endl;
  }

  void StartDelivery() {
    testing::SubprocessOptions options;
    options.arguments = {"/proc/self/exe", "--gtest_also_run_disabled_tests", "--gtest_filter=KafkaDelivery.*"};
    options.environment = {absl::StrCat(kAddressVariable, "=", network_->broker().bootstrap()),
                           absl::StrCat(kTopicVariable, "=", topic_)};
    options.log_file = log_;
    auto started = Subprocess::Start(options);
    ASSERT_TRUE(started.ok()) << started.status();
    delivery_ = *std::move(started);
  }
  size_t Written() const {
    const auto records = network_->client().ConsumeUncommitted(topic_);
    return records.ok() ? records->size() : 0;
  }
  // Waits for a random number of further records, or the end of the delivery.
  void AwaitSome() {
    const size_t enough = Written() + 1 + random_() % 400;
    while (delivery_->running() && Written() < enough) continue;
  }
  void ExpectAllOnce() const {
    std::string expected, delivered;
    for (const auto& block : MakeBlocks()) {
      expected +=
          testing::EncodeBlock(*block, BlockRange(), EventFilter(FilterSpec()), EventFormat::kJson, "orders")->bytes;
    }
    testing::AwaitDecided(network_->broker().bootstrap(), topic_);
    const auto records = network_->client().Consume(topic_);
    ASSERT_TRUE(records.ok()) << records.status();
    for (const testing::KafkaRecord& record : *records) absl::StrAppend(&delivered, *record.value, "\n");
    EXPECT_TRUE(delivered == expected) << "seed " << seed_ << ": " << delivered.size() << " bytes were delivered, "
                                       << expected.size() << " should have been";
  }
  void AwaitEnd() {
    const auto exit_code = delivery_->Wait(absl::Minutes(5));
    ASSERT_TRUE(exit_code.ok()) << exit_code.status();
    EXPECT_EQ(*exit_code, 0) << *ReadWholeFile(log_);
  }

  KafkaNetwork* network_ = nullptr;
  testing::TempDir dir_;
  const std::string log_ = dir_ / "delivery.log";
  const std::string topic_ = absl::StrCat("crash-", testing::UniqueNumber());
  uint32_t seed_ = 0;
  std::mt19937 random_;
  std::unique_ptr<Subprocess> delivery_;
};

TEST_F(KafkaCrashTest, TheDeliveryIsKilled) {
  for (int kill = 0; kill < kKills; ++kill) {
    ASSERT_NO_FATAL_FAILURE(StartDelivery());
    AwaitSome();
    delivery_->Kill();
  }
  ASSERT_NO_FATAL_FAILURE(StartDelivery());
  ASSERT_NO_FATAL_FAILURE(AwaitEnd());
  ExpectAllOnce();
}

// The zombie goes on beside its successor until it is told.
TEST_F(KafkaCrashTest, TheDeliveryIsStartedTwice) {
  ASSERT_NO_FATAL_FAILURE(StartDelivery());
  AwaitSome();
  const std::unique_ptr<Subprocess> zombie = std::move(delivery_);
  ASSERT_NO_FATAL_FAILURE(StartDelivery());
  ASSERT_NO_FATAL_FAILURE(AwaitEnd());
  ASSERT_TRUE(zombie->Wait(absl::Minutes(1)).ok());
  ExpectAllOnce();
}

TEST_F(KafkaCrashTest, TheBrokerIsKilled) {
  ASSERT_NO_FATAL_FAILURE(StartDelivery());
  for (int kill = 0; kill < kKills / 3; ++kill) {
    AwaitSome();
    network_->broker().Kill();
    if (random_() % 2 == 0) delivery_->Kill();
    const absl::Status restarted = network_->broker().Restart();
    ASSERT_TRUE(restarted.ok()) << restarted;
    if (delivery_->running()) continue;
    ASSERT_NO_FATAL_FAILURE(StartDelivery());
  }
  ASSERT_NO_FATAL_FAILURE(AwaitEnd());
  ExpectAllOnce();
}

}  // namespace
}  // namespace binlogd
