#include <grpcpp/security/server_credentials.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "tests/client/fixture.h"
#include "tests/harness/certificates.h"

namespace binlogd::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kToken[] = "a-token-that-is-secret";

// Against a server that speaks TLS and asks for a certificate.
class ConnectionTest : public ClientTest {
 protected:
  ConnectionTest() : ClientTest(ServerCredentials()) { server_.Put(MakeStreamer("a")); }

  static std::shared_ptr<grpc::ServerCredentials> ServerCredentials() {
    grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = *ReadWholeFile(Path("ca.pem"));
    tls.pem_key_cert_pairs.push_back({*ReadWholeFile(Path("server.key")), *ReadWholeFile(Path("server.pem"))});
    return grpc::SslServerCredentials(tls);
  }
  static std::string Path(const std::string& name) { return TestCertificates().path(name); }
  // That nobody else may read.
  std::string SecretFile(const std::string& name, const std::string& text) {
    EXPECT_TRUE(ReplaceFile(directory_ / name, text, 0600).ok());
    return directory_ / name;
  }
  // Asks for the streamers; `options` stand before the verb.
  CommandResult Get(std::vector<std::string> options) {
    options.insert(options.end(), {"get", "-o", "name"});
    return Run(options);
  }
};

TEST_F(ConnectionTest, SpeaksTls) {
  EXPECT_EQ(Get({"--tls-ca", Path("ca.pem")}).output, "a\n");
  EXPECT_EQ(Get({"--tls-ca", Path("ca.pem"), "--tls-cert", Path("client.pem"), "--tls-key", Path("client.key")}).output,
            "a\n");
  EXPECT_EQ(Shell("BINLOGCTL_TLS_CA=" + Path("ca.pem") + " $binlogctl get -o name").output, "a\n");
}

TEST_F(ConnectionTest, AServerThatCannotBeBelievedIsNotTalkedTo) {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--tls-ca", Path("other-ca.pem")},
        {"--tls-ca", Path("ca.pem"), "--tls-server-name", "db.example.net"},
        {"--tls"},
        {"--tls-ca", Path("ca.pem"), "--tls-cert", Path("forged.pem"), "--tls-key", Path("forged.key")}}) {
    const CommandResult refused = Get(options);
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.error_output, HasSubstr("cannot reach binlogd at 127.0.0.1:"));
    EXPECT_THAT(refused.error_output, HasSubstr("check --tls-ca and --tls-server-name"));
  }
}

TEST_F(ConnectionTest, TheServerMayHaveAnotherName) {
  EXPECT_EQ(Get({"--tls-ca", Path("ca.pem"), "--tls-server-name", "localhost"}).output, "a\n");
}

TEST_F(ConnectionTest, PlaintextToATlsPortSaysWhatMayBeMissing) {
  const CommandResult refused = Get({});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("if it speaks TLS, give --tls-ca"));
}

TEST_F(ConnectionTest, FilesThatAreNoGoodAreNamed) {
  const std::string missing = directory_ / "missing";
  EXPECT_THAT(Get({"--tls-ca", missing}).error_output, AllOf(HasSubstr("--tls-ca: "), HasSubstr(missing)));
  EXPECT_THAT(Get({"--tls-ca", Path("ca.pem"), "--tls-cert", Path("client.pem")}).error_output,
              HasSubstr("--tls-cert and --tls-key"));
  EXPECT_THAT(Get({"--tls-ca", Path("ca.pem"), "--token-file", missing}).error_output,
              AllOf(HasSubstr("--token-file: "), HasSubstr(missing)));
  const std::string two_words = SecretFile("token", "two words");
  const CommandResult refused = Get({"--tls-ca", Path("ca.pem"), "--token-file", two_words});
  EXPECT_THAT(refused.error_output, HasSubstr(two_words + " does not hold a token"));
  EXPECT_THAT(refused.error_output, HasSubstr("TOKEN_UNREADABLE)"));
  EXPECT_THAT(Run({"tap", "a", "--tls-ca", missing}).error_output, AllOf(HasSubstr("--tls-ca: "), HasSubstr(missing)));
}

