// The client against a real server.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/file.h"
#include "s3/s3_store.h"
#include "tests/harness/certificates.h"
#include "tests/harness/s3_server.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::S3Server;

std::string Bytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 509);
  return bytes;
}

class S3IntegrationTest : public ::testing::Test {
 protected:
  void SetUp() override { Start({}); }
  void Start(const testing::S3Options& server_options) {
    auto server = S3Server::Start(server_options);
    if (absl::IsUnavailable(server.status())) GTEST_SKIP() << server.status().message();
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    ASSERT_TRUE(server_->CreateBucket("bucket").ok());
    options_.bucket = "bucket";
    options_.endpoint = server_->endpoint();
    options_.region = server_options.region;
    options_.path_style = true;
    options_.retry_time = absl::Seconds(30);
    options_.credentials.access_key_id = [] { return std::string(S3Server::kAccessKey); };
    options_.credentials.secret_access_key = [] { return std::string(S3Server::kSecret); };
  }
  // A new client, with the options as they are now.
  std::unique_ptr<ObjectStore> Store() const {
    absl::StatusOr<std::unique_ptr<ObjectStore>> store = MakeS3Store(options_);
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  }
  static absl::StatusOr<std::string> Put(ObjectStore& store, const std::string& key, const std::string& bytes,
                                         const PutOptions& options = {}) {
    MemoryBody body(bytes);
    return store.Put(key, body, options);
  }
  // The reason why all kinds of requests fail, and what is told besides bucket and endpoint.
  void ExpectRefused(const std::string& reason, const std::vector<std::string>& told = {}) const {
    const std::unique_ptr<ObjectStore> store = Store();
    for (const absl::Status& status : {Put(*store, "k", "x").status(), store->Get("k").status(), store->Delete("k"),
                                       store->List({}).status(), store->AbortUploads("")}) {
      EXPECT_EQ(ErrorReason(status), reason) << status;
      EXPECT_TRUE(IsPermanent(status)) << status;
      for (const std::string& text : told) EXPECT_THAT(std::string(status.message()), HasSubstr(text));
      if (told.empty()) continue;
      EXPECT_THAT(std::string(status.message()),
                  HasSubstr(absl::StrCat("bucket ", options_.bucket, " at ", options_.endpoint)));
    }
  }

  S3Options options_;
  std::unique_ptr<S3Server> server_;
};

TEST_F(S3IntegrationTest, WhatIsPutIsThere) {
  options_.tags = {{"team", "a b"}};
  options_.storage_class = "STANDARD_IA";
  options_.encryption.algorithm = "AES256";
  const std::unique_ptr<ObjectStore> store = Store();
  PutOptions put;
  put.metadata = {{"position", "binlog.000001:4"}};
  for (const std::string& key : {std::string("a/b"), std::string("a b+c%&=?#\xc3\xa9~!*'()"), std::string("x\ny"),
                                 std::string("\xff"), std::string("%2e")}) {
    for (const std::string& bytes : {std::string(), std::string("a\0b", 3)}) {
      const absl::StatusOr<std::string> etag = Put(*store, key, bytes, put);
      ASSERT_TRUE(etag.ok()) << etag.status();
      const absl::StatusOr<Object> object = store->Get(key);
      ASSERT_TRUE(object.ok()) << object.status();
      EXPECT_EQ(object->bytes, bytes);
      EXPECT_EQ(object->etag, *etag);
      EXPECT_EQ(object->metadata, put.metadata);
      const absl::StatusOr<Object> head = store->Head(key);
      ASSERT_TRUE(head.ok()) << head.status();
      EXPECT_EQ(head->etag, *etag);
      EXPECT_EQ(*server_->Get("bucket", key), bytes);
    }
    EXPECT_TRUE(store->Delete(key).ok());
    EXPECT_TRUE(store->Delete(key).ok());
    EXPECT_EQ(ErrorReason(store->Get(key).status()), "OBJECT_NOT_FOUND");
    EXPECT_EQ(ErrorReason(store->Head(key).status()), "OBJECT_NOT_FOUND");
  }
}

