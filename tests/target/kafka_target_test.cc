// The Kafka target on a real broker: what is in the topics, what is refused, and what crashes do.
#include "target/kafka_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "target/kafka_topic_names.h"
#include "tests/harness/certificates.h"
#include "tests/target/kafka_testing.h"
#include "tests/target/target_testing.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using testing::KafkaBroker;
using testing::KafkaNetwork;
using testing::MakeEpoch;
using ::testing::Pair;
using testing::StartOf;

// Encoded records made up for a test.
class Records {
 public:
  Records& Add(const std::string& table, const std::string& key, const std::string& value, bool tombstone = false) {
    RecordOrigin origin;
    origin.kind = table.empty() ? EventKind::kQuery : EventKind::kWrite;
    origin.timestamp = 1700000000;
    origin.end_offset = 500 + encoded_.records.size();
    origin.database = "shop";
    origin.table = table;
    origin.gtid = "0-1-5";
    encoded_.origins.push_back(origin);
    encoded_.records.push_back({encoded_.bytes.size(), value.size(), encoded_.keys.size(), key.size(), tombstone,
                                encoded_.origins.size() - 1});
    encoded_.bytes += value;
    encoded_.keys += key;
    ++encoded_.events;
    return *this;
  }
  // As a block whose end is a boundary, at `offset`.
  const EncodedBlock& UpTo(uint64_t offset) {
    encoded_.boundary_offset = offset;
    encoded_.boundary_bytes = encoded_.bytes.size();
    encoded_.boundary_records = encoded_.records.size();
    return encoded_;
  }
  const EncodedBlock& WithoutBoundary() const { return encoded_; }

 private:
  EncodedBlock encoded_;
};

std::shared_ptr<const Block> BlockUpTo(uint64_t offset) {
  auto block = std::make_shared<Block>();
  block->epoch = MakeEpoch();
  block->start = {"binlog.000001", 4, ""};
  block->end = {"binlog.000001", offset, ""};
  block->format = std::make_shared<FormatDescription>();
  return block;
}

class KafkaTargetTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto network = KafkaNetwork::Get();
    if (!network.ok()) GTEST_SKIP() << network.status().message();
    network_ = *network;
    options_.streamer = absl::StrCat("s", testing::UniqueNumber());
    options_.owner = absl::StrCat("streamer \"", options_.streamer, "\"");
    options_.transactional_id = absl::StrCat("id-", options_.streamer);
    options_.brokers = {network_->broker().bootstrap()};
    options_.stall_timeout = absl::Seconds(30);
  }

  std::unique_ptr<KafkaTarget> Make() const { return std::make_unique<KafkaTarget>("t", options_); }
  std::string TopicOf(const std::string& table) const { return absl::StrCat(options_.streamer, ".shop.", table); }
  // Opens, begins if the store is new, writes and commits.
  static absl::Status Deliver(Target& target, const EncodedBlock& encoded) {
    const auto opened = target.Open();
    if (!opened.ok()) return opened.status();
    if (!*opened) {
      if (absl::Status begun = target.Begin(StartOf(*MakeEpoch()), *MakeEpoch()); !begun.ok()) return begun;
    }
    return WriteAndCommit(target, encoded);
  }
  static absl::Status WriteAndCommit(Target& target, const EncodedBlock& encoded) {
    absl::Status status = target.Write(*BlockUpTo(encoded.boundary_offset), 0, &encoded);
    return status.ok() ? target.Commit() : status;
  }
  std::vector<testing::KafkaRecord> Consume(const std::string& topic) const {
    testing::AwaitDecided(network_->broker().bootstrap(), topic);
    const auto records = network_->client().Consume(topic);
    EXPECT_TRUE(records.ok()) << records.status();
    return records.ok() ? *records : std::vector<testing::KafkaRecord>();
  }
  // Waits until the last record of the topic has this value, committed or not.
  void AwaitWritten(const std::string& topic, const std::string& value) const {
    for (;;) {
      const auto records = network_->client().ConsumeUncommitted(topic);
      ASSERT_TRUE(records.ok()) << records.status();
      if (!records->empty() && records->back().value == value) return;
    }
  }
  void UseSasl(const std::string& mechanism, const std::string& password) {
    options_.brokers = {network_->broker().sasl_bootstrap()};
    options_.sasl = KafkaOptions::Sasl{mechanism, KafkaBroker::kUser, [password] { return password; }};
  }

  KafkaNetwork* network_ = nullptr;
  KafkaOptions options_;
};

