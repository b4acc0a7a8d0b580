#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/harness/certificates.h"
#include "tests/harness/fake_server.h"
#include "tests/harness/tcp_proxy.h"
#include "tests/mysql/server_test.h"

namespace binlogd::testing {
namespace {

class TlsTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  // One server of each kind for all tests, and another whose certificate is for another name.
  static absl::StatusOr<MySqlServer*> Server(ServerKind kind, const std::string& certificate) {
    static std::map<std::string, absl::StatusOr<std::unique_ptr<MySqlServer>>> servers;
    const Certificates& files = TestCertificates();
    const std::string key = absl::StrCat(ServerName(kind), certificate);
    auto found = servers.find(key);
    if (found == servers.end()) {
      found =
          servers
              .emplace(key, MySqlServer::Start(kind, {absl::StrCat("--ssl-ca=", files.path("ca.pem")),
                                                      absl::StrCat("--ssl-cert=", files.path(certificate + ".pem")),
                                                      absl::StrCat("--ssl-key=", files.path(certificate + ".key"))}))
              .first;
    }
    if (!found->second.ok()) return found->second.status();
    return found->second->get();
  }

  void Use(const std::string& certificate) {
    const absl::StatusOr<MySqlServer*> server = Server(GetParam(), certificate);
    if (absl::IsUnavailable(server.status())) GTEST_SKIP() << server.status().message();
    ASSERT_OK(server);
    options_ = (*server)->connect_options();
    options_.user = "repl";
    options_.password = "replpass";
    options_.tls.ca_file = TestCertificates().path("ca.pem");
    server_ = *server;
  }

  absl::StatusOr<std::unique_ptr<Connection>> Connect(TlsMode mode) {
    options_.tls.mode = mode;
    return Connection::Connect(options_, &interrupter_);
  }

