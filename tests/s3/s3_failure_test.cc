// What the store makes of answers that are no success.
#include <gmock/gmock.h>

#include "absl/strings/match.h"
#include "tests/s3/fake_s3.h"

namespace binlogd::testing {
namespace {

using S3FailureTest = S3StoreTest;

TEST_F(S3FailureTest, WhatMayPassIsRepeated) {
  const std::vector<FakeReply> passing = {Answer(500),
                                          Error(503, "SlowDown"),
                                          Answer(429),
                                          Cut(),
                                          Error(400, "RequestTimeout"),
                                          Error(400, "BadDigest"),
                                          Error(409, "ConditionalRequestConflict")};
  for (const FakeReply& reply : passing) {
    Say({reply, Etag("e")});
    const absl::StatusOr<std::string> etag = Put("k", "x");
    EXPECT_TRUE(etag.ok()) << etag.status();
    EXPECT_TRUE(replies_.empty());
  }
}

TEST_F(S3FailureTest, RepeatingHasAnEnd) {
  options_.retry_time = absl::Milliseconds(300);
  handler_ = [](const HeardRequest&) { return Error(503, "SlowDown"); };
  const absl::Status status = Put("k", "x").status();
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_FALSE(IsPermanent(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "503 SlowDown: the message")) << status;
}

TEST_F(S3FailureTest, WhatOnlyAPersonCanMendIsPermanentAndNamesThePlace) {
  struct Case {
    FakeReply reply;
    std::string reason;
    std::string in_message;
  };
  const std::vector<Case> cases = {
      {Error(404, "NoSuchBucket"), "S3_BUCKET_NOT_FOUND", "create the bucket"},
      {Error(403, "AccessDenied"), "S3_ACCESS_DENIED", "allow s3:PutObject"},
      {Answer(403, "<html>no</html>"), "S3_ACCESS_DENIED", "allow s3:PutObject"},
      {Error(400, "AuthorizationHeaderMalformed", "<Region>us-west-2</Region>"), "S3_WRONG_REGION", "\"us-west-2\""},
      {Answer(301, "", {{"x-amz-bucket-region", "us-west-2"}}), "S3_WRONG_REGION", "\"us-west-2\""},
      {Answer(301, "", {{"Location", "https://elsewhere/secret"}}), "S3_REDIRECTED", "\"https://elsewhere\""},
      {Error(501, "NotImplemented"), "S3_UNSUPPORTED", "501"},
      {Error(404, "NoSuchThing"), "S3_REQUEST_REFUSED", "404 NoSuchThing"},
      {Answer(400, "", {{"x-amz-bucket-region", "us-west-2"}}), "S3_WRONG_REGION", "\"us-west-2\""},
      {Error(400, "InvalidStorageClass"), "S3_REQUEST_REFUSED", "InvalidStorageClass: the message"},
      {Error(400, "AuthorizationHeaderMalformed"), "S3_REQUEST_REFUSED", "400"},
      {Answer(418), "S3_REQUEST_REFUSED", "418"},
  };
  for (const Case& one : cases) {
    Say({one.reply});
    const size_t before = server_.heard().size();
    const absl::Status status = Put("k", "x").status();
    EXPECT_EQ(ErrorReason(status), one.reason) << status;
    EXPECT_TRUE(IsPermanent(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), one.in_message)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "bucket bucket at " + server_.origin())) << status;
    EXPECT_EQ(server_.heard().size(), before + 1);
  }
}

TEST_F(S3FailureTest, KeysThatTheServerDoesNotKnowAreReadOnceMore) {
  for (const char* code : {"InvalidAccessKeyId", "SignatureDoesNotMatch"}) {
    Say({Error(403, code), Error(403, code)});
    const absl::Status status = Put("k", "x").status();
    EXPECT_EQ(ErrorReason(status), "S3_CREDENTIALS_INVALID");
    EXPECT_TRUE(IsPermanent(status));
    EXPECT_TRUE(replies_.empty());
  }
}