TEST_F(ConnectionTest, FilesThatAreNoPemAreNamed) {
  const std::string text = SecretFile("text", "no certificate");
  const std::string empty = SecretFile("empty", "");
  const std::string ca = Path("ca.pem"), certificate = Path("client.pem"), key = Path("client.key");
  for (const std::string& bad : {text, empty}) {
    for (const std::vector<std::string>& options : {std::vector<std::string>{"--tls-ca", bad},
                                                    {"--tls-ca", ca, "--tls-cert", bad, "--tls-key", key},
                                                    {"--tls-ca", ca, "--tls-cert", certificate, "--tls-key", bad}}) {
      const CommandResult refused = Get(options);
      EXPECT_EQ(refused.exit_code, 1);
      EXPECT_THAT(refused.error_output,
                  AllOf(HasSubstr(bad + ": holds no "), HasSubstr("TLS_FILE_INVALID"), Not(HasSubstr("cannot reach"))));
    }
  }
  EXPECT_THAT(Get({"--tls-ca", ca, "--tls-cert", certificate, "--tls-key", Path("server.key")}).error_output,
              HasSubstr("is not the key of the certificate in " + certificate));
}

TEST_F(ConnectionTest, EveryCallCarriesTheToken) {
  const std::string token_file = SecretFile("token", std::string(kToken) + "\n");
  EXPECT_EQ(Get({"--tls-ca", Path("ca.pem"), "--token-file", token_file}).output, "a\n");
  EXPECT_EQ(server_.authorization(), std::string("Bearer ") + kToken);
  EXPECT_EQ(Get({"--tls-ca", Path("ca.pem")}).output, "a\n");
  EXPECT_EQ(server_.authorization(), "");
  server_.SetTap({}, absl::NotFoundError("gone"));
  EXPECT_EQ(Run({"tap", "a", "--tls-ca", Path("ca.pem"), "--token-file", token_file}).exit_code, 1);
  EXPECT_EQ(server_.authorization(), std::string("Bearer ") + kToken);
}

TEST_F(ConnectionTest, SecretsThatEverybodyMayReadAreNotUsed) {
  const std::string token_file = SecretFile("token", kToken);
  ASSERT_EQ(chmod(token_file.c_str(), 0644), 0);
  const CommandResult refused = Get({"--tls-ca", Path("ca.pem"), "--token-file", token_file});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, AllOf(HasSubstr("--token-file: " + token_file), HasSubstr("chmod o="),
                                          HasSubstr("FILE_OPEN_TO_EVERYBODY)"), Not(HasSubstr(kToken))));
  const std::string key = SecretFile("key", *ReadWholeFile(Path("client.key")));
  ASSERT_EQ(chmod(key.c_str(), 0644), 0);
  EXPECT_THAT(Get({"--tls-ca", Path("ca.pem"), "--tls-cert", Path("client.pem"), "--tls-key", key}).error_output,
              HasSubstr("--tls-key: " + key));
  ASSERT_EQ(chmod(token_file.c_str(), 0640), 0);
  EXPECT_EQ(Get({"--tls-ca", Path("ca.pem"), "--token-file", token_file}).output, "a\n");
}

TEST_F(ConnectionTest, ARefusalSaysWhatWasShownAndWhatToDo) {
  const std::string token_file = SecretFile("token", kToken);
  server_.SetTap({}, MakeError(absl::StatusCode::kUnauthenticated, "CREDENTIALS_UNKNOWN", "ask for another"));
  EXPECT_THAT(Run({"tap", "a", "--tls-ca", Path("ca.pem"), "--token-file", token_file}).error_output,
              HasSubstr(" with the token of --token-file " + token_file +
                        ": ask for another (UNAUTHENTICATED, CREDENTIALS_UNKNOWN)"));
  EXPECT_THAT(
      Run({"tap", "a", "--tls-ca", Path("ca.pem"), "--tls-cert", Path("client.pem"), "--tls-key", Path("client.key")})
          .error_output,
      HasSubstr(" with the certificate of --tls-cert " + Path("client.pem") + ": ask for another"));
  server_.SetTap({}, MakeError(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED", "ask for the role tap"));
  EXPECT_THAT(Run({"tap", "a", "--tls-ca", Path("ca.pem"), "--token-file", token_file}).error_output,
              HasSubstr("ask for the role tap (PERMISSION_DENIED, NOT_ALLOWED)"));
}

TEST_F(ConnectionTest, ATokenIsNotSentToOtherMachinesWithoutTls) {
  const std::string token_file = SecretFile("token", kToken);
  const CommandResult refused = Get({"--server", "192.0.2.1:7070", "--token-file", token_file});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("TOKEN_NEEDS_TLS)"));
  EXPECT_THAT(refused.error_output, Not(HasSubstr(kToken)));
}

}  // namespace
}  // namespace binlogd::testing