  MySqlServer* server_ = nullptr;
  ConnectOptions options_;
  Interrupter interrupter_;
};

INSTANTIATE_TEST_SUITE_P(Servers, TlsTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         ServerTestName);

TEST_P(TlsTest, EveryModeWithAGoodCertificate) {
  Use("server");
  if (IsSkipped()) return;
  for (const char* host : {"127.0.0.1", "localhost"}) {
    options_.endpoint.host = host;
    for (TlsMode mode : {TlsMode::kPreferred, TlsMode::kRequired, TlsMode::kVerifyCa, TlsMode::kVerifyIdentity}) {
      const auto connection = Connect(mode);
      ASSERT_OK(connection);
      EXPECT_TRUE((*connection)->tls());
      EXPECT_FALSE((*connection)->tls_cipher().empty());
      ASSERT_OK((*connection)->Query("SELECT 1"));
    }
    const auto plain = Connect(TlsMode::kDisabled);
    ASSERT_OK(plain);
    EXPECT_FALSE((*plain)->tls());
  }
}

TEST_P(TlsTest, ACertificateOfAnotherAuthorityIsRejected) {
  Use("server");
  if (IsSkipped()) return;
  options_.tls.ca_file = TestCertificates().path("other-ca.pem");
  for (TlsMode mode : {TlsMode::kPreferred, TlsMode::kRequired, TlsMode::kVerifyCa, TlsMode::kVerifyIdentity}) {
    const absl::Status status = Connect(mode).status();
    EXPECT_EQ(ErrorReason(status), "TLS_CERTIFICATE_REJECTED") << status;
    EXPECT_TRUE(IsPermanent(status));
  }
  // Without one to check against, only those who ask for a check get one, against the system's.
  options_.tls.ca_file.clear();
  EXPECT_EQ(Reason(Connect(TlsMode::kPreferred)), "OK");
  EXPECT_EQ(Reason(Connect(TlsMode::kRequired)), "OK");
  EXPECT_EQ(Reason(Connect(TlsMode::kVerifyCa)), "TLS_CERTIFICATE_REJECTED");
  EXPECT_EQ(Reason(Connect(TlsMode::kVerifyIdentity)), "TLS_CERTIFICATE_REJECTED");
}

TEST_P(TlsTest, OnlyVerifyIdentityLooksAtTheName) {
  Use("stranger");
  if (IsSkipped()) return;
  EXPECT_EQ(Reason(Connect(TlsMode::kRequired)), "OK");
  EXPECT_EQ(Reason(Connect(TlsMode::kVerifyCa)), "OK");
  const absl::Status status = Connect(TlsMode::kVerifyIdentity).status();
  EXPECT_EQ(ErrorReason(status), "TLS_CERTIFICATE_REJECTED") << status;
}

TEST_P(TlsTest, AnAccountMayAskForAClientCertificate) {
  Use("server");
  if (IsSkipped()) return;
  server_->Run({"CREATE USER IF NOT EXISTS 'x509'@'%' IDENTIFIED BY 'pass' REQUIRE X509"});
  options_.user = "x509";
  options_.password = "pass";
  EXPECT_EQ(Reason(Connect(TlsMode::kRequired)), "ACCESS_DENIED");
  options_.tls.cert_file = TestCertificates().path("client.pem");
  options_.tls.key_file = TestCertificates().path("client.key");
  EXPECT_EQ(Reason(Connect(TlsMode::kVerifyIdentity)), "OK");
  options_.tls.key_file = TestCertificates().path("server.key");
  const absl::Status mismatch = Connect(TlsMode::kRequired).status();
  EXPECT_EQ(mismatch.code(), absl::StatusCode::kFailedPrecondition) << mismatch;
}

TEST_P(TlsTest, AMissingFileIsNamed) {
  Use("server");
  if (IsSkipped()) return;
  options_.tls.ca_file = "/no/such/ca.pem";
  const absl::Status status = Connect(TlsMode::kVerifyCa).status();
  EXPECT_EQ(ErrorReason(status), "TLS_FILE_UNREADABLE");
  EXPECT_NE(status.message().find("/no/such/ca.pem"), absl::string_view::npos) << status;
}

TEST_P(TlsTest, AConnectionThatIsCutWhileShakingHandsIsRetried) {
  Use("server");
  if (IsSkipped()) return;
  absl::StatusOr<std::unique_ptr<TcpProxy>> proxy = TcpProxy::Start(server_->port());
  ASSERT_OK(proxy);
  (*proxy)->RefuseNew(true);
  options_.endpoint.port = (*proxy)->port();
  const absl::Status status = Connect(TlsMode::kRequired).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_FALSE(IsPermanent(status));
}

// A greeting of MySQL's protocol; `capabilities` is its lower half.
std::string Greeting(uint16_t capabilities) {
  std::string body = "\x0a";
  body += std::string("8.0.99\0", 7) + std::string("\1\0\0\0", 4) + "abcdefgh" + std::string(1, '\0');
  body += static_cast<char>(capabilities);
  body += static_cast<char>(capabilities >> 8);
  body += std::string("\x2d\x02\x00\xff\xc7\x15", 6) + std::string(10, '\0') + std::string("abcdefghijkl\0", 13) +
          std::string("caching_sha2_password\0", 22);
  return std::string({static_cast<char>(body.size()), 0, 0, 0}) + body;
}

constexpr uint16_t kAllButTls = 0xf7ff;

TEST(TlsGuardTest, NothingIsSentToAServerThatOffersNoTls) {
  for (TlsMode mode : {TlsMode::kRequired, TlsMode::kVerifyCa, TlsMode::kVerifyIdentity}) {
    FakeServer server(Greeting(kAllButTls));
    ConnectOptions options;
    options.endpoint = {"127.0.0.1", server.port()};
    options.user = "repl";
    options.password = "secret";
    options.tls.mode = mode;
    Interrupter interrupter;
    const absl::Status status = Connection::Connect(options, &interrupter).status();
    EXPECT_EQ(ErrorReason(status), "TLS_NOT_OFFERED") << status;
    EXPECT_TRUE(IsPermanent(status));
    EXPECT_EQ(server.Join(), "");
  }
}

TEST(TlsGuardTest, PreferredGoesOnWithoutTls) {
  FakeServer server(Greeting(kAllButTls));
  ConnectOptions options;
  options.endpoint = {"127.0.0.1", server.port()};
  options.user = "repl";
  options.connect_timeout = absl::Seconds(1);
  Interrupter interrupter;
  EXPECT_EQ(Connection::Connect(options, &interrupter).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(server.Join().find("repl"), std::string::npos);
}

TEST(TlsGuardTest, WithTlsOfferedOnlyTheRequestForItIsSentInClear) {
  FakeServer server(Greeting(0xffff));
  ConnectOptions options;
  options.endpoint = {"127.0.0.1", server.port()};
  options.user = "repl_account";
  options.password = "secret";
  options.tls.mode = TlsMode::kRequired;
  options.connect_timeout = absl::Seconds(1);
  Interrupter interrupter;
  EXPECT_FALSE(Connection::Connect(options, &interrupter).ok());
  const std::string heard = server.Join();
  ASSERT_GE(heard.size(), 36u);
  EXPECT_EQ(heard.find("repl_account"), std::string::npos);
  EXPECT_EQ(heard[36], '\x16') << "a TLS handshake follows";
}

}  // namespace
}  // namespace binlogd::testing