TEST_F(S3FailureTest, AnExpiredTokenIsRenewedOnce) {
  int reads = 0;
  options_.credentials.access_key_id = [&reads] { return absl::StrCat("ID", ++reads); };
  Say({Error(400, "ExpiredToken"), Etag("e"), Error(400, "ExpiredToken"), Error(400, "ExpiredToken")});
  ASSERT_TRUE(Put("k", "x").ok());
  EXPECT_TRUE(absl::StrContains(server_.heard()[0].header("authorization"), "=ID1/"));
  EXPECT_TRUE(absl::StrContains(server_.heard()[1].header("authorization"), "=ID2/"));
  const absl::Status status = Put("k", "x").status();
  EXPECT_EQ(ErrorReason(status), "S3_CREDENTIALS_EXPIRED");
  EXPECT_FALSE(IsPermanent(status));
  for (const std::string& told : {"bucket bucket at " + server_.origin(),
                                  std::string("the session token has expired and there is no newer one: renew it")}) {
    EXPECT_TRUE(absl::StrContains(status.message(), told)) << status;
  }
}

TEST_F(S3FailureTest, TheServersClockIsTakenOnce) {
  const std::map<std::string, std::string> date = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}};
  FakeReply skewed = Error(403, "RequestTimeTooSkewed");
  skewed.headers = date;
  Say({skewed, Etag("e"), skewed, skewed});
  ASSERT_TRUE(Put("k", "x").ok());
  EXPECT_TRUE(absl::StartsWith(server_.heard()[1].header("x-amz-date"), "20130524T0000"));
  const absl::Status status = Put("k", "x").status();
  EXPECT_EQ(ErrorReason(status), "S3_CLOCK_SKEWED");
  EXPECT_FALSE(IsPermanent(status));
}

TEST_F(S3FailureTest, WhyAHeadIsRefusedIsAskedWithAGet) {
  Say({Answer(400), Error(400, "AuthorizationHeaderMalformed", "<Region>us-west-2</Region>")});
  EXPECT_EQ(ErrorReason(store().Head("k").status()), "S3_WRONG_REGION");
  Say({Answer(403), Error(403, "SignatureDoesNotMatch"), Error(403, "SignatureDoesNotMatch")});
  EXPECT_EQ(ErrorReason(store().Head("k").status()), "S3_CREDENTIALS_INVALID");
  Say({Answer(400), Error(400, "ExpiredToken"), Answer(206, "x"), Etag("e")});
  EXPECT_TRUE(store().Head("k").ok());
  Say({Answer(403), Answer(403)});
  EXPECT_EQ(ErrorReason(store().Head("k").status()), "S3_ACCESS_DENIED");
  EXPECT_TRUE(replies_.empty());
}

TEST_F(S3FailureTest, AFullStoreIsAskedAgainByTheCaller) {
  Say({Error(507, "XMinioStorageFull")});
  const absl::Status status = Put("k", "x").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_FALSE(IsPermanent(status));
}

TEST_F(S3FailureTest, WhatAServerSaysHoldsNoSecretAndIsBounded) {
  options_.credentials.session_token = [] { return std::string("the-token"); };
  FakeReply reply = Answer(400, "<Error><Code>Odd</Code><Message>the-secret and the-token\n\x1b[31m" +
                                    std::string(10000, 'x') + "</Message></Error>");
  Say({reply});
  const absl::Status status = Put("k", "x").status();
  EXPECT_FALSE(absl::StrContains(status.message(), "the-secret")) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), "the-token")) << status;
  EXPECT_FALSE(absl::StrContains(status.message(), "\x1b")) << status;
  EXPECT_LT(status.message().size(), 1000);
}

TEST_F(S3FailureTest, ErrorsThatAreNoXmlAreErrors) {
  options_.retry_time = absl::ZeroDuration();
  for (const std::string& body :
       {std::string("<"), std::string("<Error>"), std::string("<a><Code>NoSuchKey</Code></a>"),
        std::string(100000, '<'), std::string("\0\xff", 2)}) {
    Say({Answer(404, body)});
    EXPECT_EQ(ErrorReason(store().Get("k").status()), "OBJECT_NOT_FOUND");
    Say({Answer(500, body)});
    EXPECT_EQ(ErrorReason(store().Get("k").status()), "S3_UNAVAILABLE");
  }
}

TEST_F(S3FailureTest, WithoutCredentialsNothingIsSent) {
  options_.credentials.access_key_id = [] { return absl::StatusOr<std::string>(absl::NotFoundError("the file f")); };
  const absl::Status status = Put("k", "x").status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), "the file f")) << status;
  EXPECT_TRUE(server_.heard().empty());
}

}  // namespace
}  // namespace binlogd::testing