TEST_F(KafkaTargetTest, RecordsTellWhereTheyComeFrom) {
  Records records;
  records.Add("orders", R"({"id":1})", "gone").Add("orders", R"({"id":1})", "", true).Add("", "", "CREATE TABLE");
  const absl::Status delivered = Deliver(*Make(), records.UpTo(900));
  ASSERT_TRUE(delivered.ok()) << delivered;
  const auto orders = Consume(TopicOf("orders"));
  ASSERT_EQ(orders.size(), 2u);
  EXPECT_EQ(orders[0].key, R"({"id":1})");
  EXPECT_EQ(orders[0].value, "gone");
  EXPECT_THAT(orders[0].headers,
              ElementsAre(Pair("binlogd.streamer", options_.streamer), Pair("binlogd.epoch", "0001-6f1c2a9e"),
                          Pair("binlogd.position", "binlog.000001:500"), Pair("binlogd.event", "write"),
                          Pair("binlogd.gtid", "0-1-5")));
  EXPECT_EQ(orders[1].key, R"({"id":1})");
  EXPECT_FALSE(orders[1].value.has_value());
  EXPECT_EQ(Consume(options_.streamer + ".events").at(0).value, "CREATE TABLE");
}

TEST_F(KafkaTargetTest, ARowStaysInItsPartition) {
  options_.partitions = 8;
  Records records;
  for (int i = 0; i < 60; ++i) {
    records.Add("keyed", absl::StrCat("key", i % 20), absl::StrCat(i));
  }
  records.Add("keyed", "kafka", "the hash of Java's clients");
  const absl::Status delivered = Deliver(*Make(), records.UpTo(900));
  ASSERT_TRUE(delivered.ok()) << delivered;
  std::map<std::string, std::vector<int>> values;
  std::map<std::string, std::set<int>> partitions;
  for (const auto& record : Consume(TopicOf("keyed"))) {
    partitions[*record.key].insert(record.partition);
    if (record.key != "kafka") values[*record.key].push_back(std::stoi(*record.value));
  }
  std::set<int> all;
  for (const auto& [key, of_key] : partitions) {
    EXPECT_EQ(of_key.size(), 1u) << key;
    all.insert(of_key.begin(), of_key.end());
  }
  EXPECT_GT(all.size(), 3u);
  for (const auto& [key, of_key] : values) EXPECT_TRUE(std::is_sorted(of_key.begin(), of_key.end())) << key;
  EXPECT_THAT(partitions["kafka"], ElementsAre(0x5067cf64 % 8));
}

// The library has a choice of its own for records without keys, which it changes from time to time: each commit takes
// some of that.
TEST_F(KafkaTargetTest, ATableWithoutKeysStaysInOnePartitionOverManyCommits) {
  constexpr int kCommits = 40;
  options_.partitions = 8;
  const std::unique_ptr<KafkaTarget> target = Make();
  ASSERT_TRUE(Deliver(*target, Records().Add("keyless", "", "0").Add("", "", "0").UpTo(900)).ok());
  for (int i = 1; i < kCommits; ++i) {
    Records records;
    records.Add("keyless", "", absl::StrCat(i)).Add("", "", absl::StrCat(i));
    const absl::Status delivered = WriteAndCommit(*target, records.UpTo(900 + static_cast<uint64_t>(i)));
    ASSERT_TRUE(delivered.ok()) << delivered;
  }
  for (const std::string& topic : {TopicOf("keyless"), options_.streamer + ".events"}) {
    std::set<int> partitions;
    int next = 0;
    for (const auto& record : Consume(topic)) {
      partitions.insert(record.partition);
      EXPECT_EQ(record.value, absl::StrCat(next++));
    }
    EXPECT_EQ(next, kCommits) << topic;
    EXPECT_EQ(partitions.size(), 1u) << topic;
  }
}

