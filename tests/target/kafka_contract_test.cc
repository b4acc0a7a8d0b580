// The contract over the Kafka target, on a real broker.
#include <google/protobuf/io/coded_stream.h>
#include <gtest/gtest.h>

#include "target/kafka_target.h"
#include "tests/target/kafka_testing.h"
#include "tests/target/target_contract.h"

namespace binlogd {
namespace {

using testing::ContractKind;
using testing::KafkaNetwork;
using testing::KindName;
using testing::NetworkContractStore;
using testing::NetworkTargetContractTest;
using testing::TakenTargetContractTest;
using testing::TargetContractTest;

constexpr uint64_t kBytesOfAnOperation = 4000;

// The record as the format's files have it.
std::string Framed(EventFormat format, const std::string& value) {
  if (EventFormatFraming(format) == RecordFraming::kLines) return value + "\n";
  std::string framed(google::protobuf::io::CodedOutputStream::VarintSize32(static_cast<uint32_t>(value.size())), '\0');
  google::protobuf::io::CodedOutputStream::WriteVarint32ToArray(static_cast<uint32_t>(value.size()),
                                                                reinterpret_cast<uint8_t*>(framed.data()));
  return framed + value;
}

// One topic of one partition, so that there is one order, one for positions, so that an open always reads as little,
// and a transactional id; all new.
class KafkaStore : public NetworkContractStore {
 public:
  KafkaStore(EventFormat format, uint64_t hold_back_bytes)
      : network_(**KafkaNetwork::Get()),
        format_(format),
        hold_back_bytes_(hold_back_bytes),
        topic_(absl::StrCat("contract-", testing::UniqueNumber())),
        positions_(topic_ + "-positions") {}
  ~KafkaStore() override {
    Heal();
    for (const std::string& topic : {topic_, positions_}) network_.client().DeleteTopic(topic).IgnoreError();
  }

  std::unique_ptr<Target> Make(const std::string& owner) override { return MakeOf(format_, owner); }
  std::unique_ptr<Target> MakeOf(EventFormat format, const std::string& owner) {
    return std::make_unique<KafkaTarget>("t", Options(format, owner));
  }

  std::map<std::string, std::string> Delivered() override {
    testing::AwaitDecided(network_.broker().bootstrap(), topic_);
    const auto records = network_.client().Consume(topic_);
    EXPECT_TRUE(records.ok()) << records.status();
    std::map<std::string, std::string> delivered;
    if (!records.ok()) return delivered;
    for (const testing::KafkaRecord& record : *records) delivered["records"] += Framed(format_, *record.value);
    return delivered;
  }
  // An open transaction is what a crash leaves; targets that are destroyed without being closed leave it.
  void TearTail() override {}
  std::vector<std::function<void()>> Damages() override { return {}; }
  // Another target has its position in the same topic.
  void PutForeign() override { Deliver(*MakeForeign()); }
  bool ForeignIsIntact() override {
    const auto opened = MakeForeign()->Open();
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() && opened->has_value() && ToString((**opened).position) == "binlog.000001:4";
  }

  int ways_to_fail() const override { return 2; }
  void FailAfter(int operations, int way) override {
    network_.proxy().FailAfter(static_cast<uint64_t>(operations) * kBytesOfAnOperation, way == 0);
  }
  void Heal() override { network_.proxy().Heal(); }

  void Hold() override { network_.proxy().Stall(true); }
  void AwaitHeld() override { network_.proxy().AwaitStalledClient(); }
  void Release() override { network_.proxy().Heal(); }

 private:
  std::unique_ptr<Target> MakeForeign() const {
    KafkaOptions options = Options(format_, "streamer \"payments\", target \"t\"");
    options.transactional_id += "-else";
    return std::make_unique<KafkaTarget>("t", options);
  }
  static void Deliver(Target& target) {
    ASSERT_TRUE(target.Open().ok());
    ASSERT_TRUE(target.Begin(testing::StartOf(*testing::MakeEpoch()), *testing::MakeEpoch()).ok());
  }
  KafkaOptions Options(EventFormat format, const std::string& owner) const {
    KafkaOptions options;
    options.streamer = "orders";
    options.owner = owner;
    options.brokers = {network_.address()};
    options.topic = options.events_topic = topic_;
    options.format = format;
    options.transactional_id = topic_;
    options.position_topic = positions_;
    options.hold_back_bytes = hold_back_bytes_;
    // Long enough for a healthy broker on a machine that is short of processors; a failing one is waited for so long.
    options.stall_timeout = absl::Seconds(8);
    return options;
  }

  KafkaNetwork& network_;
  const EventFormat format_;
  const uint64_t hold_back_bytes_;
  const std::string topic_;
  const std::string positions_;
};

ContractKind MakeKind(const char* name, EventFormat format, uint64_t hold_back_bytes) {
  ContractKind kind;
  kind.name = name;
  kind.make = [format, hold_back_bytes] { return std::make_unique<KafkaStore>(format, hold_back_bytes); };
  kind.missing = [] {
    const absl::Status status = KafkaNetwork::Get().status();
    return status.ok() ? std::string() : std::string(status.message());
  };
  // What waits for the end of its transaction is not to grow: what comes before is committed.
  kind.may_commit_early = hold_back_bytes == 0;
  kind.shares_its_store = true;
  kind.newest_has_it = true;
  kind.of_other_formats = [format](testing::ContractStore& store) {
    std::vector<std::unique_ptr<Target>> others;
    for (const EventFormat other : {EventFormat::kJson, EventFormat::kProtobuf}) {
      if (other == format) continue;
      others.push_back(static_cast<KafkaStore&>(store).MakeOf(other, TargetContractTest::kOwner));
    }
    return others;
  };
  return kind;
}

const ContractKind kKafka[] = {
    MakeKind("JsonTopics", EventFormat::kJson, 1 << 20),
    MakeKind("ProtobufTopics", EventFormat::kProtobuf, 1 << 20),
    MakeKind("JsonTopicsAhead", EventFormat::kJson, 0),
};

}  // namespace

namespace testing {

INSTANTIATE_TEST_SUITE_P(Kafka, TargetContractTest, ::testing::ValuesIn(kKafka), KindName);
INSTANTIATE_TEST_SUITE_P(Kafka, TakenTargetContractTest, ::testing::ValuesIn(kKafka), KindName);
// A transaction that is always open would be waited for again and again.
INSTANTIATE_TEST_SUITE_P(Kafka, NetworkTargetContractTest, ::testing::Values(kKafka[0], kKafka[1]), KindName);

}  // namespace testing
}  // namespace binlogd
