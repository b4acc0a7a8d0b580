#include "mysql/connection.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/harness/fake_server.h"
#include "tests/harness/tcp_proxy.h"
#include "tests/mysql/server_test.h"

namespace binlogd::testing {
namespace {

class ConnectionTest : public ServerTest {};

INSTANTIATE_TEST_SUITE_P(Servers, ConnectionTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         ServerTestName);

TEST_P(ConnectionTest, QueriesReturnRowsNullsAndBinary) {
  const auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  const absl::StatusOr<ResultSet> result = connection->Query(
      "SELECT 1 AS one, NULL AS nothing, '' AS no_text, x'00ff00' AS bytes UNION ALL SELECT 2, 'x', 'ä', ''");
  ASSERT_OK(result);
  EXPECT_EQ(result->columns, (std::vector<std::string>{"one", "nothing", "no_text", "bytes"}));
  ASSERT_EQ(result->rows.size(), 2u);
  EXPECT_EQ(result->First("ONE"), "1");
  EXPECT_EQ(result->First("nothing"), std::nullopt);
  EXPECT_EQ(result->First("no_text"), "");
  EXPECT_EQ(result->First("bytes"), std::string("\0\xff\0", 3));
  EXPECT_EQ(result->rows[1][2], "ä");
  const absl::StatusOr<ResultSet> none = connection->Query("SET @a = 1");
  ASSERT_OK(none);
  EXPECT_TRUE(none->columns.empty());
}

TEST_P(ConnectionTest, QuoteMakesALiteral) {
  const auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  for (const std::string& text : {std::string(""), std::string("it's \\ \"x\" \n ä"), std::string("a\0b", 3)}) {
    const absl::StatusOr<ResultSet> result =
        connection->Query(absl::StrCat("SELECT ", connection->Quote(text), " AS t"));
    ASSERT_OK(result);
    EXPECT_EQ(result->First("t"), text);
  }
}

TEST_P(ConnectionTest, AFailedStatementLeavesTheConnectionUsable) {
  const auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  const absl::StatusOr<ResultSet> bad = connection->Query("SELEKT 1");
  EXPECT_EQ(bad.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(connection->error_number(), 1064u);
  ASSERT_OK(connection->Query("SELECT 1"));
  EXPECT_EQ(connection->error_number(), 0u);
}

TEST_P(ConnectionTest, AReplicationAccountLogsInWithAndWithoutTls) {
  ConnectOptions options = server_->connect_options();
  options.user = "repl";
  options.password = "replpass";
  // The server forgets, so that the password is asked for in full.
  server_->Run({"FLUSH PRIVILEGES"});
  options.tls.mode = TlsMode::kDisabled;
  const auto plain = Connect(options);
  ASSERT_NE(plain, nullptr);
  EXPECT_FALSE(plain->tls());
  options.tls.mode = TlsMode::kPreferred;
  const auto preferred = Connect(options);
  ASSERT_NE(preferred, nullptr);
  EXPECT_EQ(preferred->tls(), mysql());  // MariaDB 10.11 has no certificate of its own making.
}

TEST_P(ConnectionTest, AWrongPasswordIsAccessDenied) {
  ConnectOptions options = server_->connect_options();
  options.user = "repl";
  options.password = "not it";
  const absl::Status status = Connection::Connect(options, &interrupter_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ErrorReason(status), "ACCESS_DENIED");
  EXPECT_TRUE(IsPermanent(status));
  EXPECT_NE(status.message().find(server_->endpoint()), absl::string_view::npos) << status;
  EXPECT_EQ(status.message().find("not it"), absl::string_view::npos) << status;
  options.user = "nobody_known";
  EXPECT_EQ(Reason(Connection::Connect(options, &interrupter_)), "ACCESS_DENIED");
}

TEST_P(ConnectionTest, AKilledConnectionIsUnavailable) {
  const auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  const absl::StatusOr<ResultSet> id = connection->Query("SELECT CONNECTION_ID() AS id");
  ASSERT_OK(id);
  server_->Run({absl::StrCat("KILL ", *id->First("id"))});
  const absl::Status status = connection->Query("SELECT 1").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_FALSE(IsPermanent(status));
}

TEST_P(ConnectionTest, InterruptEndsAQueryAtOnce) {
  const auto connection = Connect();
  ASSERT_NE(connection, nullptr);
  const absl::Time start = absl::Now();
  std::thread other([this] {
    absl::SleepFor(absl::Milliseconds(100));
    interrupter_.Interrupt();
  });
  const absl::Status status = connection->Query("SELECT SLEEP(20)").status();
  other.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  // From then on nothing starts, until it is reset.
  EXPECT_EQ(Connection::Connect(server_->connect_options(), &interrupter_).status().code(),
            absl::StatusCode::kCancelled);
}

TEST_P(ConnectionTest, ASilentServerIsUnavailableAfterTheReadTimeout) {
  absl::StatusOr<std::unique_ptr<TcpProxy>> proxy = TcpProxy::Start(server_->port());
  ASSERT_OK(proxy);
  ConnectOptions options = server_->connect_options();
  options.endpoint.port = (*proxy)->port();
  options.read_timeout = absl::Seconds(1);
  const auto connection = Connect(options);
  ASSERT_NE(connection, nullptr);
  ASSERT_OK(connection->Query("SELECT 1"));
  (*proxy)->Stall(true);
  const absl::Time start = absl::Now();
  EXPECT_EQ(connection->Query("SELECT 1").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST(ConnectTest, ARefusedPortIsUnavailable) {
  ConnectOptions options;
  options.endpoint = {"127.0.0.1", FreePort()};
  options.user = "root";
  Interrupter interrupter;
  const absl::Status status = Connection::Connect(options, &interrupter).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(ErrorReason(status), "SOURCE_UNREACHABLE");
  EXPECT_FALSE(IsPermanent(status));
}

TEST(ConnectTest, AnUnknownHostIsUnavailableAndNamed) {
  ConnectOptions options;
  options.endpoint = {"no-such-host.invalid", 3306};
  options.user = "root";
  Interrupter interrupter;
  const absl::Status status = Connection::Connect(options, &interrupter).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(ErrorReason(status), "SOURCE_UNREACHABLE");
  EXPECT_NE(status.message().find("no-such-host.invalid"), absl::string_view::npos) << status;
  EXPECT_FALSE(IsPermanent(status));
}

TEST(ConnectTest, InterruptEndsAConnectThatGetsNoAnswer) {
  FakeServer listener("");
  ConnectOptions options;
  options.endpoint = {"127.0.0.1", listener.port()};
  options.user = "root";
  options.connect_timeout = absl::Seconds(20);
  Interrupter interrupter;
  const absl::Time start = absl::Now();
  std::thread other([&interrupter] {
    absl::SleepFor(absl::Milliseconds(100));
    interrupter.Interrupt();
  });
  const absl::Status status = Connection::Connect(options, &interrupter).status();
  other.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
}

TEST(ConnectTest, AConnectThatGetsNoAnswerEndsAfterTheConnectTimeout) {
  FakeServer listener("");
  ConnectOptions options;
  options.endpoint = {"127.0.0.1", listener.port()};
  options.user = "root";
  options.connect_timeout = absl::Seconds(1);
  Interrupter interrupter;
  const absl::Time start = absl::Now();
  EXPECT_EQ(Connection::Connect(options, &interrupter).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

}  // namespace
}  // namespace binlogd::testing
