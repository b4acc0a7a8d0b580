// ONESHOT streamers of a manager: what becomes of one that has FINISHED.
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "streamer/manager.h"
#include "tests/integration/streamer_testing.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd::testing {
namespace {

class OneshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = SharedServer(ServerKind::kMariaDb1011);
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *server;
    // The log holds what other tests wrote.
    table_ = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    server_->Run({"CREATE DATABASE IF NOT EXISTS shop",
                  absl::StrCat("CREATE TABLE shop.", table_, " (id INT AUTO_INCREMENT PRIMARY KEY, total INT)")});
    Restart();
    spec_ = SpecFor(*server_, "copy");
    spec_.oneshot = true;
    spec_.targets = {JsonTarget(directory_ / "json")};
    WriteRow();
    ASSERT_TRUE(manager_->Create(spec_, /*start=*/true).ok());
    ASSERT_TRUE(Finishes());
  }
  // As if binlogd had been ended and started again.
  void Restart() {
    manager_.reset();
    manager_ = std::make_unique<Manager>(*Store::Open(directory_ / "state", &codec_));
    ASSERT_TRUE(manager_->Load().ok());
  }
  void WriteRow() {
    server_->Run({absl::StrCat("INSERT INTO shop.", table_, " (total) VALUES (1)")});
    ++written_;
  }
  StreamerSnapshot Now() const { return manager_->Get("copy")->snapshot; }
  bool Finishes() const {
    return WaitUntil([this] { return Now().state == StreamerState::kFinished; });
  }
  // Whether it is FINISHED, wanted to run, and has done nothing since `rows` of them were there.
  void ExpectFinishedWith(size_t rows) const {
    EXPECT_EQ(Now().state, StreamerState::kFinished);
    EXPECT_TRUE(Now().desired_running);
    EXPECT_TRUE(Now().error.ok());
    EXPECT_EQ(RowsDelivered(), rows);
  }
  size_t RowsDelivered() const { return ReplayTable(ReadEvents(directory_ / "json"), table_, "id").size(); }
  Manager::Outcome Apply(bool start) {
    Manager::Applied applied;
    const absl::Status status = manager_->Apply(spec_, start, &applied).status();
    EXPECT_TRUE(status.ok()) << status;
    return applied.outcome;
  }

  MySqlServer* server_ = nullptr;
  std::string table_;
  TempDir directory_;
  FakeCodec codec_;
  std::unique_ptr<Manager> manager_;
  StreamerSpec spec_;
  size_t written_ = 0;
};

TEST_F(OneshotTest, StaysFinishedOverARestartAndWhenItIsAppliedAgain) {
  const Position end = Now().position;
  WriteRow();
  Restart();
  ExpectFinishedWith(1);
  EXPECT_EQ(ComparePositions(Now().position, end), 0) << "by the checkpoint file";
  EXPECT_EQ(Apply(/*start=*/true), Manager::Outcome::kUnchanged);
  ExpectFinishedWith(1);
  spec_.labels["team"] = "data";
  EXPECT_EQ(Apply(/*start=*/true), Manager::Outcome::kUpdated);
  ExpectFinishedWith(1);
  Restart();
  ExpectFinishedWith(1);
}

TEST_F(OneshotTest, StartRunsItAgainFromWhereItsTargetsAre) {
  WriteRow();
  Restart();
  ASSERT_TRUE(manager_->Start("copy").ok());
  ASSERT_TRUE(Finishes());
  ExpectFinishedWith(2);
  Restart();
  ExpectFinishedWith(2);
}

TEST_F(OneshotTest, AnotherSpecRunsItAgain) {
  spec_.targets.push_back(RawTarget(directory_ / "raw"));
  Manager::Applied preview;
  ASSERT_TRUE(manager_->Preview(spec_, /*start=*/false, &preview).ok());
  EXPECT_EQ(preview.outcome, Manager::Outcome::kRestarted);
  EXPECT_EQ(Apply(/*start=*/false), Manager::Outcome::kRestarted);
  ASSERT_TRUE(Finishes());
  ExpectFinishedWith(written_);
  EXPECT_EQ(CompareArchive(directory_ / "raw", *server_), "");
}

TEST_F(OneshotTest, StopMakesItStoppedAndDeleteForgetsIt) {
  const absl::StatusOr<StreamerView> stopped = manager_->Stop("copy");
  ASSERT_TRUE(stopped.ok()) << stopped.status();
  EXPECT_EQ(stopped->snapshot.state, StreamerState::kStopped);
  EXPECT_FALSE(stopped->snapshot.desired_running);
  EXPECT_EQ(ErrorReason(manager_->Stop("copy").status()), "NOT_RUNNING");
  Restart();
  EXPECT_EQ(Now().state, StreamerState::kStopped);
  WriteRow();
  EXPECT_EQ(Apply(/*start=*/true), Manager::Outcome::kUnchanged);
  ASSERT_TRUE(Finishes()) << "it was asked to start";
  ExpectFinishedWith(2);
  ASSERT_TRUE(manager_->Delete("copy", "").ok());
  ASSERT_TRUE(manager_->Create(spec_, /*start=*/false).ok());
  EXPECT_EQ(Now().state, StreamerState::kStopped);
}

TEST_F(OneshotTest, OneThatHadNotFinishedGoesOnAfterARestart) {
  WriteRow();
  ASSERT_TRUE(manager_->Start("copy").ok());
  Restart();  // Whether it got to its end before or not.
  ASSERT_TRUE(Finishes());
  ExpectFinishedWith(2);
}

}  // namespace
}  // namespace binlogd::testing
