#include "s3/s3_store.h"

#include <gmock/gmock.h>

#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "s3/digest.h"
#include "s3/sigv4.h"
#include "tests/s3/fake_s3.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;

constexpr char kPutId[] = "x-amz-meta-binlogd-put-id";
constexpr size_t kPart = 16 << 20;

std::string Bytes(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 509);
  return bytes;
}

const char kUploadId[] = "<InitiateMultipartUploadResult><UploadId>u/1</UploadId></InitiateMultipartUploadResult>";
const char kCompleted[] =
    "<CompleteMultipartUploadResult><ETag>&quot;whole-2&quot;</ETag></CompleteMultipartUploadResult>";

TEST_F(S3StoreTest, APutIsOneSignedRequest) {
  options_.storage_class = "STANDARD_IA";
  options_.tags = {{"team", "a b"}, {"x", "1&2"}};
  options_.encryption = {"aws:kms", "key-1", true};
  options_.credentials.session_token = [] { return std::string("token"); };
  Say({Etag("e1")});
  PutOptions put;
  put.metadata = {{"position", "1-2"}};
  put.content_type = "application/zstd";
  const absl::StatusOr<std::string> etag = Put("a/b c", "hello", put);
  ASSERT_TRUE(etag.ok()) << etag.status();
  EXPECT_EQ(*etag, "e1");
  ASSERT_THAT(Heard(), ElementsAre("PUT"));
  const HeardRequest heard = server_.heard()[0];
  EXPECT_EQ(heard.path, "/bucket/a/b%20c");
  EXPECT_EQ(heard.body, "hello");
  const std::map<std::string, std::string> expected = {
      {"content-type", "application/zstd"},
      {"content-md5", "XUFAKrxLKna5cZ2REBfFkg=="},
      {"x-amz-content-sha256", Sha256Hex("hello")},
      {"x-amz-meta-position", "1-2"},
      {"x-amz-security-token", "token"},
      {"x-amz-server-side-encryption", "aws:kms"},
      {"x-amz-server-side-encryption-aws-kms-key-id", "key-1"},
      {"x-amz-server-side-encryption-bucket-key-enabled", "true"},
      {"x-amz-storage-class", "STANDARD_IA"},
      {"x-amz-tagging", "team=a%20b&x=1%262"},
  };
  for (const auto& [name, value] : expected) EXPECT_EQ(heard.header(name), value) << name;
  EXPECT_EQ(heard.header(kPutId), "");
}

TEST_F(S3StoreTest, WhatIsSignedIsWhatIsSent) {
  Say({Etag("e")});
  const std::string key("a//./../\0\xff%+&=?#é~", 20);
  ASSERT_TRUE(Put(key, "x").ok());
  const HeardRequest heard = server_.heard()[0];
  EXPECT_EQ(heard.path, "/bucket/" + UriEncode(key, true));
  RequestToSign again;
  again.method = heard.method;
  again.path = heard.path;
  again.payload_hash = Sha256Hex(heard.body);
  const std::string authorization = heard.header("authorization");
  for (const auto& [name, value] : heard.headers) {
    const std::string names = authorization.substr(authorization.find("SignedHeaders=") + 14);
    if (absl::StrContains(absl::StrCat(";", names.substr(0, names.find(',')), ";"), absl::StrCat(";", name, ";"))) {
      again.headers[name] = value;
    }
  }
  absl::Time time;
  ASSERT_TRUE(absl::ParseTime("%E4Y%m%dT%H%M%SZ", heard.header("x-amz-date"), &time, nullptr));
  EXPECT_EQ(AuthorizationOf(again, Credentials{"ID", "the-secret", "", {}}, time, "eu-west-1", "s3"), authorization);
  EXPECT_EQ(again.headers.count("host"), 1);
  EXPECT_EQ(again.headers.count("content-md5"), 1);
}

TEST_F(S3StoreTest, ABucketMayBePartOfTheHost) {
  options_.endpoint = absl::StrCat("http://localhost:", server_.port(), "/");
  options_.path_style = false;
  Say({Etag("e")});
  ASSERT_TRUE(Put("k", "x").ok());
  EXPECT_EQ(server_.heard()[0].path, "/k");
  EXPECT_EQ(server_.heard()[0].header("host"), absl::StrCat("bucket.localhost:", server_.port()));
}

