#include "pipeline/checkpoint.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

TargetSnapshot At(uint32_t epoch, const std::string& file, uint64_t offset) {
  TargetSnapshot target;
  target.durable.epoch = Epoch{epoch, "6f1c2a9e"};
  target.durable.position = Position{file, offset, ""};
  return target;
}

class CheckpointTest : public ::testing::Test {
 protected:
  testing::TempDir dir_;
  const std::string path_ = dir_ / "a/b/checkpoint.json";
};

TEST_F(CheckpointTest, HoldsWhatTheContractNames) {
  Checkpoint checkpoint;
  checkpoint.streamer = "orders";
  checkpoint.position = Position{"binlog.000007", uint64_t{1} << 40, "0-1-5"};
  checkpoint.event_count = 12;
  checkpoint.byte_count = 345;
  checkpoint.last_update = absl::FromUnixMillis(1700000000123);
  checkpoint.start_time = absl::FromUnixSeconds(1600000000);
  checkpoint.fresh_until = absl::FromUnixMillis(1700000001456);
  TargetSnapshot bad = At(1, "binlog.000006", 99);
  bad.name = "archive";
  bad.type = "file";
  bad.required = false;
  bad.state = TargetState::kDetached;
  bad.error = absl::ResourceExhaustedError("disk \xff full");
  checkpoint.targets = {bad};
  ASSERT_TRUE(WriteCheckpoint(path_, checkpoint).ok());
  const auto json = nlohmann::json::parse(*ReadWholeFile(path_));
  EXPECT_EQ(json["position"]["file"], "binlog.000007");
  EXPECT_EQ(json["position"]["position"], uint64_t{1} << 40);
  EXPECT_EQ(json["position"]["gtid"], "0-1-5");
  EXPECT_EQ(json["event_count"], 12);
  EXPECT_EQ(json["byte_count"], 345);
  EXPECT_EQ(json["last_update"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(json["start_time"], "2020-09-13T12:26:40.000Z");
  EXPECT_EQ(json["targets"][0]["name"], "archive");
  EXPECT_EQ(json["targets"][0]["type"], "file");
  EXPECT_EQ(json["targets"][0]["healthy"], false);
  EXPECT_TRUE(json["targets"][0]["last_write"].is_null());
  EXPECT_NE(json["targets"][0]["error"], "");
  EXPECT_EQ(json["targets"][0]["position"]["position"], 99);
  EXPECT_EQ(json["targets"][0]["required"], false);
  EXPECT_EQ(json["targets"][0]["state"], "DETACHED");
  EXPECT_EQ(json["targets"][0]["epoch"], "0001-6f1c2a9e");
}

TEST_F(CheckpointTest, IsReadBack) {
  Checkpoint checkpoint;
  checkpoint.position = Position{"binlog.000007", uint64_t{1} << 40, "0-1-5"};
  checkpoint.fresh_until = absl::FromUnixMillis(1700000001456);
  checkpoint.targets = {At(1, "binlog.000006", 99), At(2, "binlog.000001", 4)};
  checkpoint.targets[0].name = "archive";
  checkpoint.targets[1].fresh_until = absl::FromUnixMillis(1600000000123);
  ASSERT_TRUE(WriteCheckpoint(path_, checkpoint).ok());
  const auto read = ReadCheckpoint(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToString(read->position), ToString(checkpoint.position));
  EXPECT_EQ(read->position.gtid_set, "0-1-5");
  EXPECT_EQ(read->fresh_until, checkpoint.fresh_until);
  ASSERT_EQ(read->targets.size(), 2u);
  EXPECT_EQ(read->targets[0].name, "archive");
  EXPECT_EQ(ToString(read->targets[0].durable.position), "binlog.000006:99");
  EXPECT_EQ(read->targets[0].fresh_until, absl::InfinitePast());
  EXPECT_EQ(read->targets[1].durable.epoch, checkpoint.targets[1].durable.epoch);
  EXPECT_EQ(read->targets[1].fresh_until, checkpoint.targets[1].fresh_until);
}

TEST_F(CheckpointTest, OneOfAnOlderVersionIsReadBack) {
  ASSERT_TRUE(MakeDirectories(dir_ / "a/b", 0750).ok());
  ASSERT_TRUE(ReplaceFile(path_, R"({"version":1,"position":{"file":"b.000001","position":7,"gtid":""},
      "fresh_until":null,"targets":[{"name":"t","position":{"file":"b.000001","position":7,"gtid":""}}]})",
                          0640)
                  .ok());
  const auto read = ReadCheckpoint(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(ToString(read->targets[0].durable.position), "b.000001:7");
  EXPECT_TRUE(read->targets[0].durable.epoch.empty());
}

TEST_F(CheckpointTest, MissingOrCorrupt) {
  EXPECT_TRUE(absl::IsNotFound(ReadCheckpoint(path_).status()));
  ASSERT_TRUE(WriteCheckpoint(path_, Checkpoint()).ok());
  const std::string good = *ReadWholeFile(path_);
  for (const std::string& bad :
       {std::string(), std::string("null"), std::string("[1]"), std::string("{}"), good.substr(0, good.size() / 2),
        std::string(R"({"fresh_until":7})"), std::string(R"({"fresh_until":"soon"})"), std::string(1000, '[')}) {
    ASSERT_TRUE(ReplaceFile(path_, bad, 0640).ok());
    EXPECT_EQ(ErrorReason(ReadCheckpoint(path_).status()), "CHECKPOINT_CORRUPT") << bad;
  }
}

TEST_F(CheckpointTest, WhereSomebodyChoseThePlaceNothingElseIsWrittenOver) {
  const auto write = [this] { return WriteCheckpoint(path_, Checkpoint(), CheckpointOver::kCheckpoint); };
  ASSERT_TRUE(write().ok());
  EXPECT_TRUE(write().ok());
  ASSERT_TRUE(ReplaceFile(path_, "precious", 0640).ok());
  EXPECT_EQ(ErrorReason(write()), "CHECKPOINT_FILE_FOREIGN");
  EXPECT_EQ(*ReadWholeFile(path_), "precious");
  EXPECT_TRUE(WriteCheckpoint(path_, Checkpoint()).ok());
}

TEST_F(CheckpointTest, UnwritablePlaceIsAnError) {
  ASSERT_TRUE(ReplaceFile(dir_ / "a", "a file", 0640).ok());
  EXPECT_FALSE(WriteCheckpoint(path_, Checkpoint()).ok());
}

TEST(LeastPositionTest, ByEpochThenFileThenOffset) {
  EXPECT_TRUE(LeastPosition({}).empty());
  EXPECT_EQ(ToString(LeastPosition({At(1, "binlog.000002", 5), At(1, "binlog.000001", 900)})), "binlog.000001:900");
  EXPECT_EQ(ToString(LeastPosition({At(1, "binlog.000002", 5), At(1, "binlog.000002", 4)})), "binlog.000002:4");
  EXPECT_EQ(ToString(LeastPosition({At(1, "binlog.999999", 5), At(1, "binlog.1000000", 4)})), "binlog.999999:5");
  EXPECT_EQ(ToString(LeastPosition({At(2, "binlog.000001", 4), At(1, "binlog.000900", 77)})), "binlog.000900:77");
  EXPECT_TRUE(LeastPosition({At(1, "binlog.000001", 4), TargetSnapshot()}).empty()) << "one that holds nothing yet";
}

TEST(RequiredTargetsTest, AreAllWhenNoneIsRequired) {
  TargetSnapshot required = At(1, "binlog.000002", 5);
  TargetSnapshot optional = At(1, "binlog.000001", 5);
  optional.required = false;
  EXPECT_EQ(ToString(LeastPosition(RequiredTargets({required, optional}))), "binlog.000002:5");
  EXPECT_EQ(ToString(LeastPosition(RequiredTargets({optional, optional}))), "binlog.000001:5");
  EXPECT_TRUE(RequiredTargets({}).empty());
}

}  // namespace
}  // namespace binlogd
