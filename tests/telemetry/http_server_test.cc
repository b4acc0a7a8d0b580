#include "telemetry/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/harness/certificates.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/temp_dir.h"
#include "tests/telemetry/raw_client.h"

namespace binlogd {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RawClient;
using ::testing::StartsWith;
using testing::TestCertificates;

constexpr char kGet[] = "GET /here HTTP/1.1\r\nHost: x\r\n\r\n";

PageAnswer EchoPath(const std::string& path) {
  if (path != "/here") return {404, "text/plain", "not here\n"};
  return {200, "text/plain", "this is /here\n"};
}

class HttpServerTest : public ::testing::Test {
 protected:
  void Serve(HttpServerOptions options = {}) {
    server_.reset();
    options.address = "127.0.0.1:0";
    if (!options.page) options.page = EchoPath;
    server_ = *HttpServer::Listen(std::move(options));
  }
  std::string Ask(const std::string& request) const {
    const RawClient client(server_->port());
    EXPECT_TRUE(client.Send(request));
    return client.ReadToEnd();
  }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersGetAndStays) {
  Serve();
  const RawClient client(server_->port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.Send(kGet));
    EXPECT_THAT(client.ReadUntil("this is /here\n"),
                AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Length: 14\r\n"),
                      HasSubstr("X-Content-Type-Options: nosniff\r\n"), HasSubstr("default-src 'none'")));
  }
}

