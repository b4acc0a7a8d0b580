#include "tests/harness/s3_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "absl/strings/str_cat.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class S3ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = S3Server::Start();
    if (absl::IsUnavailable(server.status())) GTEST_SKIP() << server.status().message();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    ASSERT_TRUE(server_->CreateBucket("bucket").ok());
  }

  S3Response Send(const std::string& method, const std::string& path, const std::vector<std::string>& headers = {},
                  const std::string& body = "", const std::string& secret = "", const std::string& region = "") {
    const auto response = server_->Send({method, path, headers, body, secret, region});
    EXPECT_TRUE(response.ok()) << response.status();
    return response.value_or(S3Response());
  }
  std::vector<std::string> Keys(const std::string& prefix = "") {
    const auto objects = server_->List("bucket", prefix);
    EXPECT_TRUE(objects.ok()) << objects.status();
    std::vector<std::string> keys;
    for (const S3Object& object : objects.value_or(std::vector<S3Object>())) keys.push_back(object.key);
    return keys;
  }

  std::unique_ptr<S3Server> server_;
};

TEST_F(S3ServerTest, WrongSecretsRegionsAndPayloadsAreRefused) {
  EXPECT_EQ(Send("PUT", "/bucket/a", {}, "x", "wrong").status, 403);
  EXPECT_EQ(Send("GET", "/bucket/a", {}, "", "wrong").status, 403);
  EXPECT_EQ(Send("PUT", "/bucket/a", {absl::StrCat("x-amz-content-sha256: ", std::string(64, '0'))}, "x").status, 400);
  EXPECT_THAT(Keys(), ElementsAre());
  EXPECT_EQ(Send("GET", "/bucket", {}, "", "", "eu-west-1").status, 400);
  EXPECT_EQ(server_->Get("none", "a").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(S3ServerTest, PutsOnConditions) {
  EXPECT_EQ(Send("PUT", "/bucket/a", {"If-None-Match: *"}, "one").status, 200);
  EXPECT_EQ(Send("PUT", "/bucket/a", {"If-None-Match: *"}, "two").status, 412);
  EXPECT_EQ(Send("PUT", "/bucket/a", {"If-Match: \"0123456789abcdef0123456789abcdef\""}, "two").status, 412);
  EXPECT_EQ(*server_->Get("bucket", "a"), "one");
  const std::string headers = Send("HEAD", "/bucket/a").headers;
  const size_t etag = headers.find("ETag: ");
  ASSERT_NE(etag, std::string::npos);
  EXPECT_EQ(Send("PUT", "/bucket/a", {"If-Match: " + headers.substr(etag + 6, 34)}, "two").status, 200);
  EXPECT_EQ(*server_->Get("bucket", "a"), "two");
}

TEST_F(S3ServerTest, KeepsMetadataAndTags) {
  EXPECT_EQ(Send("PUT", "/bucket/a",
                 {"x-amz-meta-epoch: 0001", "x-amz-tagging: team=data", "x-amz-storage-class: STANDARD_IA",
                  "x-amz-server-side-encryption: AES256"},
                 "one")
                .status,
            200);
  const std::string headers = Send("HEAD", "/bucket/a").headers;
  EXPECT_THAT(headers, HasSubstr("x-amz-meta-epoch: 0001"));
  EXPECT_THAT(headers, HasSubstr("x-amz-storage-class: STANDARD\r\n"));
  EXPECT_THAT(Send("GET", "/bucket/a?tagging=").body, HasSubstr("<Key>team</Key><Value>data</Value>"));
}

TEST_F(S3ServerTest, ListsInTheOrderOfKeys) {
  for (const char* key : {"b=1/x&y", "a/2", "a-1/1", "a/1 +%", "a.b/1", "c"}) {
    ASSERT_TRUE(server_->Put("bucket", key, key).ok()) << key;
  }
  EXPECT_THAT(Keys(), ElementsAre("a-1/1", "a.b/1", "a/1 +%", "a/2", "b=1/x&y", "c"));
  EXPECT_THAT(Keys("a/"), ElementsAre("a/1 +%", "a/2"));
  EXPECT_EQ(*server_->Get("bucket", "a/1 +%"), "a/1 +%");
  const std::string some = Send("GET", "/bucket?delimiter=%2F&list-type=2&start-after=a-1%2F1").body;
  EXPECT_THAT(some, HasSubstr("<Prefix>a/</Prefix>"));
  EXPECT_THAT(some, HasSubstr("<Prefix>b=1/</Prefix>"));
  const std::string few = Send("GET", "/bucket?list-type=2&max-keys=2&start-after=a.b%2F1").body;
  EXPECT_THAT(few, HasSubstr("<Key>a/2</Key>"));
  EXPECT_THAT(few, HasSubstr("<IsTruncated>true</IsTruncated>"));
  EXPECT_EQ(few.find("<Key>b"), std::string::npos);
  const auto all = server_->ReadAll("bucket", "a");
  ASSERT_TRUE(all.ok()) << all.status();
  ASSERT_EQ(all->size(), 4u);
  for (const S3Object& object : *all) EXPECT_EQ(object.bytes, object.key);
  ASSERT_TRUE(server_->Delete("bucket", "c").ok());
  EXPECT_EQ(server_->Get("bucket", "c").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(S3ServerTest, ListsMoreThanOneRequestTells) {
  // Through the folder, which is quick: 1000 requests are not.
  ASSERT_TRUE(server_->Put("bucket", "many/0", "0").ok());
  for (int i = 1; i < 1200; ++i) {
    ASSERT_TRUE(std::ofstream(absl::StrCat(server_->data_dir(), "/bucket/many/", i)) << "x");
  }
  EXPECT_EQ(Keys("many/").size(), 1200u);
}

TEST_F(S3ServerTest, UploadsInParts) {
  const std::string begun = Send("POST", "/bucket/big?uploads=").body;
  const size_t at = begun.find("<UploadId>") + 10;
  const std::string id = begun.substr(at, begun.find('<', at) - at);
  const std::string part(5 << 20, 'x');
  std::string complete = "<CompleteMultipartUpload>";
  for (int number = 1; number <= 2; ++number) {
    const S3Response sent =
        Send("PUT", absl::StrCat("/bucket/big?partNumber=", number, "&uploadId=", id), {}, number == 1 ? part : "end");
    ASSERT_EQ(sent.status, 200) << sent.body;
    absl::StrAppend(&complete, "<Part><PartNumber>", number, "</PartNumber><ETag>",
                    sent.headers.substr(sent.headers.find("ETag: ") + 6, 34), "</ETag></Part>");
  }
  EXPECT_THAT(Keys(), ElementsAre());
  EXPECT_THAT(Send("GET", "/bucket?uploads=").body, HasSubstr(id));
  const S3Response done =
      Send("POST", absl::StrCat("/bucket/big?uploadId=", id), {}, complete + "</CompleteMultipartUpload>");
  EXPECT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(*server_->Get("bucket", "big"), part + "end");
}

TEST_F(S3ServerTest, AnswersVirtualHosts) {
  ASSERT_TRUE(server_->Put("bucket", "a", "one").ok());
  const S3Response response = Send("GET", "/a", {absl::StrCat("Host: bucket.localhost:", server_->port())});
  EXPECT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(response.body, "one");
}

TEST_F(S3ServerTest, WhatIsWrittenOutlivesAKill) {
  ASSERT_TRUE(server_->Put("bucket", "a", "one").ok());
  server_->Kill();
  EXPECT_EQ(server_->Get("bucket", "a").status().code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(server_->Restart().ok());
  EXPECT_EQ(*server_->Get("bucket", "a"), "one");
  EXPECT_TRUE(server_->Stop().ok());
}

TEST(S3ServerTlsTest, SpeaksTls) {
  S3Options options;
  options.tls = true;
  const auto server = S3Server::Start(options);
  if (absl::IsUnavailable(server.status())) GTEST_SKIP() << server.status().message();
  ASSERT_TRUE(server.ok()) << server.status();
  ASSERT_TRUE((*server)->CreateBucket("bucket").ok());
  EXPECT_THAT((*server)->endpoint(), HasSubstr("https://"));
  EXPECT_TRUE((*server)->Put("bucket", "a", "one").ok());
  EXPECT_EQ(*(*server)->Get("bucket", "a"), "one");
}

}  // namespace
}  // namespace binlogd::testing
