// The dry run of a spec whose stores are another streamer's, on a real broker and a real S3 server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "streamer/make_targets.h"
#include "streamer/validator.h"
#include "tests/harness/kafka_broker.h"
#include "tests/harness/s3_server.h"
#include "tests/harness/temp_dir.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

using ::testing::HasSubstr;
using testing::KafkaBroker;
using testing::S3Server;

// What the dry run says of the only target.
absl::Status Validate(const StreamerSpec& spec) {
  Interrupter interrupter;
  const std::vector<Finding> findings = ValidateSpec(spec, &interrupter);
  EXPECT_EQ(findings.back().subject, "targets[0]");
  return findings.back().status;
}

// Delivers nothing, but begins: from then on the store has an owner.
void Begin(const StreamerSpec& spec, const std::string& spool_directory) {
  auto targets = MakeTargets(spec, spool_directory);
  ASSERT_TRUE(targets.ok()) << targets.status();
  const auto opened = targets->front()->Open();
  ASSERT_TRUE(opened.ok()) << opened.status();
  DurablePosition start;
  start.position = {"binlog.000001", 4, ""};
  EpochStart epoch;
  epoch.epoch = start.epoch = Epoch{1, "6f1c2a9e"};
  const absl::Status begun = targets->front()->Begin(start, epoch);
  ASSERT_TRUE(begun.ok()) << begun;
}

class ValidatorServerTest : public ::testing::Test {
 protected:
  StreamerSpec SpecOf(const std::string& streamer, const TargetSpec& target) const {
    StreamerSpec spec = testing::MakeSpec(streamer, directory_.path());
    spec.targets = {target};
    return spec;
  }
  // As found before anybody began, by its owner, and by two others: one of another name, one of another format.
  void ExpectOwnerIsSeen(const TargetSpec& target, const TargetSpec& other_format) {
    const StreamerSpec orders = SpecOf("orders", target);
    EXPECT_TRUE(Validate(orders).ok()) << Validate(orders);
    Begin(orders, directory_.path());
    EXPECT_TRUE(Validate(orders).ok()) << Validate(orders);
    const absl::Status in_use = Validate(SpecOf("billing", target));
    EXPECT_EQ(ErrorReason(in_use), "TARGET_IN_USE") << in_use;
    EXPECT_THAT(std::string(in_use.message()), HasSubstr(TargetOwner("orders", target.name)));
    const absl::Status mismatch = Validate(SpecOf("orders", other_format));
    EXPECT_EQ(ErrorReason(mismatch), "TARGET_FORMAT_MISMATCH") << mismatch;
    EXPECT_TRUE(Validate(orders).ok()) << "it was not disturbed: " << Validate(orders);
  }

  testing::TempDir directory_;
};

TEST_F(ValidatorServerTest, ATransactionalIdOfAnotherStreamer) {
  testing::KafkaOptions options;
  options.auto_create_topics = true;
  const auto broker = KafkaBroker::Start(options);
  if (!broker.ok()) GTEST_SKIP() << broker.status();
  TargetSpec bus;
  bus.name = "bus";
  KafkaTargetSpec& kafka = bus.kind.emplace<KafkaTargetSpec>();
  kafka.brokers = {(*broker)->bootstrap()};
  kafka.format = EventFormat::kJson;
  kafka.transactional_id = "shared";
  EXPECT_TRUE(Validate(SpecOf("orders", bus)).ok());
  const auto topics = (*broker)->client().Topics();
  ASSERT_TRUE(topics.ok()) << topics.status();
  EXPECT_EQ(std::count(topics->begin(), topics->end(), "binlogd.positions"), 0) << "nothing is made";
  TargetSpec other_format = bus;
  other_format.kafka()->format = EventFormat::kMaxwellJson;
  ExpectOwnerIsSeen(bus, other_format);
}

TEST_F(ValidatorServerTest, APrefixOfAnotherStreamer) {
  const auto server = S3Server::Start();
  if (!server.ok()) GTEST_SKIP() << server.status();
  ASSERT_TRUE((*server)->CreateBucket("backups").ok());
  TargetSpec cold;
  cold.name = "cold";
  S3TargetSpec& s3 = cold.kind.emplace<S3TargetSpec>();
  s3.bucket = "backups";
  s3.prefix = "orders/";
  s3.endpoint = (*server)->endpoint();
  s3.region = "us-east-1";
  s3.path_style = true;
  s3.credentials.access_key_id = S3Server::kAccessKey;
  s3.credentials.secret_access_key = {Secret::Kind::kValue, S3Server::kSecret};
  EXPECT_TRUE(Validate(SpecOf("orders", cold)).ok()) << Validate(SpecOf("orders", cold));
  EXPECT_TRUE((*server)->List("backups")->empty()) << "nothing is made";
  TargetSpec other_format = cold;
  other_format.s3()->format = EventFormat::kJson;
  ExpectOwnerIsSeen(cold, other_format);
  cold.s3()->prefix = "foreign/";
  ASSERT_TRUE((*server)->Put("backups", "foreign/precious.txt", "mine").ok());
  const absl::Status not_empty = Validate(SpecOf("orders", cold));
  EXPECT_EQ(ErrorReason(not_empty), "TARGET_NOT_EMPTY") << not_empty;
}

}  // namespace
}  // namespace binlogd