TEST_F(KafkaTargetTest, WhatIsTooLargeStopsTheStreamerAndSaysWhat) {
  ASSERT_TRUE(network_->client().CreateTopic(TopicOf("t"), 1, {{"max.message.bytes", "5000"}}).ok());
  Records records;
  records.Add("t", "k", "small").Add("t", "k", std::string(6000, 'x'));
  const absl::Status refused = Deliver(*Make(), records.UpTo(900));
  EXPECT_EQ(ErrorReason(refused), "MESSAGE_TOO_LARGE") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  for (const char* told : {"binlog.000001:501", "shop.t", "5000", "DEAD_LETTER"}) {
    EXPECT_TRUE(absl::StrContains(refused.message(), told)) << refused;
  }
  EXPECT_TRUE(Consume(TopicOf("t")).empty()) << "nor what came before it in its transaction";
}

TEST_F(KafkaTargetTest, WhatIsTooLargeGoesToTheDeadLetters) {
  options_.oversize = KafkaOptions::Oversize::kDeadLetter;
  options_.dead_letter_topic = options_.streamer + ".dead";
  ASSERT_TRUE(network_->client().CreateTopic(TopicOf("t"), 1, {{"max.message.bytes", "5000"}}).ok());
  ASSERT_TRUE(network_->client().CreateTopic(options_.dead_letter_topic, 1, {{"max.message.bytes", "8000"}}).ok());
  Records records;
  records.Add("t", "k", std::string(6000, 'x')).Add("t", "k", std::string(90000, 'y')).Add("t", "k", "small");
  records.Add("t", std::string(20000, 'k'), "value");
  const absl::Status delivered = Deliver(*Make(), records.UpTo(900));
  ASSERT_TRUE(delivered.ok()) << delivered;
  ASSERT_EQ(Consume(TopicOf("t")).size(), 1u);
  const auto letters = Consume(options_.dead_letter_topic);
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_EQ(letters[0].value, std::string(6000, 'x'));
  EXPECT_GT(letters[1].value->size(), 7000u);
  EXPECT_LT(letters[1].value->size(), 8000u);
  EXPECT_GT(letters[2].key->size(), 7000u);
  EXPECT_EQ(letters[2].value, "");
  const std::map<std::string, std::string> headers(letters[1].headers.begin(), letters[1].headers.end());
  EXPECT_EQ(headers.at("binlogd.position"), "binlog.000001:501");
  EXPECT_EQ(headers.at("binlogd.reason"), "MESSAGE_TOO_LARGE");
  EXPECT_EQ(headers.at("binlogd.topic"), TopicOf("t"));
  EXPECT_EQ(headers.at("binlogd.database"), "shop");
  EXPECT_EQ(headers.at("binlogd.table"), "t");
  EXPECT_EQ(headers.at("binlogd.limit"), "5000");
}

