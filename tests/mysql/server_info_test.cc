#include "mysql/server_info.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "binlog/gtid_set.h"
#include "tests/mysql/server_test.h"

namespace binlogd::testing {
namespace {

class ServerInfoTest : public ServerTest {};

INSTANTIATE_TEST_SUITE_P(Servers, ServerInfoTest,
                         ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011, ServerKind::kMariaDb118),
                         ServerTestName);

TEST_P(ServerInfoTest, DescribesTheServer) {
  const auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  const absl::StatusOr<ServerInfo> server = DescribeServer(*connection);
  ASSERT_OK(server);
  EXPECT_EQ(server->flavor, server_->flavor());
  EXPECT_EQ(server->server_id, 1u);
  EXPECT_TRUE(server->log_bin);
  EXPECT_EQ(server->binlog_format, "ROW");
  EXPECT_EQ(server->row_metadata, "FULL");
  EXPECT_EQ(server->row_image, "FULL");
  EXPECT_TRUE(server->gtid);
  EXPECT_EQ(server->uuid.size(), mysql() ? 36u : 0u);
  EXPECT_EQ(server->identity(), mysql() ? server->uuid.substr(0, 8) : "00000001");
  EXPECT_EQ(server->tls_cipher, connection->tls_cipher());
  EXPECT_FALSE(server->version.empty());
}

TEST_P(ServerInfoTest, AReplicationAccountSeesTheSame) {
  ConnectOptions options = server_->connect_options();
  options.user = "repl";
  options.password = "replpass";
  const auto connection = Connect(options);
  ASSERT_NE(connection, nullptr);
  const absl::StatusOr<ServerInfo> server = DescribeServer(*connection);
  ASSERT_OK(server);
  EXPECT_EQ(server->row_metadata, "FULL");
  ASSERT_OK(ListLogFiles(*connection));
  const absl::StatusOr<Position> end = EndOfLog(*connection, *server);
  ASSERT_OK(end);
  EXPECT_FALSE(end->file.empty());
}

TEST_P(ServerInfoTest, ListsTheFilesThatStandInTheDataDirectory) {
  server_->Run({"FLUSH BINARY LOGS", "CREATE DATABASE IF NOT EXISTS a"});
  const auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  const absl::StatusOr<std::vector<LogFile>> files = ListLogFiles(*connection);
  ASSERT_OK(files);
  const std::vector<std::string> paths = server_->LogFiles();
  ASSERT_EQ(files->size(), paths.size());
  ASSERT_GE(files->size(), 2u);
  for (size_t i = 0; i < paths.size(); ++i) {
    EXPECT_EQ((*files)[i].name, std::filesystem::path(paths[i]).filename());
    EXPECT_LE((*files)[i].size, std::filesystem::file_size(paths[i]));
    if (i + 1 < paths.size()) {
      EXPECT_EQ((*files)[i].size, std::filesystem::file_size(paths[i]));
    }
  }
}

TEST_P(ServerInfoTest, EndOfLogIsTheEndOfTheLastFileWithItsGtidSet) {
  server_->Run({"CREATE DATABASE IF NOT EXISTS a", "CREATE TABLE IF NOT EXISTS a.end_of_log (a INT)",
                "INSERT INTO a.end_of_log VALUES (1)"});
  const auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  const absl::StatusOr<ServerInfo> server = DescribeServer(*connection);
  ASSERT_OK(server);
  const absl::StatusOr<Position> before = EndOfLog(*connection, *server);
  ASSERT_OK(before);
  const std::string last = server_->LogFiles().back();
  EXPECT_EQ(before->file, std::filesystem::path(last).filename());
  EXPECT_GT(before->offset, 4u);
  EXPECT_LE(before->offset, std::filesystem::file_size(last));
  server_->Run({"INSERT INTO a.end_of_log VALUES (2)"});
  const absl::StatusOr<Position> after = EndOfLog(*connection, *server);
  ASSERT_OK(after);
  EXPECT_GT(after->offset, before->offset);
  const auto first_set = GtidSet::Parse(server->flavor, before->gtid_set);
  const auto second_set = GtidSet::Parse(server->flavor, after->gtid_set);
  ASSERT_OK(first_set);
  ASSERT_OK(second_set);
  EXPECT_TRUE(second_set->Contains(*first_set));
  EXPECT_FALSE(first_set->Contains(*second_set));
}

TEST_P(ServerInfoTest, MissingPrivilegesAreNamed) {
  server_->Run({"CREATE USER IF NOT EXISTS 'bare'@'%' IDENTIFIED BY 'pass'"});
  ConnectOptions options = server_->connect_options();
  options.user = "bare";
  options.password = "pass";
  const auto connection = Connect(options);
  ASSERT_NE(connection, nullptr);
  const absl::Status status = ListLogFiles(*connection).status();
  EXPECT_EQ(ErrorReason(status), "MISSING_PRIVILEGE") << status;
  EXPECT_TRUE(IsPermanent(status));
  const absl::StatusOr<ServerInfo> server = DescribeServer(*connection);
  ASSERT_OK(server);
  EXPECT_EQ(Reason(EndOfLog(*connection, *server)), "MISSING_PRIVILEGE");
}

}  // namespace
}  // namespace binlogd::testing