TEST_F(HttpServerTest, TheQueryIsNoPartOfThePath) {
  Serve();
  EXPECT_THAT(Ask("GET /here?a=b HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(HttpServerTest, RequestsMayComeTogetherOrInPieces) {
  Serve();
  const RawClient client(server_->port());
  ASSERT_TRUE(client.Send(absl::StrCat(kGet, "GET /there HT")));
  EXPECT_THAT(client.ReadUntil("this is /here\n"), HasSubstr(" 200 "));
  ASSERT_TRUE(client.Send("TP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
  EXPECT_THAT(client.ReadToEnd(), AllOf(HasSubstr(" 404 "), EndsWith("not here\n")));
}

TEST_F(HttpServerTest, HeadHasTheHeadersAndNoBody) {
  Serve();
  EXPECT_THAT(Ask("HEAD /here HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("Content-Length: 14\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, OtherMethodsAreNotAllowed) {
  Serve();
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
    EXPECT_THAT(Ask(method + " /here HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")))
        << method;
  }
}

TEST_F(HttpServerTest, HugeHeadersAreRefused) {
  Serve();
  EXPECT_THAT(Ask(absl::StrCat("GET /here HTTP/1.1\r\nX: ", std::string(9000, 'x'))), StartsWith("HTTP/1.1 431 "));
  std::string many = "GET /here HTTP/1.1\r\n";
  for (int i = 0; i < 10000; ++i) absl::StrAppend(&many, "X", i, ": y\r\n");
  EXPECT_THAT(Ask(many), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(Ask(absl::StrCat("GET /", std::string(9000, 'x'))), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, WhatIsNoRequestIsRefused) {
  Serve();
  EXPECT_THAT(Ask("\x16\x03\x01 no HTTP at all\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(Ask("GET\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, ASlowRequestIsEnded) {
  Serve({.silent_time = absl::Milliseconds(50), .request_time = absl::Milliseconds(50)});
  const RawClient silent(server_->port());
  const RawClient slow(server_->port());
  ASSERT_TRUE(slow.Send("GET /here HTTP/1.1\r\nX: "));
  EXPECT_THAT(silent.ReadToEnd(), IsEmpty());
  EXPECT_THAT(slow.ReadToEnd(), IsEmpty());
}

TEST_F(HttpServerTest, AnIdleConnectionIsEnded) {
  Serve({.idle_time = absl::Milliseconds(50)});
  const RawClient client(server_->port());
  ASSERT_TRUE(client.Send(kGet));
  EXPECT_THAT(client.ReadToEnd(), EndsWith("this is /here\n"));
}

TEST_F(HttpServerTest, AReaderThatIsTooSlowIsEnded) {
  const std::string large(size_t{64} << 20, 'x');
  Serve({.page =
             [&large](const std::string&) {
               return PageAnswer{200, "text/plain", large};
             },
         .answer_time = absl::Milliseconds(100)});
  const RawClient slow(server_->port());
  ASSERT_TRUE(slow.Send(kGet));
  // Another one is served meanwhile; when it has its answer too late as well, the first one has been ended.
  EXPECT_THAT(slow.ReadUntil("HTTP/1.1"), StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServerTest, WhoSaysNothingKeepsNobodyOut) {
  Serve({.most_connections = 3, .silent_time = absl::Hours(1), .request_time = absl::Hours(1)});
  std::vector<std::unique_ptr<RawClient>> silent;
  for (int i = 0; i < 5; ++i) {
    silent.push_back(std::make_unique<RawClient>(server_->port()));
    EXPECT_TRUE(i % 2 == 1 || silent.back()->Send("GET /here HT"));
  }
  EXPECT_THAT(Ask(kGet), EndsWith("this is /here\n"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(silent[i]->ReadToEnd(), IsEmpty()) << "the oldest end first";
  ASSERT_TRUE(silent[4]->Send("TP/1.0\r\n\r\n"));
  EXPECT_THAT(silent[4]->ReadToEnd(), EndsWith("this is /here\n"));
}

TEST_F(HttpServerTest, ConnectionsAreBoundedAndTheOthersWait) {
  absl::Notification begun;
  absl::Notification go_on;
  Serve({.page =
             [&](const std::string& path) {
               if (path == "/slow") {
                 begun.Notify();
                 go_on.WaitForNotification();
               }
               return EchoPath(path);
             },
         .most_connections = 1});
  const RawClient slow(server_->port());
  ASSERT_TRUE(slow.Send("GET /slow HTTP/1.0\r\n\r\n"));
  begun.WaitForNotification();
  const RawClient next(server_->port());
  ASSERT_TRUE(next.Send(kGet));
  go_on.Notify();
  EXPECT_THAT(slow.ReadToEnd(), HasSubstr(" 404 ")) << "what is answered is not ended";
  EXPECT_THAT(next.ReadToEnd(), EndsWith("this is /here\n"));
}

TEST_F(HttpServerTest, APageThatTakesItsTimeDoesNotHoldUpAnother) {
  absl::Notification go_on;
  Serve({.page = [&go_on](const std::string& path) {
    if (path == "/slow") go_on.WaitForNotification();
    return EchoPath(path);
  }});
  const RawClient slow(server_->port());
  ASSERT_TRUE(slow.Send("GET /slow HTTP/1.0\r\n\r\n"));
  EXPECT_THAT(Ask("GET /here HTTP/1.0\r\n\r\n"), HasSubstr(" 200 "));
  go_on.Notify();
  EXPECT_THAT(slow.ReadToEnd(), HasSubstr(" 404 "));
}

TEST_F(HttpServerTest, EndsWithConnectionsOpen) {
  Serve();
  const RawClient idle(server_->port());
  const RawClient begun(server_->port());
  ASSERT_TRUE(begun.Send("GET /"));
  server_.reset();
  EXPECT_THAT(begun.ReadToEnd(), IsEmpty());
}

TEST_F(HttpServerTest, AnAddressThatIsInUseOrNoneIsAnError) {
  Serve();
  for (const std::string& address :
       {absl::StrCat("127.0.0.1:", server_->port()), std::string("127.0.0.1"), std::string("no.such.host.invalid:0")}) {
    const absl::Status status = HttpServer::Listen({.address = address, .page = EchoPath}).status();
    EXPECT_EQ(ErrorReason(status), "METRICS_ADDRESS_IN_USE") << address;
    EXPECT_THAT(std::string(status.message()), HasSubstr(address));
  }
}

class HttpsServerTest : public HttpServerTest {
 protected:
  void ServeTls(bool ask_clients) {
    Replace("server");
    certificates_ = *CertificateFiles::Open(
        {dir_ / "cert.pem", dir_ / "key.pem", ask_clients ? TestCertificates().path("ca.pem") : std::string()});
    Serve({.certificates = certificates_.get()});
  }
  ~HttpsServerTest() override { server_.reset(); }

  // Puts another certificate and key into the server's files.
  void Replace(const std::string& name) {
    ASSERT_TRUE(ReplaceFile(dir_ / "cert.pem", *ReadWholeFile(TestCertificates().path(name + ".pem")), 0600).ok());
    ASSERT_TRUE(ReplaceFile(dir_ / "key.pem", *ReadWholeFile(TestCertificates().path(name + ".key")), 0600).ok());
  }

  // What curl gets, or its error.
  std::string Fetch(const std::string& authority, const std::string& client = "",
                    const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {
        "curl", "--silent", "--show-error", "--noproxy", "*", "--cacert", TestCertificates().path(authority + ".pem")};
    if (!client.empty()) {
      arguments.insert(arguments.end(), {"--cert", TestCertificates().path(client + ".pem"), "--key",
                                         TestCertificates().path(client + ".key")});
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back(absl::StrCat("https://127.0.0.1:", server_->port(), "/here"));
    testing::SubprocessOptions command;
    command.arguments = std::move(arguments);
    const auto result = testing::RunCommand(command);
    return result.ok() ? result->output + result->error_output : std::string(result.status().message());
  }

  testing::TempDir dir_;
  std::unique_ptr<CertificateFiles> certificates_;
};

TEST_F(HttpsServerTest, ShowsItsCertificate) {
  ServeTls(/*ask_clients=*/false);
  EXPECT_EQ(Fetch("ca"), "this is /here\n");
  EXPECT_THAT(Fetch("other-ca"), HasSubstr("SSL certificate problem"));
  EXPECT_EQ(Fetch("ca", "", {"--tlsv1.2", "--tls-max", "1.2"}), "this is /here\n");
  EXPECT_THAT(Fetch("ca", "", {"--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"}), HasSubstr("curl: (35)"));
}

TEST_F(HttpsServerTest, SpeaksNoPlaintext) {
  ServeTls(/*ask_clients=*/false);
  EXPECT_THAT(Ask(kGet), Not(HasSubstr("this is /here")));
}

TEST_F(HttpsServerTest, ClientsShowTheirsWhereTheyAreAsked) {
  ServeTls(/*ask_clients=*/true);
  EXPECT_EQ(Fetch("ca", "client"), "this is /here\n");
  EXPECT_THAT(Fetch("ca"), AllOf(HasSubstr("curl: ("), Not(HasSubstr("this is /here"))));
  EXPECT_THAT(Fetch("ca", "forged"), AllOf(HasSubstr("curl: ("), Not(HasSubstr("this is /here"))));
}

TEST_F(HttpsServerTest, ACertificateIsReplacedWithoutARestart) {
  ServeTls(/*ask_clients=*/false);
  EXPECT_EQ(Fetch("ca"), "this is /here\n");
  Replace("forged");
  EXPECT_EQ(Fetch("other-ca"), "this is /here\n");
  EXPECT_THAT(Fetch("ca"), HasSubstr("SSL certificate problem"));
  // Half of a replacement leaves the last good ones in force.
  ASSERT_TRUE(ReplaceFile(dir_ / "cert.pem", *ReadWholeFile(TestCertificates().path("server.pem")), 0600).ok());
  EXPECT_EQ(Fetch("other-ca"), "this is /here\n");
  Replace("server");
  EXPECT_EQ(Fetch("ca"), "this is /here\n");
}

TEST_F(HttpsServerTest, ASilentHandshakeIsEnded) {
  Replace("server");
  certificates_ = *CertificateFiles::Open({dir_ / "cert.pem", dir_ / "key.pem", ""});
  Serve({.certificates = certificates_.get(), .silent_time = absl::Milliseconds(50)});
  EXPECT_THAT(RawClient(server_->port()).ReadToEnd(), IsEmpty());
}

}  // namespace
}  // namespace binlogd