// The brokers refuse a record first, by a limit that was not there when the target was opened.
TEST_F(KafkaTargetTest, ALimitThatIsLoweredIsHeededByTheNextOpen) {
  for (const auto oversize : {KafkaOptions::Oversize::kDeadLetter, KafkaOptions::Oversize::kFail}) {
    options_.oversize = oversize;
    options_.topic = absl::StrCat(options_.streamer, ".", static_cast<int>(oversize));
    options_.transactional_id = options_.topic;
    options_.dead_letter_topic = options_.streamer + ".dead";
    const std::unique_ptr<KafkaTarget> target = Make();
    uint64_t offset = 900;
    absl::Status status = Deliver(*target, Records().Add("t", "k", "small").UpTo(offset));
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_TRUE(network_->client().ConfigureTopic(options_.topic, {{"max.message.bytes", "5000"}}).ok());
    const auto large = [&offset] { return Records().Add("t", "k", std::string(6000, 'x')).UpTo(++offset); };
    while (status.ok() && offset < 1900) status = WriteAndCommit(*target, large());
    EXPECT_EQ(ErrorReason(status), "MESSAGE_TOO_LARGE") << status;
    EXPECT_FALSE(IsPermanent(status)) << "the limit is to be read again: " << status;
    EXPECT_TRUE(absl::StrContains(status.message(), absl::StrCat("\"", options_.topic, "\""))) << status;
    EXPECT_FALSE(absl::StrContains(status.message(), options_.position_topic)) << status;
    target->Close();
    const size_t before = Consume(options_.topic).size();
    status = Deliver(*target, large());
    EXPECT_EQ(Consume(options_.topic).size(), before);
    if (oversize == KafkaOptions::Oversize::kDeadLetter) {
      EXPECT_TRUE(status.ok()) << status;
      EXPECT_EQ(Consume(options_.dead_letter_topic).size(), 1u);
      continue;
    }
    EXPECT_EQ(ErrorReason(status), "MESSAGE_TOO_LARGE") << status;
    EXPECT_TRUE(IsPermanent(status));
    for (const std::string& told : {options_.topic, std::string("binlog.000001:500"), std::string("takes 5000")}) {
      EXPECT_TRUE(absl::StrContains(status.message(), told)) << status;
    }
  }
}

TEST_F(KafkaTargetTest, BatchesFitIntoATopicOfSmallMessages) {
  ASSERT_TRUE(network_->client().CreateTopic(TopicOf("t"), 1, {{"max.message.bytes", "2000"}}).ok());
  Records records;
  for (int i = 0; i < 200; ++i) records.Add("t", "k", absl::StrCat(i, std::string(300, 'x')));
  const absl::Status delivered = Deliver(*Make(), records.UpTo(900));
  ASSERT_TRUE(delivered.ok()) << delivered;
  EXPECT_EQ(Consume(TopicOf("t")).size(), 200u);
}

TEST_F(KafkaTargetTest, MoreThanTheQueueTakes) {
  Records records;
  for (int i = 0; i < 60; ++i) records.Add("t", absl::StrCat(i), std::string(900000, 'x'));
  // Brokers may mix up the first batches of a new producer: what they did not take comes again.
  absl::Status delivered;
  do {
    delivered = Deliver(*Make(), records.UpTo(900));
  } while (ErrorReason(delivered) == "KAFKA_UNAVAILABLE");
  ASSERT_TRUE(delivered.ok()) << delivered;
  EXPECT_EQ(Consume(TopicOf("t")).size(), 60u);
}

TEST_F(KafkaTargetTest, EveryCompression) {
  using Compression = KafkaOptions::Compression;
  uint64_t offset = 900;
  for (const Compression compression :
       {Compression::kNone, Compression::kGzip, Compression::kSnappy, Compression::kLz4, Compression::kZstd}) {
    options_.compression = compression;
    Records records;
    records.Add("t", "k", std::string(5000, 'x'));
    const absl::Status delivered = Deliver(*Make(), records.UpTo(++offset));
    EXPECT_TRUE(delivered.ok()) << delivered;
  }
  EXPECT_EQ(Consume(TopicOf("t")).size(), 5u);
}

TEST_F(KafkaTargetTest, ATopicThatIsNotThereIsMadeOnlyIfItMay) {
  Records records;
  records.Add("t", "k", "v");
  ASSERT_TRUE(Deliver(*Make(), records.UpTo(900)).ok());
  options_.create_topics = false;
  Records more;
  more.Add("t", "k", "v").Add("other", "k", "v");
  const absl::Status refused = Deliver(*Make(), more.UpTo(1000));
  EXPECT_EQ(ErrorReason(refused), "TOPIC_NOT_FOUND") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_TRUE(absl::StrContains(refused.message(), TopicOf("other"))) << refused;
}

