#include "s3/credential_sources.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/harness/fake_http_server.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

using testing::FakeHttpServer;
using testing::FakeReply;
using testing::HeardRequest;

FakeReply Reply(int status, std::string body) {
  FakeReply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

FakeReply Hang() {
  FakeReply reply;
  reply.way = FakeReply::Way::kHang;
  return reply;
}

std::string Json(const std::string& id, const std::string& expiration = "2030-01-02T03:04:05Z") {
  return absl::StrCat(R"({"Code":"Success","AccessKeyId":")", id,
                      R"(","SecretAccessKey":"secret","Token":"token","Expiration":")", expiration, "\"}");
}

std::string Sts(const std::string& id, const std::string& expiration = "2030-01-02T03:04:05Z") {
  return absl::StrCat(
      "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
      "<AssumeRoleWithWebIdentityResult><Credentials><SessionToken>token</SessionToken>"
      "<SecretAccessKey>secret</SecretAccessKey><Expiration>",
      expiration, "</Expiration><AccessKeyId>", id,
      "</AccessKeyId></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>");
}

const absl::Time kExpiration = absl::FromCivil(absl::CivilSecond(2030, 1, 2, 3, 4, 5), absl::UTCTimeZone());

class CredentialSourcesTest : public ::testing::Test {
 protected:
  CredentialSourcesTest() {
    options_.environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = environment_.find(name);
      if (found == environment_.end()) return std::nullopt;
      return found->second;
    };
    options_.answer_timeout = absl::Seconds(1);
    environment_["HOME"] = directory_.path();
    environment_["AWS_EC2_METADATA_DISABLED"] = "true";
  }
  std::string Write(const std::string& name, const std::string& text) {
    EXPECT_TRUE(ReplaceFile(directory_ / name, text, 0600).ok());
    return directory_ / name;
  }
  // Listens, and answers by path.
  void Serve(FakeHttpServer::Handler handler) { server_ = std::make_unique<FakeHttpServer>(std::move(handler)); }
  void UseWebIdentity() {
    environment_["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/r";
    environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = Write("token", "the-token\n");
    environment_["AWS_ENDPOINT_URL_STS"] = server_->origin();
  }
  void UseContainer() { environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_->origin() + "/creds"; }
  void UseInstance() {
    environment_.erase("AWS_EC2_METADATA_DISABLED");
    environment_["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_->origin();
  }
  // From the first source of the chain that has any.
  absl::StatusOr<std::optional<Credentials>> Fetch() {
    for (const auto& source : MakeCredentialSources(options_, "eu-west-1", &http_)) {
      absl::StatusOr<std::optional<Credentials>> found = source->Fetch();
      if (!found.ok() || *found) return found;
    }
    return std::nullopt;
  }
  std::string FetchedId() {
    const absl::StatusOr<std::optional<Credentials>> found = Fetch();
    if (!found.ok()) return std::string(found.status().message());
    return *found ? (*found)->access_key_id : "none";
  }
  std::string FailureReason() {
    const absl::Status status = Fetch().status();
    EXPECT_FALSE(absl::StrContains(status.message(), "the-token")) << status;
    return ErrorReason(status);
  }

  testing::TempDir directory_;
  std::map<std::string, std::string> environment_;
  CredentialOptions options_;
  HttpClient http_;
  std::unique_ptr<FakeHttpServer> server_;
};

TEST_F(CredentialSourcesTest, TheChainEndsWithTheFirstThatIsSetUp) {
  Serve([](const HeardRequest& request) {
    if (request.path == "/") return Reply(200, Sts("IDENTITY"));
    if (request.path == "/creds") return Reply(200, Json("CONTAINER"));
    if (request.method == "PUT") return Reply(200, "session");
    return Reply(200, absl::EndsWith(request.path, "/role") ? Json("INSTANCE") : "role\n");
  });
  EXPECT_EQ(FetchedId(), "none");
  UseInstance();
  EXPECT_EQ(FetchedId(), "INSTANCE");
  UseContainer();
  EXPECT_EQ(FetchedId(), "CONTAINER");
  UseWebIdentity();
  EXPECT_EQ(FetchedId(), "IDENTITY");
  environment_["AWS_SHARED_CREDENTIALS_FILE"] =
      Write("credentials", "[default]\naws_access_key_id=FILE\naws_secret_access_key=s\n");
  EXPECT_EQ(FetchedId(), "FILE");
  environment_["AWS_ACCESS_KEY_ID"] = "VARIABLE";
  environment_["AWS_SECRET_ACCESS_KEY"] = "s";
  EXPECT_EQ(FetchedId(), "VARIABLE");
  options_.role_arn = "arn:aws:iam::1:role/other";
  EXPECT_EQ(FetchedId(), "IDENTITY");
  options_.profile = "default";
  EXPECT_EQ(FetchedId(), "FILE");
  options_.access_key_id = [] { return std::string(" REFERENCE\n"); };
  options_.secret_access_key = [] { return std::string("s\n"); };
  EXPECT_EQ(FetchedId(), "REFERENCE");
}

TEST_F(CredentialSourcesTest, ReferencesAreReadAnew) {
  int reads = 0;
  options_.access_key_id = [&reads] { return absl::StrCat("ID", ++reads); };
  options_.secret_access_key = [] { return std::string("s"); };
  const std::unique_ptr<CredentialSource> source = MakeReferenceSource(options_);
  EXPECT_EQ((*source->Fetch())->access_key_id, "ID1");
  EXPECT_EQ((*source->Fetch())->access_key_id, "ID2");
  options_.secret_access_key = [] { return absl::StatusOr<std::string>(absl::NotFoundError("file x")); };
  EXPECT_TRUE(absl::IsNotFound(Fetch().status()));
}

TEST_F(CredentialSourcesTest, AProfileOfTheSharedFileIsChosen) {
  const std::string text =
      "# comment\r\n[default]\naws_access_key_id = ONE\naws_secret_access_key = s/+=1\n\n"
      "[ other ]\n  AWS_ACCESS_KEY_ID=TWO\n; aws_access_key_id = NO\naws_secret_access_key=s2\r\naws_session_token = "
      "t=2\n"
      "[empty]\nrole_arn = arn\n[";
  environment_["AWS_SHARED_CREDENTIALS_FILE"] = Write("credentials", text);
  absl::StatusOr<std::optional<Credentials>> found = Fetch();
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->secret_access_key, "s/+=1");
  EXPECT_EQ((*found)->session_token, "");
  EXPECT_EQ((*found)->expiration, absl::InfiniteFuture());
  environment_["AWS_PROFILE"] = "other";
  found = Fetch();
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ((*found)->access_key_id, "TWO");
  EXPECT_EQ((*found)->secret_access_key, "s2");
  EXPECT_EQ((*found)->session_token, "t=2");
  for (const char* without : {"empty", "nobody"}) {
    environment_["AWS_PROFILE"] = without;
    EXPECT_EQ(FetchedId(), "none");
    options_.profile = without;
    EXPECT_EQ(FailureReason(), "S3_CREDENTIALS_MISSING");
    options_.profile = "";
  }
  environment_["AWS_SHARED_CREDENTIALS_FILE"] = directory_.path();
  EXPECT_FALSE(Fetch().ok());
}

