#include "mysql/preflight.h"

#include <filesystem>
#include <functional>
#include <map>

#include "absl/strings/str_cat.h"
#include "mysql/binlog_dump.h"
#include "tests/mysql/server_test.h"

namespace binlogd::testing {
namespace {

class PreflightTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    requirements_.flavor = server_->flavor();
    requirements_.replica_name = "preflight";
    requirements_.decodes_rows = true;
    requirements_.gtid = true;
  }

  // Reasons by subject.
  std::map<std::string, std::string> Check(const ConnectOptions& options) {
    std::map<std::string, std::string> reasons;
    const auto connection = Connect(options);
    if (connection == nullptr) return reasons;
    absl::StatusOr<ServerInfo> server = DescribeServer(*connection);
    EXPECT_TRUE(server.ok()) << server.status();
    if (!server.ok()) return reasons;
    if (change_) change_(&*server);
    absl::StatusOr<std::vector<PreflightFinding>> findings = CheckSource(*connection, *server, requirements_);
    EXPECT_TRUE(findings.ok()) << findings.status();
    if (!findings.ok()) return reasons;
    for (const PreflightFinding& finding : *findings) {
      reasons[finding.subject] = Reason(finding.status) + (finding.warning ? " (warning)" : "");
    }
    findings_ = *std::move(findings);
    return reasons;
  }
  std::map<std::string, std::string> Check() { return Check(server_->connect_options()); }

  const PreflightFinding* Find(absl::string_view subject) const {
    for (const PreflightFinding& finding : findings_) {
      if (finding.subject == subject) return &finding;
    }
    return nullptr;
  }

  PreflightRequirements requirements_;
  std::function<void(ServerInfo*)> change_;
  std::vector<PreflightFinding> findings_;
};

INSTANTIATE_TEST_SUITE_P(Servers, PreflightTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         ServerTestName);

TEST_P(PreflightTest, AGoodSourceHasOnlyGoodFindings) {
  const auto reasons = Check();
  EXPECT_EQ(reasons.size(), 8u);
  for (const auto& [subject, reason] : reasons) EXPECT_EQ(reason, "OK") << subject;
}

TEST_P(PreflightTest, AReplicationAccountIsEnough) {
  ConnectOptions options = server_->connect_options();
  options.user = "repl";
  options.password = "replpass";
  auto reasons = Check(options);
  EXPECT_EQ(reasons["privileges"], "OK");
  // MariaDB wants another privilege for the list of replicas.
  EXPECT_EQ(reasons["server_id"], mysql() ? "OK" : "MISSING_PRIVILEGE (warning)");
}

TEST_P(PreflightTest, AnAccountWithoutPrivilegesIsToldWhich) {
  server_->Run({"CREATE USER IF NOT EXISTS 'bare'@'%' IDENTIFIED BY 'pass'"});
  ConnectOptions options = server_->connect_options();
  options.user = "bare";
  options.password = "pass";
  EXPECT_EQ(Check(options)["privileges"], "MISSING_PRIVILEGE");
  const absl::Status& status = Find("privileges")->status;
  EXPECT_TRUE(IsPermanent(status));
  EXPECT_NE(status.message().find("REPLICATION SLAVE and "), absl::string_view::npos) << status;
}

TEST_P(PreflightTest, APrivilegeThatComesWithARoleIsNotMissed) {
  server_->Run({"CREATE ROLE IF NOT EXISTS reader", "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader",
                "CREATE USER IF NOT EXISTS 'by_role'@'%' IDENTIFIED BY 'pass'", "GRANT reader TO 'by_role'@'%'"});
  ConnectOptions options = server_->connect_options();
  options.user = "by_role";
  options.password = "pass";
  EXPECT_EQ(Check(options)["privileges"], "OK");
}