TEST_F(KafkaTargetTest, BrokersThatMakeTopicsByThemselvesAreNotLeftToIt) {
  testing::KafkaOptions by_themselves;
  by_themselves.auto_create_topics = true;
  by_themselves.partitions = 1;
  const auto broker = KafkaBroker::Start(by_themselves);
  ASSERT_TRUE(broker.ok()) << broker.status();
  options_.brokers = {(*broker)->bootstrap()};
  options_.partitions = 3;
  for (int i = 1; i <= 3; ++i) {
    options_.transactional_id = absl::StrCat("id-", i);
    options_.position_topic = absl::StrCat("positions-", i);
    const absl::Status delivered = Deliver(*Make(), Records().Add(absl::StrCat("t", i), "k", "v").UpTo(900));
    ASSERT_TRUE(delivered.ok()) << delivered;
    EXPECT_GE(testing::EndOfPartition((*broker)->bootstrap(), "read_uncommitted", TopicOf(absl::StrCat("t", i)), 2), 0)
        << "it has the partitions that we asked for";
  }
}

TEST_F(KafkaTargetTest, PositionsNeedACompactedTopicOfOnePartition) {
  for (const auto& [name, partitions, policy] :
       {std::tuple{"two", 2, "compact"}, std::tuple{"deleted", 1, "delete"}, std::tuple{"both", 1, "compact,delete"}}) {
    options_.position_topic = absl::StrCat(options_.streamer, ".", name);
    ASSERT_TRUE(network_->client().CreateTopic(options_.position_topic, partitions, {{"cleanup.policy", policy}}).ok());
    const absl::Status refused = Make()->Open().status();
    EXPECT_EQ(ErrorReason(refused), "POSITION_TOPIC_INVALID") << refused;
    EXPECT_TRUE(IsPermanent(refused));
  }
}

TEST_F(KafkaTargetTest, NoTableGoesToThePositions) {
  options_.topic = "{database}.{table}";
  options_.position_topic = "shop.positions";
  const absl::Status refused = Deliver(*Make(), Records().Add("positions", "k", "v").UpTo(900));
  EXPECT_EQ(ErrorReason(refused), "POSITION_TOPIC_INVALID") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_TRUE(absl::StrContains(refused.message(), "\"shop.positions\"")) << refused;
}

TEST_F(KafkaTargetTest, TwoTablesDoNotShareATopicUnlessAsked) {
  options_.topic = options_.streamer + ".{database}.{table}";
  const std::string named = "a.b";
  const std::string topic = KafkaTopicName(options_.topic, options_.streamer, "shop", named);
  const std::string same = topic.substr(topic.rfind('.') + 1);
  Records records;
  records.Add(named, "k", "v").Add(same, "k", "v");
  const absl::Status refused = Deliver(*Make(), records.UpTo(900));
  EXPECT_EQ(ErrorReason(refused), "TOPIC_SHARED") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  for (const std::string& told : {"shop." + named, "shop." + same, topic}) {
    EXPECT_TRUE(absl::StrContains(refused.message(), told)) << refused;
  }
  options_.topic = options_.streamer + ".{database}";
  const absl::Status delivered = Deliver(*Make(), records.UpTo(900));
  EXPECT_TRUE(delivered.ok()) << delivered;
  EXPECT_EQ(Consume(options_.streamer + ".shop").size(), 2u);
}

TEST_F(KafkaTargetTest, ANameThatTheBrokerDoesNotTakeIsRefused) {
  ASSERT_TRUE(network_->client().CreateTopic(absl::StrCat(options_.streamer, "_shop.t"), 1).ok());
  Records records;
  records.Add("t", "k", "v");
  const absl::Status refused = Deliver(*Make(), records.UpTo(900));
  EXPECT_EQ(ErrorReason(refused), "KAFKA_TOPIC_REFUSED") << refused;
  EXPECT_TRUE(IsPermanent(refused));
}