TEST_F(CredentialSourcesTest, AWebIdentityIsExchangedForCredentials) {
  Serve([](const HeardRequest&) { return Reply(200, Sts("ID")); });
  UseWebIdentity();
  const absl::StatusOr<std::optional<Credentials>> found = Fetch();
  ASSERT_TRUE(found.ok() && *found) << found.status();
  EXPECT_EQ((*found)->secret_access_key, "secret");
  EXPECT_EQ((*found)->session_token, "token");
  EXPECT_EQ((*found)->expiration, kExpiration);
  const HeardRequest heard = server_->heard().at(0);
  EXPECT_EQ(heard.method, "POST");
  EXPECT_EQ(heard.query, "");
  EXPECT_EQ(heard.body,
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=binlogd&"
            "Version=2011-06-15&WebIdentityToken=the-token");
}

TEST_F(CredentialSourcesTest, WhatStsSaysIsToldApart) {
  FakeReply reply;
  Serve([&reply](const HeardRequest&) { return reply; });
  UseWebIdentity();
  const auto error = [](const std::string& code) {
    return "<ErrorResponse><Error><Code>" + code + "</Code><Message>why</Message></Error></ErrorResponse>";
  };
  reply = Reply(403, error("AccessDenied"));
  EXPECT_EQ(FailureReason(), "S3_CREDENTIALS_INVALID");
  EXPECT_TRUE(IsPermanent(Fetch().status()));
  EXPECT_TRUE(absl::StrContains(Fetch().status().message(), "AccessDenied: why")) << Fetch().status();
  for (const FakeReply& passing : {Reply(400, error("ExpiredTokenException")), Reply(400, error("Throttling")),
                                   Reply(500, ""), Reply(503, "<html>"), Reply(429, "")}) {
    reply = passing;
    EXPECT_TRUE(absl::IsUnavailable(Fetch().status())) << Fetch().status();
  }
  for (const std::string& bad :
       {std::string(), std::string("<html><body>hello</body></html>"), std::string("<a"), Sts(""),
        Sts("ID", "tomorrow"), Sts("ID").substr(0, 300), std::string(1 << 20, 'x'), std::string(1 << 17, '<')}) {
    reply = Reply(200, bad);
    EXPECT_EQ(FailureReason(), "ANSWER_INVALID") << bad.substr(0, 100);
  }
  reply.way = FakeReply::Way::kCut;
  EXPECT_EQ(FailureReason(), "CONNECTION_LOST");
  environment_["AWS_WEB_IDENTITY_TOKEN_FILE"] = directory_ / "nothing";
  EXPECT_TRUE(absl::IsNotFound(Fetch().status()));
  options_.role_arn = "arn";
  environment_.erase("AWS_WEB_IDENTITY_TOKEN_FILE");
  EXPECT_EQ(FailureReason(), "S3_CREDENTIALS_MISSING");
}

