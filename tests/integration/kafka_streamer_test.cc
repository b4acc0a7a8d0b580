// Whole streamers that deliver to a real Kafka: what their status tells when it goes away or somebody takes it over.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/harness/kafka_broker.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class KafkaStreamerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto source = SharedServer(ServerKind::kMariaDb1011);
    if (!source.ok()) GTEST_SKIP() << source.status();
    source_ = *source;
    auto kafka = KafkaBroker::Start();
    if (!kafka.ok()) GTEST_SKIP() << kafka.status();
    kafka_ = *std::move(kafka);
    source_->Run({"CREATE DATABASE IF NOT EXISTS shop", "CREATE OR REPLACE TABLE shop.orders (id INT PRIMARY KEY)"});
  }

  // All but `instance` are the same for each: of one streamer that was started in several places.
  std::unique_ptr<Streamer> Make(uint32_t instance) const {
    StreamerSpec spec = SpecFor(*source_);
    spec.source.server_id = 5000 + instance;
    spec.source.start.kind = StartSpec::Kind::kCurrent;
    KafkaTargetSpec kafka;
    kafka.brokers = {kafka_->bootstrap()};
    kafka.topic = "cdc.{table}";
    kafka.format = EventFormat::kJson;
    spec.targets = {TargetSpec{"bus", kafka, true, {}}};
    return std::make_unique<Streamer>(spec, absl::StrCat(directory_ / "checkpoint-", instance, ".json"));
  }
  void Insert(int id) { source_->Run({absl::StrCat("INSERT INTO shop.orders VALUES (", id, ")")}); }
  static void Stop(Streamer& streamer) {
    streamer.RequestStop(absl::UnavailableError("the test ends"));
    streamer.WaitStopped(absl::InfiniteFuture());
  }
  // The ids of all rows that were delivered, as a consumer sees them.
  std::vector<int> Delivered() const {
    std::vector<int> ids;
    const auto records = kafka_->client().Consume("cdc.orders");
    EXPECT_TRUE(records.ok()) << records.status();
    for (const KafkaRecord& record : records.value_or(std::vector<KafkaRecord>())) {
      const json event = json::parse(*record.value);
      for (const json& row : event["rows"]) ids.push_back(row["id"]);
    }
    return ids;
  }
  bool WaitUntilDelivered(const std::vector<int>& ids) const {
    return WaitUntil([&] { return Delivered() == ids; });
  }

  TempDir directory_;
  MySqlServer* source_ = nullptr;
  std::unique_ptr<KafkaBroker> kafka_;
};

TEST_F(KafkaStreamerTest, OfTwoWithOneTransactionalIdTheOlderFailsAndSaysWhy) {
  std::unique_ptr<Streamer> older = Make(1);
  ASSERT_TRUE(older->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*older, *source_));
  std::vector<int> ids;
  const auto insert = [&] {
    ids.push_back(static_cast<int>(ids.size()) + 1);
    Insert(ids.back());
  };
  insert();
  ASSERT_TRUE(WaitUntilDelivered(ids));
  // The one that was refused is started again, and takes over in its turn.
  for (const uint32_t instance : {2, 1, 2}) {
    SCOPED_TRACE(instance);
    std::unique_ptr<Streamer> newer = Make(instance);
    ASSERT_TRUE(newer->Start().ok());
    ASSERT_TRUE(WaitUntilCaughtUp(*newer, *source_));
    insert();
    ASSERT_TRUE(older->WaitStopped(absl::Now() + absl::Minutes(1)));
    const StreamerSnapshot refused = older->Snapshot();
    EXPECT_EQ(StreamerStateName(refused.state), "FAILED");
    EXPECT_EQ(ErrorReason(refused.error), "TARGET_IN_USE") << refused.error;
    for (const char* told : {"target \"bus\"", "binlogd-test-bus", "run a streamer in one place only"}) {
      EXPECT_THAT(std::string(refused.error.message()), HasSubstr(told));
    }
    EXPECT_EQ(TargetStateName(refused.targets[0].state), "FAILED");
    insert();
    EXPECT_TRUE(WaitUntilDelivered(ids)) << ::testing::PrintToString(Delivered());
    EXPECT_EQ(StreamerStateName(newer->Snapshot().state), "RUNNING") << newer->Snapshot().error;
    older = std::move(newer);
  }
  Stop(*older);
  EXPECT_EQ(Delivered(), ids) << "nothing lost, nothing doubled";
}

TEST_F(KafkaStreamerTest, ABrokerThatIsGoneIsToldBeforeTheTargetGivesUp) {
  const std::unique_ptr<Streamer> streamer = Make(1);
  ASSERT_TRUE(streamer->Start().ok());
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer, *source_));
  Insert(1);
  ASSERT_TRUE(WaitUntilDelivered({1}));
  kafka_->Kill();
  Insert(2);
  StreamerSnapshot snapshot;
  ASSERT_TRUE(WaitUntil([&] {
    snapshot = streamer->Snapshot();
    return !snapshot.error.ok();
  }));
  const TargetSnapshot& target = snapshot.targets[0];
  EXPECT_EQ(target.counters->retries.load(), 0u) << "its transaction goes on";
  EXPECT_EQ(StreamerStateName(snapshot.state), "RETRYING");
  EXPECT_EQ(TargetStateName(target.state), "RETRYING");
  EXPECT_EQ(ErrorReason(target.error), "KAFKA_UNAVAILABLE") << target.error;
  EXPECT_THAT(std::string(target.error.message()), HasSubstr("cannot reach " + kafka_->bootstrap()));
  ASSERT_TRUE(kafka_->Restart().ok());
  EXPECT_TRUE(WaitUntilDelivered({1, 2})) << ::testing::PrintToString(Delivered());
  EXPECT_TRUE(WaitUntil([&] { return streamer->Snapshot().state == StreamerState::kRunning; }))
      << streamer->Snapshot().error;
  EXPECT_TRUE(streamer->Snapshot().targets[0].error.ok()) << streamer->Snapshot().targets[0].error;
  Insert(3);
  EXPECT_TRUE(WaitUntilDelivered({1, 2, 3})) << ::testing::PrintToString(Delivered());
  Stop(*streamer);
}

}  // namespace
}  // namespace binlogd::testing