TEST_F(KafkaTargetTest, ARecordOfAnotherVersionIsRefused) {
  ASSERT_TRUE(Make()->Open().ok());
  KafkaOptions other = options_;
  other.topic = options_.position_topic;
  other.position_topic += "-other";
  other.transactional_id += "-other";
  Records records;
  records.Add("t", options_.transactional_id, R"({"version":2})");
  KafkaTarget writer("t", other);
  ASSERT_TRUE(Deliver(writer, records.UpTo(900)).ok());
  const absl::Status refused = Make()->Open().status();
  EXPECT_EQ(ErrorReason(refused), "TARGET_FORMAT_MISMATCH") << refused;
  EXPECT_TRUE(IsPermanent(refused));
}

TEST_F(KafkaTargetTest, ATimeoutThatTheBrokersDoNotAllowIsRefused) {
  options_.transaction_timeout = absl::Hours(2);
  const absl::Status refused = Make()->Open().status();
  EXPECT_EQ(ErrorReason(refused), "KAFKA_TRANSACTION_TIMEOUT_REFUSED") << refused;
  EXPECT_TRUE(IsPermanent(refused));
}

TEST_F(KafkaTargetTest, NobodyThereMayPass) {
  options_.brokers = {absl::StrCat("127.0.0.1:", testing::FreePort())};
  options_.stall_timeout = absl::Seconds(1);
  const absl::Status failed = Make()->Open().status();
  EXPECT_EQ(ErrorReason(failed), "KAFKA_UNAVAILABLE") << failed;
  EXPECT_FALSE(IsPermanent(failed));
  EXPECT_TRUE(absl::StrContains(failed.message(), options_.brokers[0])) << failed;
}

TEST_F(KafkaTargetTest, AWrongPasswordIsRefusedAndNotTold) {
  for (const char* mechanism : {"PLAIN", "SCRAM-SHA-256"}) {
    UseSasl(mechanism, "hunter2");
    const absl::Status refused = Make()->Open().status();
    EXPECT_EQ(ErrorReason(refused), "KAFKA_AUTHENTICATION_FAILED") << refused;
    EXPECT_TRUE(IsPermanent(refused));
    EXPECT_FALSE(absl::StrContains(refused.message(), "hunter2"));
  }
}

TEST_F(KafkaTargetTest, WhoMayNotIsToldAndWhoMayDelivers) {
  UseSasl("SCRAM-SHA-256", KafkaBroker::kPassword);
  options_.position_topic = options_.streamer + ".positions";
  const absl::Status refused = Make()->Open().status();
  EXPECT_EQ(ErrorReason(refused), "KAFKA_ACCESS_DENIED") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  KafkaBroker& broker = network_->broker();
  ASSERT_TRUE(broker.Allow(KafkaBroker::Resource::kTopic, options_.streamer).ok());
  const absl::Status no_id = Make()->Open().status();
  EXPECT_EQ(ErrorReason(no_id), "KAFKA_ACCESS_DENIED") << no_id;
  EXPECT_TRUE(absl::StrContains(no_id.message(), options_.transactional_id)) << no_id;
  ASSERT_TRUE(broker.Allow(KafkaBroker::Resource::kTransactionalId, options_.transactional_id).ok());
  Records records;
  records.Add("t", "k", "v");
  const absl::Status delivered = Deliver(*Make(), records.UpTo(900));
  EXPECT_TRUE(delivered.ok()) << delivered;
  EXPECT_EQ(Consume(TopicOf("t")).size(), 1u);
}