TEST_F(CredentialSourcesTest, AContainerIsAskedWithItsToken) {
  Serve([](const HeardRequest& request) {
    return request.header("authorization") == "Bearer 1" ? Reply(200, Json("ID")) : Reply(401, "{}");
  });
  UseContainer();
  EXPECT_EQ(FailureReason(), "S3_CREDENTIALS_INVALID");
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "Bearer 1";
  EXPECT_EQ(FetchedId(), "ID");
  environment_["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = Write("auth", "Bearer 2\n");
  EXPECT_EQ(FailureReason(), "S3_CREDENTIALS_INVALID");
  Write("auth", "Bearer 1\n");
  EXPECT_EQ(FetchedId(), "ID");
  Write("auth", "Bearer 1\r\nX-Evil: 1");
  EXPECT_EQ(FailureReason(), "S3_CREDENTIALS_MISSING");
}

TEST_F(CredentialSourcesTest, AContainersTokenGoesNowhereInClear) {
  for (const char* url : {"http://example.com/", "http://127.0.0.1.example.com/", "http://127.0.0.1@example.com/",
                          "http://127.0.0.1:80@example.com/", "ftp://127.0.0.1/", "127.0.0.1"}) {
    environment_["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    EXPECT_EQ(FailureReason(), "S3_CREDENTIALS_MISSING") << url;
  }
}

TEST_F(CredentialSourcesTest, AnInstanceIsAskedWithATokenOfItsService) {
  Serve([](const HeardRequest& request) {
    if (request.method == "PUT" && request.path == "/latest/api/token" &&
        request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600") {
      return Reply(200, "session");
    }
    if (request.header("x-aws-ec2-metadata-token") != "session") return Reply(401, "");
    if (request.path == "/latest/meta-data/iam/security-credentials/") return Reply(200, "my role\nother");
    if (request.path == "/latest/meta-data/iam/security-credentials/my%20role") return Reply(200, Json("ID"));
    return Reply(404, "");
  });
  UseInstance();
  const absl::StatusOr<std::optional<Credentials>> found = Fetch();
  ASSERT_TRUE(found.ok() && *found) << found.status();
  EXPECT_EQ((*found)->access_key_id, "ID");
  EXPECT_EQ((*found)->expiration, kExpiration);
}

TEST_F(CredentialSourcesTest, AnInstanceWithoutServiceOrRoleHasNone) {
  Serve([](const HeardRequest& request) { return request.method == "PUT" ? Reply(200, "t") : Reply(404, ""); });
  UseInstance();
  EXPECT_EQ(FetchedId(), "none");
  server_.reset();
  EXPECT_EQ(FetchedId(), "none");
}

TEST_F(CredentialSourcesTest, WhatAnInstanceSaysIsNotTrusted) {
  FakeReply reply;
  Serve([&reply](const HeardRequest& request) {
    if (request.method == "PUT") return Reply(200, "t");
    return absl::EndsWith(request.path, "/r") ? reply : Reply(200, "r");
  });
  UseInstance();
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{"), std::string("{}"), std::string("null"), Json(""),
        Json("ID", "never"), std::string(R"({"AccessKeyId":1,"SecretAccessKey":[]})"), std::string(1 << 20, ' ')}) {
    reply = Reply(200, bad);
    EXPECT_EQ(FailureReason(), "ANSWER_INVALID") << bad.substr(0, 100);
  }
  reply = Reply(200, std::string(100000, '['));
  EXPECT_EQ(FailureReason(), "ANSWER_INVALID");
  reply = Reply(500, "");
  EXPECT_TRUE(absl::IsUnavailable(Fetch().status()));
  reply = Hang();
  EXPECT_EQ(FailureReason(), "CONNECTION_STALLED");
}

TEST_F(CredentialSourcesTest, AnInterruptEndsTheWaitForAService) {
  Serve([](const HeardRequest&) { return Hang(); });
  UseInstance();
  options_.answer_timeout = absl::Hours(1);
  std::thread interrupter([this] {
    server_->AwaitRequests(1);
    http_.Interrupt();
  });
  EXPECT_TRUE(absl::IsCancelled(Fetch().status()));
  interrupter.join();
}

TEST(CheckCredentialsTest, RefusesWhatFitsIntoNoHeader) {
  Credentials credentials;
  EXPECT_EQ(ErrorReason(CheckCredentials(credentials, "x")), "S3_CREDENTIALS_INVALID");
  credentials.access_key_id = "ID";
  EXPECT_FALSE(CheckCredentials(credentials, "x").ok());
  credentials.secret_access_key = "secret";
  EXPECT_TRUE(CheckCredentials(credentials, "x").ok());
  credentials.session_token = "a\r\nb";
  const absl::Status status = CheckCredentials(credentials, "x");
  EXPECT_EQ(ErrorReason(status), "S3_CREDENTIALS_INVALID");
  EXPECT_FALSE(absl::StrContains(status.message(), "secret") && absl::StrContains(status.message(), "a\r"));
}

}  // namespace
}  // namespace binlogd
