#include "streamer/validator.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "tests/harness/temp_dir.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

TEST(ValidatorTest, LooksAtEveryEndpointAndFolderAndMakesNothing) {
  const testing::TempDir dir;
  ASSERT_TRUE(ReplaceFile(dir / "file", "", 0600).ok());
  StreamerSpec spec = testing::MakeSpec("orders", dir / "not/yet/there");
  spec.source.endpoints = {"127.0.0.1:1", "127.0.0.1:2"};
  TargetSpec bad = spec.targets[0];
  bad.name = "bad";
  bad.file()->path = dir / "file";
  spec.targets.push_back(bad);
  Interrupter interrupter;
  const std::vector<Finding> findings = ValidateSpec(spec, &interrupter);
  ASSERT_EQ(findings.size(), 4u);
  EXPECT_EQ(findings[0].subject, "source 127.0.0.1:1");
  EXPECT_FALSE(findings[0].status.ok());
  EXPECT_EQ(findings[1].subject, "source 127.0.0.1:2");
  EXPECT_EQ(findings[2].subject, "targets[0]");
  EXPECT_TRUE(findings[2].status.ok()) << findings[2].status;
  EXPECT_EQ(findings[3].subject, "targets[1]");
  EXPECT_EQ(ErrorReason(findings[3].status), "TARGET_PATH_INVALID") << findings[3].status;
  EXPECT_FALSE(std::filesystem::exists(dir / "not"));
}

TEST(ValidatorTest, AsksObjectStoresAndBrokers) {
  const testing::TempDir dir;
  StreamerSpec spec = testing::MakeSpec("orders", dir.path());
  spec.source.endpoints = {"127.0.0.1:1"};
  TargetSpec cold, bus;
  cold.name = "cold";
  S3TargetSpec& s3 = cold.kind.emplace<S3TargetSpec>();
  s3.bucket = "backups";
  s3.endpoint = "http://127.0.0.1:1";
  s3.path_style = true;
  s3.credentials.access_key_id = "key";
  s3.credentials.secret_access_key = {Secret::Kind::kFile, dir / "missing"};
  bus.name = "bus";
  KafkaTargetSpec& kafka = bus.kind.emplace<KafkaTargetSpec>();
  kafka.brokers = {"127.0.0.1:1"};
  kafka.format = EventFormat::kJson;
  spec.targets = {cold, bus};
  Interrupter interrupter;
  const std::vector<Finding> findings = ValidateSpec(spec, &interrupter);
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[1].subject, "targets[0]");
  EXPECT_NE(findings[1].status.message().find("targets[0].s3.credentials.secret_access_key"), absl::string_view::npos)
      << findings[1].status;
  EXPECT_EQ(findings[2].subject, "targets[1]");
  EXPECT_EQ(ErrorReason(findings[2].status), "KAFKA_UNAVAILABLE") << findings[2].status;
}

TEST(ValidatorTest, AnUnreadableSecretIsAFinding) {
  const testing::TempDir dir;
  StreamerSpec spec = testing::MakeSpec("orders", dir.path());
  spec.source.password = Secret{Secret::Kind::kFile, dir / "missing"};
  Interrupter interrupter;
  const std::vector<Finding> findings = ValidateSpec(spec, &interrupter);
  EXPECT_EQ(ErrorReason(findings[0].status), "SECRET_UNREADABLE");
}

}  // namespace
}  // namespace binlogd