// It may be looked at and made, not written to. What configures it is not told either, which is no reason to stop.
TEST_F(KafkaTargetTest, ATopicThatMayNotBeWrittenIsNamed) {
  UseSasl("SCRAM-SHA-256", KafkaBroker::kPassword);
  options_.position_topic = options_.streamer + ".positions";
  KafkaBroker& broker = network_->broker();
  using Resource = KafkaBroker::Resource;
  ASSERT_TRUE(broker.Allow(Resource::kTransactionalId, options_.transactional_id).ok());
  ASSERT_TRUE(broker.Allow(Resource::kTopic, options_.position_topic, {"Read", "Write", "Describe", "Create"}).ok());
  ASSERT_TRUE(broker.Allow(Resource::kTopic, TopicOf("open"), {"Write", "Describe", "Create"}).ok());
  ASSERT_TRUE(broker.Allow(Resource::kTopic, TopicOf("closed"), {"Describe", "Create"}).ok());
  const absl::Status delivered = Deliver(*Make(), Records().Add("open", "k", "v").UpTo(900));
  ASSERT_TRUE(delivered.ok()) << delivered;
  EXPECT_EQ(Consume(TopicOf("open")).size(), 1u);
  const absl::Status refused = Deliver(*Make(), Records().Add("open", "k", "v").Add("closed", "k", "v").UpTo(1000));
  EXPECT_EQ(ErrorReason(refused), "KAFKA_ACCESS_DENIED") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_TRUE(absl::StrContains(refused.message(), absl::StrCat("\"", TopicOf("closed"), "\""))) << refused;
  EXPECT_EQ(Consume(TopicOf("open")).size(), 1u);
}

TEST_F(KafkaTargetTest, TlsIsCheckedAndUsed) {
  options_.brokers = {network_->broker().tls_bootstrap()};
  options_.tls = KafkaOptions::Tls{testing::TestCertificates().path("other-ca.pem"), "", ""};
  const absl::Status refused = Make()->Open().status();
  EXPECT_EQ(ErrorReason(refused), "KAFKA_TLS_FAILED") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  options_.tls->ca_file = "/no/such/file.pem";
  const absl::Status unreadable = Make()->Open().status();
  EXPECT_EQ(ErrorReason(unreadable), "KAFKA_CLIENT_REFUSED") << unreadable;
  options_.tls->ca_file = testing::TestCertificates().path("ca.pem");
  Records records;
  records.Add("t", "k", "v");
  const absl::Status delivered = Deliver(*Make(), records.UpTo(900));
  EXPECT_TRUE(delivered.ok()) << delivered;
  EXPECT_EQ(Consume(TopicOf("t")).size(), 1u);
}

// What brokers say of a client's certificate comes when the handshake is done, as far as the client can tell.
TEST_F(KafkaTargetTest, ACertificateOfItsOwnLetsItInAndNoOtherDoes) {
  const testing::Certificates& certificates = testing::TestCertificates();
  const std::string address = network_->broker().client_certificates_bootstrap();
  options_.brokers = {address};
  const auto use = [&](const std::string& name) {
    options_.tls = KafkaOptions::Tls{certificates.path("ca.pem"), "", ""};
    if (name.empty()) return;
    options_.tls->cert_file = certificates.path(name + ".pem");
    options_.tls->key_file = certificates.path(name + ".key");
  };
  for (const char* name : {"", "forged", "expired"}) {
    SCOPED_TRACE(name);
    use(name);
    const absl::Status refused = Make()->Open().status();
    EXPECT_EQ(ErrorReason(refused), "KAFKA_TLS_FAILED") << refused;
    EXPECT_TRUE(IsPermanent(refused));
    for (const char* told : {address.c_str(), "certificate", "check kafka.tls"}) {
      EXPECT_TRUE(absl::StrContains(refused.message(), told)) << refused;
    }
  }
  use("client");
  options_.tls->key_file = certificates.path("stranger.key");
  const absl::Status unfit = Make()->Open().status();
  EXPECT_EQ(ErrorReason(unfit), "KAFKA_CLIENT_REFUSED") << unfit;
  EXPECT_TRUE(IsPermanent(unfit));
  use("client");
  Records records;
  records.Add("t", "k", "v");
  const absl::Status delivered = Deliver(*Make(), records.UpTo(900));
  EXPECT_TRUE(delivered.ok()) << delivered;
  EXPECT_EQ(Consume(TopicOf("t")).size(), 1u);
}

