#include "s3/sigv4.h"

#include <gtest/gtest.h>

#include "s3/digest.h"

namespace binlogd {
namespace {

// The examples of "Signature Calculations for the Authorization Header" in the Amazon S3 API reference.
class SigV4Test : public ::testing::Test {
 protected:
  SigV4Test() {
    credentials_.access_key_id = "AKIAIOSFODNN7EXAMPLE";
    credentials_.secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    request_.method = "GET";
    request_.path = "/";
    request_.headers = {{"host", "examplebucket.s3.amazonaws.com"}, {"x-amz-date", "20130524T000000Z"}};
    SetBody("");
  }
  void SetBody(const std::string& body) {
    request_.payload_hash = Sha256Hex(body);
    request_.headers["x-amz-content-sha256"] = request_.payload_hash;
  }
  std::string Authorization() const {
    return AuthorizationOf(request_, credentials_, absl::FromCivil(absl::CivilDay(2013, 5, 24), absl::UTCTimeZone()),
                           "us-east-1", "s3");
  }
  std::string Signature() const {
    const std::string authorization = Authorization();
    return authorization.substr(authorization.rfind('=') + 1);
  }

  Credentials credentials_;
  RequestToSign request_;
};

TEST_F(SigV4Test, SignsTheExampleOfAGet) {
  request_.path = "/test.txt";
  request_.headers["range"] = "bytes=0-9";
  EXPECT_EQ(Authorization(),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST_F(SigV4Test, SignsTheExampleOfAPut) {
  request_.method = "PUT";
  request_.path = "/" + UriEncode("test$file.text", true);
  request_.headers["date"] = "Fri, 24 May 2013 00:00:00 GMT";
  request_.headers["x-amz-storage-class"] = "REDUCED_REDUNDANCY";
  SetBody("Welcome to Amazon S3.");
  EXPECT_EQ(Signature(), "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST_F(SigV4Test, SignsTheExampleOfAParameterWithoutValue) {
  request_.query = {{"lifecycle", ""}};
  EXPECT_EQ(Signature(), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST_F(SigV4Test, SignsTheExampleOfAListing) {
  request_.query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_EQ(Signature(), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

// Of the published test suite of the algorithm, "get-header-value-trim": spaces around and inside a value.
TEST_F(SigV4Test, TrimsValuesOfHeaders) {
  credentials_.access_key_id = "AKIDEXAMPLE";
  credentials_.secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  request_.headers = {{"host", "example.amazonaws.com"},
                      {"my-header1", " value1"},
                      {"my-header2", " \"a   b   c\""},
                      {"x-amz-date", "20150830T123600Z"}};
  const absl::Time time = absl::FromCivil(absl::CivilSecond(2015, 8, 30, 12, 36, 0), absl::UTCTimeZone());
  EXPECT_EQ(AuthorizationOf(request_, credentials_, time, "us-east-1", "service"),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
            "SignedHeaders=host;my-header1;my-header2;x-amz-date,"
            "Signature=acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
}

TEST_F(SigV4Test, EveryPartOfARequestCountsForTheSignature) {
  const std::string signature = Signature();
  const auto differs = [this, &signature](const auto& change) {
    const RequestToSign before = request_;
    change();
    EXPECT_NE(Signature(), signature);
    request_ = before;
  };
  differs([this] { request_.method = "HEAD"; });
  differs([this] { request_.path = "//"; });
  differs([this] { request_.query = {{"a", ""}}; });
  differs([this] { request_.headers["x-amz-meta-a"] = ""; });
  differs([this] { request_.payload_hash = Sha256Hex("x"); });
  credentials_.secret_access_key += "x";
  EXPECT_NE(Signature(), signature);
}

TEST(UriEncodeTest, KeepsUnreservedBytesOnly) {
  EXPECT_EQ(UriEncode("AZaz09-._~", false), "AZaz09-._~");
  EXPECT_EQ(UriEncode("a b+c/d%", false), "a%20b%2Bc%2Fd%25");
  EXPECT_EQ(UriEncode("a/b//../c", true), "a/b//../c");
  EXPECT_EQ(UriEncode(absl::string_view("\0\xff\n\xc3\xa9", 5), true), "%00%FF%0A%C3%A9");
}

TEST(CanonicalQueryTest, OrdersByTheEncodedNameAndValue) {
  EXPECT_EQ(CanonicalQuery({}), "");
  EXPECT_EQ(CanonicalQuery({{"b", "1"}, {"a", "2"}, {"a", "1"}, {"a", ""}, {"a-", "0"}}), "a=&a=1&a=2&a-=0&b=1");
  EXPECT_EQ(CanonicalQuery({{"~", ""}, {"\xff", ""}, {"A", "x=y&z"}}), "%FF=&A=x%3Dy%26z&~=");
}

}  // namespace
}  // namespace binlogd