TEST_F(S3StoreTest, AConditionIsAHeader) {
  Say({Etag("a"), Etag("b")});
  PutOptions put;
  put.only_if_new = true;
  ASSERT_TRUE(Put("k", "x", put).ok());
  put.only_if_new = false;
  put.only_if_etag = "a";
  ASSERT_TRUE(Put("k", "x", put).ok());
  EXPECT_EQ(server_.heard()[0].header("if-none-match"), "*");
  EXPECT_EQ(server_.heard()[1].header("if-match"), "\"a\"");
  EXPECT_NE(server_.heard()[0].header(kPutId), "");
  EXPECT_NE(server_.heard()[0].header(kPutId), server_.heard()[1].header(kPutId));
}

TEST_F(S3StoreTest, AConditionThatDoesNotHoldIsToldApart) {
  PutOptions put;
  put.only_if_new = true;
  Say({Error(412, "PreconditionFailed"), Etag("other")});
  EXPECT_EQ(ErrorReason(Put("k", "x", put).status()), "OBJECT_EXISTS");
  put.only_if_new = false;
  put.only_if_etag = "a";
  Say({Error(412, "PreconditionFailed"), Etag("other")});
  EXPECT_EQ(ErrorReason(Put("k", "x", put).status()), "OBJECT_CHANGED");
  Say({Error(404, "NoSuchKey"), Answer(404)});
  EXPECT_EQ(ErrorReason(Put("k", "x", put).status()), "OBJECT_CHANGED");
}

TEST_F(S3StoreTest, APutWhoseAnswerWasLostIsKnownAgain) {
  std::string stored;  // The object's put id.
  handler_ = [&stored](const HeardRequest& request) {
    if (request.method == "HEAD") return Answer(200, "", {{"ETag", "\"mine\""}, {kPutId, stored}});
    if (!stored.empty()) return Error(412, "PreconditionFailed");
    stored = request.header(kPutId);
    return Cut();
  };
  PutOptions put;
  put.only_if_new = true;
  const absl::StatusOr<std::string> etag = Put("k", "x", put);
  ASSERT_TRUE(etag.ok()) << etag.status();
  EXPECT_EQ(*etag, "mine");
  EXPECT_EQ(ErrorReason(Put("k", "x", put).status()), "OBJECT_EXISTS");
}

TEST_F(S3StoreTest, WhenItCannotBeKnownWhoseObjectItIsThePutIsUnsure) {
  options_.retry_time = absl::Milliseconds(1);
  Say({Error(412, "PreconditionFailed"), Answer(503)});
  PutOptions put;
  put.only_if_new = true;
  EXPECT_TRUE(absl::IsUnavailable(Put("k", "x", put).status()));
}

TEST_F(S3StoreTest, ALargeBodyGoesInParts) {
  Say({Answer(200, kUploadId), Etag("p1"), Etag("p2"), Answer(200, kCompleted)});
  const std::string bytes = Bytes(kPart + 1);
  PutOptions put;
  put.only_if_new = true;
  put.metadata = {{"a", "1"}};
  options_.storage_class = "GLACIER_IR";
  const absl::StatusOr<std::string> etag = Put("k", bytes, put);
  ASSERT_TRUE(etag.ok()) << etag.status();
  EXPECT_EQ(*etag, "whole-2");
  ASSERT_THAT(Heard(), ElementsAre("POST uploads=", "PUT partNumber=1&uploadId=u%2F1",
                                   "PUT partNumber=2&uploadId=u%2F1", "POST uploadId=u%2F1"));
  const std::vector<HeardRequest> heard = server_.heard();
  EXPECT_EQ(heard[0].header("x-amz-meta-a"), "1");
  EXPECT_EQ(heard[0].header("x-amz-storage-class"), "GLACIER_IR");
  EXPECT_NE(heard[0].header(kPutId), "");
  EXPECT_TRUE(heard[1].body + heard[2].body == bytes);
  EXPECT_EQ(heard[1].header("content-md5"), absl::Base64Escape(Md5(heard[1].body)));
  EXPECT_EQ(heard[1].header("x-amz-storage-class"), "");
  EXPECT_EQ(heard[3].header("if-none-match"), "*");
  EXPECT_EQ(heard[3].body,
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>\"p1\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>\"p2\"</ETag></Part></CompleteMultipartUpload>");
}