TEST_F(KafkaTargetTest, OfTwoWithOneTransactionalIdTheOlderIsRefusedWhicheverItIs) {
  options_.hold_back_bytes = 0;
  std::unique_ptr<KafkaTarget> older = Make();
  ASSERT_TRUE(Deliver(*older, Records().Add("t", "k", "1").UpTo(601)).ok());
  for (const int turn : {2, 3, 4}) {
    SCOPED_TRACE(turn);
    // What is open then is never seen.
    const std::string begun = absl::StrCat("begun ", turn);
    ASSERT_TRUE(older->Write(*BlockUpTo(700), 0, &Records().Add("t", "k", "").WithoutBoundary()).ok());
    ASSERT_TRUE(older->Write(*BlockUpTo(700), 0, &Records().Add("t", "k", begun).WithoutBoundary()).ok());
    AwaitWritten(TopicOf("t"), begun);
    std::unique_ptr<KafkaTarget> newer = Make();
    const auto taken = newer->Open();
    ASSERT_TRUE(taken.ok() && taken->has_value()) << taken.status();
    EXPECT_EQ((**taken).position.offset, 600u + static_cast<unsigned>(turn) - 1) << "what the older has committed";
    const absl::Status refused = WriteAndCommit(*older, Records().Add("t", "k", "zombie").UpTo(800));
    EXPECT_EQ(ErrorReason(refused), "TARGET_IN_USE") << refused;
    EXPECT_TRUE(IsPermanent(refused)) << "nobody opens it again by himself";
    for (const std::string& told : {options_.transactional_id, std::string("run a streamer in one place only")}) {
      EXPECT_TRUE(absl::StrContains(refused.message(), told)) << refused;
    }
    const absl::Status delivered =
        WriteAndCommit(*newer, Records().Add("t", "k", absl::StrCat(turn)).UpTo(600 + static_cast<uint64_t>(turn)));
    ASSERT_TRUE(delivered.ok()) << delivered;
    older = std::move(newer);
  }
  std::vector<std::string> values;
  for (const auto& record : Consume(TopicOf("t"))) values.push_back(*record.value);
  EXPECT_THAT(values, ElementsAre("1", "2", "3", "4"));
}

TEST_F(KafkaTargetTest, ATransactionThatTheBrokersEndIsTriedAgain) {
  options_.transaction_timeout = absl::Seconds(2);
  options_.hold_back_bytes = 0;
  const std::unique_ptr<KafkaTarget> target = Make();
  ASSERT_TRUE(target->Open().ok());
  ASSERT_TRUE(target->Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
  Records begun, more, ended;
  begun.Add("t", "k", "begun");
  more.Add("t", "k", "more");
  for (const Records& part : {begun, more}) {
    const absl::Status written = target->Write(*BlockUpTo(600), 0, &part.WithoutBoundary());
    ASSERT_TRUE(written.ok()) << written;
  }
  AwaitWritten(TopicOf("t"), "more");
  // Another's record behind is seen when the transaction is no more.
  KafkaOptions behind = options_;
  behind.transactional_id += "-behind";
  behind.topic = TopicOf("t");
  behind.transaction_timeout = absl::Minutes(1);
  KafkaTarget other("t", behind);
  Records records;
  records.Add("t", "k", "behind");
  ASSERT_TRUE(Deliver(other, records.UpTo(900)).ok());
  while (Consume(TopicOf("t")).empty()) continue;
  ended.Add("t", "k", "ended");
  const absl::Status timed_out = WriteAndCommit(*target, ended.UpTo(900));
  EXPECT_EQ(ErrorReason(timed_out), "TRANSACTION_TIMED_OUT") << timed_out;
  EXPECT_FALSE(IsPermanent(timed_out));
  options_.transaction_timeout = absl::Minutes(1);
  Records whole;
  whole.Add("t", "k", "whole");
  const absl::Status again = Deliver(*Make(), whole.UpTo(900));
  EXPECT_TRUE(again.ok()) << again;
  std::vector<std::string> values;
  for (const auto& record : Consume(TopicOf("t"))) values.push_back(*record.value);
  EXPECT_THAT(values, ElementsAre("behind", "whole"));
}

}  // namespace
}  // namespace binlogd
