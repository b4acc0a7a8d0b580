#include "streamer/keep_secrets.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

StreamerSpec SpecWithSecrets() {
  StreamerSpec spec = testing::MakeSpec("orders", "/srv");
  spec.source.password = {Secret::Kind::kValue, "source's"};
  TargetSpec cold, bus;
  cold.name = "cold";
  S3TargetSpec& s3 = cold.kind.emplace<S3TargetSpec>();
  s3.credentials.access_key_id = "AKIA";
  s3.credentials.secret_access_key = {Secret::Kind::kValue, "store's"};
  s3.credentials.session_token = {Secret::Kind::kValue, "token"};
  bus.name = "bus";
  KafkaTargetSpec& kafka = bus.kind.emplace<KafkaTargetSpec>();
  kafka.brokers = {"k1:9092"};
  kafka.sasl = KafkaSaslSpec{KafkaSaslSpec::Mechanism::kPlain, "user", {Secret::Kind::kValue, "broker's"}};
  spec.targets.push_back(cold);
  spec.targets.push_back(bus);
  return spec;
}

// As an RPC's answer has it.
StreamerSpec WithoutSecrets() {
  StreamerSpec spec = SpecWithSecrets();
  spec.source.password = Secret();
  spec.targets[1].s3()->credentials.secret_access_key = Secret();
  spec.targets[1].s3()->credentials.session_token = Secret();
  spec.targets[2].kafka()->sasl->password = Secret();
  return spec;
}

TEST(KeepSecretsTest, WhatIsLeftOutIsKept) {
  StreamerSpec after = WithoutSecrets();
  after.batch.max_events = 5;
  after.targets[1].s3()->prefix = "elsewhere/";
  ASSERT_TRUE(KeepSecrets(SpecWithSecrets(), &after).ok());
  EXPECT_EQ(after.source.password.text, "source's");
  EXPECT_EQ(after.targets[1].s3()->credentials.secret_access_key.text, "store's");
  EXPECT_EQ(after.targets[1].s3()->credentials.session_token.text, "token");
  EXPECT_EQ(after.targets[2].kafka()->sasl->password.text, "broker's");
}

TEST(KeepSecretsTest, NoSecretFollowsToAnotherServer) {
  StreamerSpec after = WithoutSecrets();
  after.source.endpoints = {"elsewhere:3306"};
  EXPECT_EQ(ErrorField(KeepSecrets(SpecWithSecrets(), &after)), "source.password");
  after = WithoutSecrets();
  after.targets[1].s3()->endpoint = "https://elsewhere";
  EXPECT_EQ(ErrorField(KeepSecrets(SpecWithSecrets(), &after)), "targets[1].s3.credentials.secret_access_key");
  after = WithoutSecrets();
  after.targets[2].kafka()->brokers.push_back("elsewhere:9092");
  EXPECT_EQ(ErrorField(KeepSecrets(SpecWithSecrets(), &after)), "targets[2].kafka.sasl.password");
}

TEST(KeepSecretsTest, ANewSecretTakesNoOldTokenAlong) {
  StreamerSpec after = WithoutSecrets();
  after.targets[1].s3()->credentials.secret_access_key = {Secret::Kind::kFile, "/secret"};
  ASSERT_TRUE(KeepSecrets(SpecWithSecrets(), &after).ok());
  EXPECT_EQ(after.targets[1].s3()->credentials.secret_access_key.text, "/secret");
  EXPECT_EQ(after.targets[1].s3()->credentials.session_token, Secret());
}

TEST(KeepSecretsTest, AnotherTargetOfTheNameGetsNone) {
  StreamerSpec after = WithoutSecrets();
  after.targets[1].name = "warm";
  ASSERT_TRUE(KeepSecrets(SpecWithSecrets(), &after).ok());
  EXPECT_EQ(after.targets[1].s3()->credentials.secret_access_key, Secret());
}

}  // namespace
}  // namespace binlogd
