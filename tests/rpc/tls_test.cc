#include <gtest/gtest.h>

#include "auth/certificate_files.h"
#include "base/file.h"
#include "tests/harness/certificates.h"
#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

using testing::TestCertificates;

class TlsTest : public testing::RpcTest {
 protected:
  void ServeTls(const std::string& certificate, bool ask_clients, Access* access = nullptr) {
    Replace(certificate);
    certificates_ = *CertificateFiles::Open(
        {dir_ / "cert.pem", dir_ / "key.pem", ask_clients ? TestCertificates().path("ca.pem") : std::string()});
    tls_server_ = *RpcServer::Listen({"127.0.0.1:0", certificates_.get(), access}, manager_.get());
  }
  ~TlsTest() override { tls_server_.reset(); }

  // Puts another certificate and key into the server's files.
  void Replace(const std::string& certificate) {
    ASSERT_TRUE(ReplaceFile(dir_ / "cert.pem", Text(certificate + ".pem"), 0600).ok());
    ASSERT_TRUE(ReplaceFile(dir_ / "key.pem", Text(certificate + ".key"), 0600).ok());
  }
  static std::string Text(const std::string& name) { return *ReadWholeFile(TestCertificates().path(name)); }

  // One call over a connection of its own. `client` is the certificate that is shown, if any.
  grpc::Status Call(const std::string& client, const std::string& authority = "ca") {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = Text(authority + ".pem");
    if (!client.empty()) {
      tls.pem_cert_chain = Text(client + ".pem");
      tls.pem_private_key = Text(client + ".key");
    }
    return CallWith(grpc::SslCredentials(tls));
  }
  grpc::Status CallWith(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto stub = v1::StreamerService::NewStub(
        grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(tls_server_->port()), credentials, arguments));
    grpc::ClientContext context;
    v1::ListResponse response;
    return stub->List(&context, v1::ListRequest(), &response);
  }
  static constexpr grpc::StatusCode kNotConnected = grpc::StatusCode::UNAVAILABLE;

  std::unique_ptr<CertificateFiles> certificates_;
  std::unique_ptr<RpcServer> tls_server_;
};

TEST_F(TlsTest, TheServerShowsItsCertificate) {
  ServeTls("server", /*ask_clients=*/false);
  EXPECT_TRUE(Call("").ok());
  EXPECT_EQ(Call("", "other-ca").error_code(), kNotConnected);
}

TEST_F(TlsTest, PlaintextIsNotAnswered) {
  ServeTls("server", /*ask_clients=*/false);
  EXPECT_EQ(CallWith(grpc::InsecureChannelCredentials()).error_code(), kNotConnected);
  EXPECT_TRUE(Call("").ok());
}

TEST_F(TlsTest, ClientsShowACertificateOfTheRightAuthority) {
  ServeTls("server", /*ask_clients=*/true);
  EXPECT_TRUE(Call("client").ok());
  for (const char* wrong : {"", "forged", "expired", "other-ca"}) {
    EXPECT_EQ(Call(wrong).error_code(), kNotConnected) << wrong;
  }
}

TEST_F(TlsTest, ACertificateSaysWhichUserCalls) {
  const auto users = [](absl::string_view, absl::string_view) -> absl::StatusOr<std::vector<User>> {
    return std::vector<User>{{"alice", {}, {"client"}, {{RightsOfRole("viewer"), {"*"}}}}};
  };
  ASSERT_TRUE(ReplaceFile(dir_ / "users", "", 0600).ok());
  const std::unique_ptr<Access> access = *Access::Open(dir_ / "users", users);
  ServeTls("server", /*ask_clients=*/true, access.get());
  EXPECT_TRUE(Call("client").ok());
  // Of the same authority, but nobody's.
  ExpectError(Call("stranger"), grpc::StatusCode::UNAUTHENTICATED, "CREDENTIALS_UNKNOWN");
  // Nothing is shown: it could have been a token.
  ExpectError(Call(""), grpc::StatusCode::UNAUTHENTICATED, "CREDENTIALS_MISSING");
  EXPECT_EQ(Call("forged").error_code(), kNotConnected);
  EXPECT_EQ(Call("expired").error_code(), kNotConnected);
  tls_server_.reset();
}

TEST_F(TlsTest, AnExpiredServerIsNotBelieved) {
  ServeTls("expired", /*ask_clients=*/false);
  EXPECT_EQ(Call("").error_code(), kNotConnected);
}

TEST_F(TlsTest, AReplacedCertificateNeedsNoRestart) {
  ServeTls("expired", /*ask_clients=*/false);
  EXPECT_EQ(Call("").error_code(), kNotConnected);
  Replace("server");
  EXPECT_TRUE(Call("").ok());
  // A bad one leaves the good one in force.
  ASSERT_TRUE(ReplaceFile(dir_ / "cert.pem", "nothing", 0600).ok());
  EXPECT_TRUE(Call("").ok());
}

}  // namespace
}  // namespace binlogd
