#include "rpc/spec_changes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "absl/strings/str_cat.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TargetSpec FileTarget(const std::string& name) {
  TargetSpec target;
  target.name = name;
  target.kind.emplace<FileTargetSpec>().path = "/" + name;
  return target;
}

class SpecChangesTest : public ::testing::Test {
 protected:
  SpecChangesTest() {
    spec_.name = "orders";
    spec_.source.endpoints = {"db1:3306", "db2:3306"};
    spec_.source.password = Secret{Secret::Kind::kValue, "s3cret"};
    TargetSpec kafka;
    kafka.name = "bus";
    kafka.kind.emplace<KafkaTargetSpec>().properties = {{"linger.ms", "5"}, {"acks", "all"}};
    kafka.kafka()->brokers = {"k1:9092", "k2:9092"};
    spec_.targets = {FileTarget("archive"), kafka};
    spec_.labels = {{"team", "data"}, {"tier", "1"}};
  }

  // "FIELD (TARGET) EFFECT" of what changes when the spec is changed so.
  std::vector<std::string> Changes(const std::function<void(StreamerSpec&)>& change) const {
    StreamerSpec after = spec_;
    change(after);
    std::vector<std::string> texts;
    for (const v1::FieldChange& found : ChangesOf(spec_, after)) {
      EXPECT_EQ(found.DebugString().find("s3cret"), std::string::npos);
      texts.push_back(absl::StrCat(found.field(), " ", found.target().empty() ? "" : "(" + found.target() + ") ",
                                   v1::FieldChange::Effect_Name(found.effect())));
    }
    return texts;
  }

  StreamerSpec spec_;
};

TEST_F(SpecChangesTest, TheSameChangesNothing) {
  EXPECT_THAT(Changes([](StreamerSpec&) {}), IsEmpty());
}

TEST_F(SpecChangesTest, FieldsAreToldByTheirPaths) {
  EXPECT_THAT(
      Changes([](StreamerSpec& spec) {
        spec.source.server_id = 7;
        spec.source.tls.mode = TlsMode::kRequired;
        spec.oneshot = true;
        spec.batch.max_wait = absl::Seconds(1);
        spec.targets[0].required = false;
        spec.targets[1].kafka()->topic = "other";
      }),
      ElementsAre("source.server_id RESTART", "source.tls.mode RESTART", "mode RESTART", "batch.max_wait RESTART",
                  "targets[0].required (archive) RESTART", "targets[1].kafka.topic (bus) RESTART"));
}

TEST_F(SpecChangesTest, ListsSecretsAndStartsAreOneValue) {
  EXPECT_THAT(Changes([](StreamerSpec& spec) {
                spec.source.endpoints = {"db3:3306", "db1:3306", "db4:3306"};
                spec.source.password = Secret{Secret::Kind::kFile, "/s3cret"};
                spec.source.start.kind = StartSpec::Kind::kCurrent;
                spec.filter.events = {EventKind::kWrite};
                spec.targets[0].start = StartSpec();
              }),
              ElementsAre("source.endpoints RESTART", "source.password RESTART", "source.start RESTART",
                          "filter.events RESTART", "targets[0].start (archive) RESTART"));
}

TEST_F(SpecChangesTest, ASecretsValueChangesTheSecret) {
  EXPECT_THAT(Changes([](StreamerSpec& spec) { spec.source.password.text = "s3cret2"; }),
              ElementsAre("source.password RESTART"));
}

TEST_F(SpecChangesTest, OfMapsTheKeysAreTold) {
  EXPECT_THAT(Changes([](StreamerSpec& spec) {
                spec.labels = {{"team", "web"}, {"env", "prod"}};
                spec.targets[1].kafka()->properties["linger.ms"] = "50";
              }),
              ::testing::UnorderedElementsAre("targets[1].kafka.properties.linger.ms (bus) RESTART",
                                              "labels.team AT_ONCE", "labels.tier AT_ONCE", "labels.env AT_ONCE"));
}

TEST_F(SpecChangesTest, TargetsComeAndGoByTheirNames) {
  EXPECT_THAT(Changes([](StreamerSpec& spec) {
                spec.targets.erase(spec.targets.begin());
                spec.targets.push_back(FileTarget("new"));
                spec.targets[0].kafka()->partitions = 3;
              }),
              ::testing::UnorderedElementsAre("targets[0] (archive) TARGET_REMOVED", "targets[1] (new) TARGET_ADDED",
                                              "targets[0].kafka.partitions (bus) RESTART"));
}

TEST_F(SpecChangesTest, AnotherOrderOfTheTargetsIsAChange) {
  EXPECT_THAT(Changes([](StreamerSpec& spec) { std::swap(spec.targets[0], spec.targets[1]); }),
              ElementsAre("targets RESTART"));
}

TEST_F(SpecChangesTest, AnotherStoreIsTold) {
  EXPECT_THAT(Changes([](StreamerSpec& spec) {
                spec.targets[0].file()->path = "/elsewhere";
                spec.targets[1].kafka()->transactional_id = "mine";
              }),
              ElementsAre("targets[0].file.path (archive) TARGET_MOVED",
                          "targets[1].kafka.transactional_id (bus) TARGET_MOVED"));
  EXPECT_THAT(Changes([](StreamerSpec& spec) { spec.targets[0].kind.emplace<S3TargetSpec>().bucket = "b"; }),
              ElementsAre("targets[0].s3 (archive) TARGET_MOVED"));
  EXPECT_THAT(Changes([](StreamerSpec& spec) { spec.targets[1].kafka()->position_topic = "elsewhere"; }),
              ElementsAre("targets[1].kafka.position_topic (bus) TARGET_MOVED"));
  EXPECT_THAT(Changes([](StreamerSpec& spec) {
                spec.targets[1].kafka()->brokers = {"k2:9092", "k3:9092"};
              }),
              ElementsAre("targets[1].kafka.brokers (bus) RESTART"));
  EXPECT_THAT(Changes([](StreamerSpec& spec) { spec.targets[1].kafka()->brokers = {"other:9092"}; }),
              ElementsAre("targets[1].kafka.brokers (bus) TARGET_MOVED"));
}

}  // namespace
}  // namespace binlogd