TEST_F(S3IntegrationTest, ConditionsHold) {
  const std::unique_ptr<ObjectStore> store = Store();
  PutOptions fresh, changed;
  fresh.only_if_new = true;
  const absl::StatusOr<std::string> first = Put(*store, "k", "1", fresh);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(ErrorReason(Put(*store, "k", "2", fresh).status()), "OBJECT_EXISTS");
  changed.only_if_etag = *first;
  EXPECT_TRUE(Put(*store, "k", "3", changed).ok());
  EXPECT_EQ(ErrorReason(Put(*store, "k", "4", changed).status()), "OBJECT_CHANGED");
  EXPECT_EQ(ErrorReason(Put(*store, "none", "5", changed).status()), "OBJECT_CHANGED");
  EXPECT_EQ(store->Get("k")->bytes, "3");
}

TEST_F(S3IntegrationTest, OfManyWritersOneMakesTheObject) {
  const std::unique_ptr<ObjectStore> store = Store();
  std::atomic<int> made = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      PutOptions put;
      put.only_if_new = true;
      for (int i = 0; i < 10; ++i) {
        const absl::StatusOr<std::string> etag = Put(*store, absl::StrCat("k", i), absl::StrCat(t), put);
        if (etag.ok()) ++made;
        EXPECT_TRUE(etag.ok() || ErrorReason(etag.status()) == "OBJECT_EXISTS") << etag.status();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 10);
}

TEST_F(S3IntegrationTest, LargeObjectsGoInParts) {
  const std::unique_ptr<ObjectStore> store = Store();
  const std::string bytes = Bytes((20 << 20) + 5);
  PutOptions put;
  put.only_if_new = true;
  put.metadata = {{"a", "b"}};
  const absl::StatusOr<std::string> etag = Put(*store, "big", bytes, put);
  ASSERT_TRUE(etag.ok()) << etag.status();
  const absl::StatusOr<Object> object = store->Get("big");
  ASSERT_TRUE(object.ok()) << object.status();
  EXPECT_TRUE(object->bytes == bytes);
  EXPECT_EQ(object->etag, *etag);
  EXPECT_EQ(object->metadata, put.metadata);
  EXPECT_EQ(ErrorReason(Put(*store, "big", bytes, put).status()), "OBJECT_EXISTS");
}

TEST_F(S3IntegrationTest, UploadsThatNeverEndedAreEnded) {
  for (const char* key : {"p/a", "p/b", "q"}) {
    ASSERT_EQ(server_->Send({"POST", absl::StrCat("/bucket/", key, "?uploads="), {}, "", "", ""})->status, 200);
  }
  const std::unique_ptr<ObjectStore> store = Store();
  EXPECT_TRUE(store->AbortUploads("p/").ok());
  const std::string left = server_->Send({"GET", "/bucket?uploads=", {}, "", "", ""})->body;
  EXPECT_EQ(left.find("<Key>p/"), std::string::npos) << left;
  EXPECT_NE(left.find("<Key>q</Key>"), std::string::npos) << left;
}

TEST_F(S3IntegrationTest, ThousandsOfKeysAreListed) {
  ASSERT_TRUE(server_->Put("bucket", "many/0", "0").ok());
  for (int i = 1; i < 2500; ++i) {
    const std::string path = absl::StrCat(server_->data_dir(), "/bucket/many/", absl::StrFormat("%05d", i));
    ASSERT_TRUE(OpenFile(path, O_CREAT | O_WRONLY).ok());
  }
  ASSERT_TRUE(server_->Put("bucket", "many/a/1", "1").ok());
  ASSERT_TRUE(server_->Put("bucket", "many/a/2", "2").ok());
  ASSERT_TRUE(server_->Put("bucket", "more", "3").ok());
  const std::unique_ptr<ObjectStore> store = Store();
  ObjectStore::ListOptions options;
  options.prefix = "many/";
  absl::StatusOr<ObjectStore::Listing> listing = store->List(options);
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ(listing->objects.size(), 2502);
  options.delimiter = "/";
  options.after = "many/02497";
  listing = store->List(options);
  ASSERT_TRUE(listing.ok()) << listing.status();
  ASSERT_EQ(listing->objects.size(), 2);
  EXPECT_EQ(listing->objects[0].key, "many/02498");
  EXPECT_THAT(listing->prefixes, ElementsAre("many/a/"));
  listing = store->List({"many/", "", "", 1500});
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ(listing->objects.size(), 1500);
}