TEST_P(PreflightTest, TheOtherFlavorIsWrong) {
  requirements_.flavor = mysql() ? Flavor::kMariaDb : Flavor::kMySql;
  EXPECT_EQ(Check()["flavor"], "WRONG_FLAVOR");
  EXPECT_TRUE(IsPermanent(Find("flavor")->status));
}

TEST_P(PreflightTest, SettingsThatSpoilTheLogAreFound) {
  change_ = [](ServerInfo* server) {
    server->log_bin = false;
    server->binlog_format = "STATEMENT";
    server->row_metadata = "MINIMAL";
    server->row_image = "MINIMAL";
    server->gtid = false;
  };
  auto reasons = Check();
  EXPECT_EQ(reasons["log_bin"], "LOG_BIN_OFF");
  EXPECT_EQ(reasons["binlog_format"], "BINLOG_FORMAT_NOT_ROW");
  EXPECT_EQ(reasons["binlog_row_metadata"], "BINLOG_ROW_METADATA_MINIMAL (warning)");
  EXPECT_EQ(reasons["binlog_row_image"], "BINLOG_ROW_IMAGE_NOT_FULL (warning)");
  EXPECT_EQ(reasons["gtid_mode"], "GTID_MODE_OFF");
  // A copy byte for byte does not care.
  requirements_.decodes_rows = false;
  requirements_.gtid = false;
  findings_.clear();
  reasons = Check();
  EXPECT_EQ(reasons.count("binlog_format") + reasons.count("binlog_row_metadata") + reasons.count("gtid_mode"), 0u);
}

TEST_P(PreflightTest, TheSourcesOwnIdIsAPermanentClash) {
  requirements_.server_id = 1;
  EXPECT_EQ(Check()["server_id"], "SERVER_ID_CLASH");
  EXPECT_TRUE(IsPermanent(Find("server_id")->status));
}

TEST_P(PreflightTest, AnotherReplicasIdIsAClashUntilItIsGone) {
  Interrupter interrupter;
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      Connection::Connect(server_->connect_options(), &interrupter);
  ASSERT_OK(connection);
  DumpOptions options;
  options.flavor = server_->flavor();
  options.server_id = 4711;
  options.replica_name = "another";
  options.file = std::filesystem::path(server_->LogFiles().back()).filename();
  const auto dump = BinlogDump::Start(*std::move(connection), options);
  ASSERT_OK(dump);
  ASSERT_OK((*dump)->Next());
  requirements_.server_id = 4711;
  EXPECT_EQ(Check()["server_id"], "SERVER_ID_CLASH");
  const absl::Status& status = Find("server_id")->status;
  EXPECT_FALSE(IsPermanent(status));
  EXPECT_NE(status.message().find("another"), absl::string_view::npos) << status;
  // Its own trace, from before its connection was lost, is none.
  requirements_.replica_name = "another";
  EXPECT_EQ(Check()["server_id"], "OK");
}

TEST_P(PreflightTest, AServerWithoutALogSaysSo) {
  const absl::StatusOr<std::unique_ptr<MySqlServer>> server =
      MySqlServer::Start(GetParam(), {"--skip-log-bin", "--binlog-format=STATEMENT"});
  ASSERT_OK(server);
  const auto connection = Connect((*server)->connect_options());
  ASSERT_NE(connection, nullptr);
  const absl::StatusOr<ServerInfo> info = DescribeServer(*connection);
  ASSERT_OK(info);
  EXPECT_FALSE(info->log_bin);
  EXPECT_EQ(info->binlog_format, "STATEMENT");
  EXPECT_EQ(Reason(EndOfLog(*connection, *info)), "LOG_BIN_OFF");
  EXPECT_EQ(Reason(ListLogFiles(*connection)), "LOG_BIN_OFF");
  auto reasons = Check((*server)->connect_options());
  EXPECT_EQ(reasons["log_bin"], "LOG_BIN_OFF");
  EXPECT_EQ(reasons["binlog_format"], "BINLOG_FORMAT_NOT_ROW");
}

}  // namespace
}  // namespace binlogd::testing