TEST_F(S3StoreTest, AnUploadThatFailsIsAborted) {
  Say({Answer(200, kUploadId), Error(403, "AccessDenied"), Answer(204)});
  EXPECT_EQ(ErrorReason(Put("k", Bytes(kPart + 1)).status()), "S3_ACCESS_DENIED");
  EXPECT_THAT(Heard(), ElementsAre("POST uploads=", "PUT partNumber=1&uploadId=u%2F1", "DELETE uploadId=u%2F1"));
}

TEST_F(S3StoreTest, AnErrorInTheAnswerThatCompletesAnUploadIsOne) {
  Say({Answer(200, kUploadId), Etag("p1"), Etag("p2"), Error(200, "InternalError"), Answer(200, kCompleted)});
  ASSERT_TRUE(Put("k", Bytes(kPart + 1)).ok());
  EXPECT_EQ(server_.heard().size(), 5);
}

TEST_F(S3StoreTest, AnUploadThatIsGoneMayBeComplete) {
  std::string put_id;
  bool found = true;
  handler_ = [&](const HeardRequest& request) {
    if (request.query == "uploads=") {
      put_id = request.header(kPutId);
      return Answer(200, kUploadId);
    }
    if (request.method == "PUT") return Etag("p");
    if (request.method == "POST") return Error(404, "NoSuchUpload");
    if (request.method == "DELETE") return Error(404, "NoSuchUpload");
    return found ? Answer(200, "", {{"ETag", "\"whole-2\""}, {kPutId, put_id}}) : Answer(404);
  };
  const absl::StatusOr<std::string> etag = Put("k", Bytes(kPart + 1));
  ASSERT_TRUE(etag.ok()) << etag.status();
  EXPECT_EQ(*etag, "whole-2");
  found = false;
  EXPECT_EQ(ErrorReason(Put("k", Bytes(kPart + 1)).status()), "S3_UPLOAD_NOT_FOUND");
}

// Is huge, and cannot be read after its beginning.
class HugeBody : public ObjectBody {
 public:
  static constexpr uint64_t kReadable = 21 << 20;
  uint64_t size() const override { return 200ULL << 30; }
  absl::StatusOr<std::string> Read(uint64_t offset, uint64_t size) override {
    if (offset + size > kReadable) return absl::DataLossError("gone");
    return std::string(size, 'x');
  }
};

TEST_F(S3StoreTest, PartsAreAsLargeAsTheirNumberAllows) {
  Say({Answer(200, kUploadId), Etag("p1"), Answer(204)});
  HugeBody body;
  EXPECT_TRUE(absl::IsDataLoss(store().Put("k", body, {}).status()));
  EXPECT_THAT(Heard(), ElementsAre("POST uploads=", "PUT partNumber=1&uploadId=u%2F1", "DELETE uploadId=u%2F1"));
  EXPECT_EQ(server_.heard()[1].body.size(), HugeBody::kReadable);
}

TEST_F(S3StoreTest, AnObjectComesWithItsMetadata) {
  const FakeReply reply = Answer(200, "bytes", {{"ETag", "\"e\""}, {"X-Amz-Meta-Position", "7"}, {kPutId, "x"}});
  Say({reply, reply});
  absl::StatusOr<Object> object = store().Get("k");
  ASSERT_TRUE(object.ok()) << object.status();
  EXPECT_EQ(object->bytes, "bytes");
  EXPECT_EQ(object->etag, "e");
  EXPECT_THAT(object->metadata, ElementsAre(std::pair("position", "7")));
  object = store().Head("k");
  ASSERT_TRUE(object.ok()) << object.status();
  EXPECT_EQ(object->bytes, "");
  EXPECT_EQ(object->metadata["position"], "7");
  EXPECT_THAT(Heard(), ElementsAre("GET", "HEAD"));
}

TEST_F(S3StoreTest, AnObjectThatIsNotThereIsNotFound) {
  Say({Error(404, "NoSuchKey"), Answer(404), Answer(204), Error(404, "NoSuchKey"), Error(404, "NoSuchBucket")});
  EXPECT_EQ(ErrorReason(store().Get("k").status()), "OBJECT_NOT_FOUND");
  EXPECT_EQ(ErrorReason(store().Head("k").status()), "OBJECT_NOT_FOUND");
  EXPECT_TRUE(store().Delete("k").ok());
  EXPECT_TRUE(store().Delete("k").ok());
  EXPECT_EQ(ErrorReason(store().Delete("k")), "S3_BUCKET_NOT_FOUND");
}