TEST_F(S3IntegrationTest, AWrongBucketIsNamed) {
  options_.bucket = "another";
  ExpectRefused("S3_BUCKET_NOT_FOUND", {"create the bucket, or correct its name, the endpoint or path_style"});
}

TEST_F(S3IntegrationTest, WrongKeysAreRefused) {
  options_.credentials.secret_access_key = [] { return std::string("wrong"); };
  ExpectRefused("S3_CREDENTIALS_INVALID", {"check the access key id, the secret access key, and"});
  EXPECT_EQ(ErrorReason(Store()->Head("k").status()), "S3_CREDENTIALS_INVALID");
  options_.credentials.access_key_id = [] { return std::string("NOBODY"); };
  ExpectRefused("S3_CREDENTIALS_INVALID");
}

// It gives no temporary credentials, so it takes no token for its own; s3_failure_test.cc has one that has expired.
TEST_F(S3IntegrationTest, ASessionTokenThatIsNotItsOwnIsRefused) {
  options_.credentials.session_token = [] { return std::string("token-of-another-place"); };
  ExpectRefused("S3_CREDENTIALS_INVALID", {"the secret access key and the session token"});
  const absl::Status status = Store()->Head("k").status();
  EXPECT_EQ(ErrorReason(status), "S3_CREDENTIALS_INVALID") << status;
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("token-of-another-place")));
}

TEST_F(S3IntegrationTest, AWrongRegionIsRefused) {
  options_.region = "eu-west-1";
  ExpectRefused("S3_WRONG_REGION",
                {R"(the bucket is in the region "us-east-1", not in "eu-west-1": set region to it)"});
  EXPECT_EQ(ErrorReason(Store()->Head("k").status()), "S3_WRONG_REGION");
}

TEST_F(S3IntegrationTest, ABucketMayBePartOfTheHost) {
  options_.endpoint = absl::StrCat("http://localhost:", server_->port());
  options_.path_style = false;
  EXPECT_TRUE(Put(*Store(), "k", "x").ok());
  EXPECT_EQ(*server_->Get("bucket", "k"), "x");
}

TEST_F(S3IntegrationTest, AServerThatComesBackGetsTheRequest) {
  const std::unique_ptr<ObjectStore> store = Store();
  ASSERT_TRUE(Put(*store, "k", "1").ok());
  server_->Kill();
  absl::StatusOr<std::string> etag;
  std::thread writer([&] { etag = Put(*store, "k", "2"); });
  EXPECT_TRUE(server_->Restart().ok());
  writer.join();
  EXPECT_TRUE(etag.ok()) << etag.status();
  EXPECT_EQ(*server_->Get("bucket", "k"), "2");
}

class S3TlsTest : public S3IntegrationTest {
 protected:
  void SetUp() override {
    testing::S3Options options;
    options.tls = true;
    Start(options);
  }
};

TEST_F(S3TlsTest, AnAuthorityOfOnesOwnIsTrusted) {
  options_.ca_file = testing::TestCertificates().path("ca.pem");
  EXPECT_TRUE(Put(*Store(), "k", "x").ok());
  EXPECT_EQ(*server_->Get("bucket", "k"), "x");
}

TEST_F(S3TlsTest, NoOtherIs) {
  ExpectRefused("TLS_CERTIFICATE_REJECTED");
  options_.ca_file = testing::TestCertificates().path("other-ca.pem");
  ExpectRefused("TLS_CERTIFICATE_REJECTED");
}

TEST_F(S3TlsTest, AnotherNameIsNot) {
  options_.ca_file = testing::TestCertificates().path("ca.pem");
  options_.endpoint = absl::StrCat("https://[::ffff:127.0.0.1]:", server_->port());
  ExpectRefused("TLS_CERTIFICATE_REJECTED");
}

}  // namespace
}  // namespace binlogd