TEST_F(S3StoreTest, ASuccessWithoutEtagOrLengthIsNone) {
  FakeReply endless;
  endless.way = FakeReply::Way::kRaw;
  endless.body = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\n\r\nhalf";
  Say({Answer(200), Answer(200, "x"), Answer(200, "x", {{"ETag", "\"\""}}), endless});
  EXPECT_EQ(ErrorReason(Put("k", "x").status()), "ANSWER_INVALID");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ErrorReason(store().Get("k").status()), "ANSWER_INVALID");
}

TEST_F(S3StoreTest, WhatFitsIntoNoRequestIsRefused) {
  PutOptions put;
  put.metadata = {{"a", "b\r\nc"}};
  EXPECT_TRUE(absl::IsInvalidArgument(Put("k", "x", put).status()));
  put.metadata = {{"A b", "c"}};
  EXPECT_TRUE(absl::IsInvalidArgument(Put("k", "x", put).status()));
  put.metadata = {{"a", std::string(2048, 'b')}};
  EXPECT_TRUE(absl::IsInvalidArgument(Put("k", "x", put).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Put("", "x").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Put(std::string(1025, 'k'), "x").status()));
  EXPECT_TRUE(server_.heard().empty());
}

TEST_F(S3StoreTest, AnInterruptEndsARequestAndAWait) {
  for (const FakeReply& reply : {Hang(), Answer(503)}) {
    S3Options options = options_;
    options.retry_time = absl::Hours(1);
    handler_ = [&reply](const HeardRequest&) { return reply; };
    const std::unique_ptr<ObjectStore> store = *MakeS3Store(options);
    const size_t before = server_.heard().size();
    absl::Status status;
    std::thread waiter([&] { status = store->Delete("k"); });
    server_.AwaitRequests(before + 1);
    store->Interrupt();
    waiter.join();
    EXPECT_TRUE(absl::IsCancelled(status)) << status;
    EXPECT_TRUE(absl::IsCancelled(store->Delete("k")));
  }
}

TEST(CheckS3OptionsTest, NamesTheWrongOption) {
  S3Options right;
  right.bucket = "backups";
  EXPECT_TRUE(CheckS3Options(right).ok());
  const auto field = [&right](const auto& change) {
    S3Options options = right;
    change(options);
    return ErrorField(CheckS3Options(options));
  };
  for (const char* bucket : {"", "ab", "a/b", "-abc", "..", "a b c", "arn:aws:s3"}) {
    EXPECT_EQ(field([bucket](S3Options& o) { o.bucket = bucket; }), "bucket") << bucket;
  }
  for (const char* endpoint : {"s3.local", "ftp://a", "https://a/b", "https://u:p@a", "https://a?x"}) {
    EXPECT_EQ(field([endpoint](S3Options& o) { o.endpoint = endpoint; }), "endpoint") << endpoint;
  }
  for (const char* endpoint : {"http://127.0.0.1:9000", "http://[::1]:9000", "http://10.0.0.1"}) {
    EXPECT_EQ(field([endpoint](S3Options& o) { o.endpoint = endpoint; }), "path_style") << endpoint;
  }
  EXPECT_EQ(field([](S3Options& o) { o.endpoint = "https://minio:9000"; }), "");
  EXPECT_EQ(field([](S3Options& o) { o.region = "eu west"; }), "region");
  EXPECT_EQ(field([](S3Options& o) { o.storage_class = "A\nB"; }), "storage_class");
  EXPECT_EQ(field([](S3Options& o) { o.encryption.algorithm = "rot13"; }), "encryption.algorithm");
  EXPECT_EQ(field([](S3Options& o) { o.encryption.kms_key_id = "k"; }), "encryption.algorithm");
  EXPECT_EQ(field([](S3Options& o) { o.credentials.access_key_id = [] { return std::string("a"); }; }),
            "access_key_id");
  EXPECT_EQ(field([](S3Options& o) { o.credentials.sts_endpoint = "sts"; }), "sts_endpoint");
  EXPECT_EQ(field([](S3Options& o) { o.stall_timeout = absl::ZeroDuration(); }), "stall_timeout");
  EXPECT_EQ(field([](S3Options& o) {
              for (int i = 0; i < 11; ++i) o.tags[absl::StrCat(i)] = "";
            }),
            "tags");
  EXPECT_EQ(MakeS3Store({}).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace binlogd::testing
