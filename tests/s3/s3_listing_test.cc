#include <gmock/gmock.h>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "s3/s3_answers.h"
#include "tests/s3/fake_s3.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;
using S3ListingTest = S3StoreTest;

std::string Contents(const std::string& key) {
  return absl::StrCat("<Contents><Key>", key,
                      "</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified>"
                      "<ETag>&quot;e&quot;</ETag><Size>42</Size></Contents>");
}

FakeReply Page(const std::vector<std::string>& keys, const std::string& token = "", const std::string& more = "") {
  std::string body =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><EncodingType>url</EncodingType>";
  for (const std::string& key : keys) body += Contents(key);
  absl::StrAppend(&body, more, "<IsTruncated>", token.empty() ? "false" : "true", "</IsTruncated>");
  if (!token.empty()) absl::StrAppend(&body, "<NextContinuationToken>", token, "</NextContinuationToken>");
  return Answer(200, body + "</ListBucketResult>");
}

std::vector<std::string> Keys(const absl::StatusOr<ObjectStore::Listing>& listing) {
  if (!listing.ok()) return {std::string(listing.status().message())};
  std::vector<std::string> keys;
  for (const ObjectInfo& object : listing->objects) keys.push_back(object.key);
  return keys;
}

TEST_F(S3ListingTest, GoesThroughThePages) {
  Say({Page({"p/a", "p/b"}, "t/1="), Page({}, "t2"), Page({"p/c"})});
  ObjectStore::ListOptions options;
  options.prefix = "p/";
  options.after = "p/A";
  const absl::StatusOr<ObjectStore::Listing> listing = store().List(options);
  EXPECT_THAT(Keys(listing), ElementsAre("p/a", "p/b", "p/c"));
  EXPECT_EQ(listing->objects[0].size, 42);
  EXPECT_EQ(listing->objects[0].etag, "e");
  EXPECT_EQ(absl::FormatTime(listing->objects[0].modified, absl::UTCTimeZone()), "2026-01-02T03:04:05.678+00:00");
  EXPECT_THAT(Heard(),
              ElementsAre("GET encoding-type=url&list-type=2&max-keys=1000&prefix=p%2F&start-after=p%2FA",
                          "GET continuation-token=t%2F1%3D&encoding-type=url&list-type=2&max-keys=1000&prefix=p%2F",
                          "GET continuation-token=t2&encoding-type=url&list-type=2&max-keys=1000&prefix=p%2F"));
}

TEST_F(S3ListingTest, EndsWithTheNumberThatIsWanted) {
  Say({Page({"a", "b"}, "t")});
  ObjectStore::ListOptions options;
  options.most = 2;
  EXPECT_THAT(Keys(store().List(options)), ElementsAre("a", "b"));
  EXPECT_EQ(server_.heard().size(), 1);
  Say({Page({"a", "b", "c"})});
  EXPECT_FALSE(store().List(options).ok());
}

TEST_F(S3ListingTest, FoldersAreListedApart) {
  Say({Page({"p/x"}, "",
            "<CommonPrefixes><Prefix>p/0%2B1/</Prefix></CommonPrefixes><CommonPrefixes><Prefix>p/2/</Prefix>"
            "</CommonPrefixes>")});
  ObjectStore::ListOptions options;
  options.prefix = "p/";
  options.delimiter = "/";
  const absl::StatusOr<ObjectStore::Listing> listing = store().List(options);
  EXPECT_THAT(Keys(listing), ElementsAre("p/x"));
  EXPECT_THAT(listing->prefixes, ElementsAre("p/0+1/", "p/2/"));
  EXPECT_TRUE(absl::StrContains(server_.heard()[0].query, "delimiter=%2F"));
}

TEST_F(S3ListingTest, KeysHaveAnyBytes) {
  Say({Page({"%00%0A+%2B%C3%A9", "%FF&amp;"})});
  EXPECT_THAT(Keys(store().List({})), ElementsAre(std::string("\0\n +\xc3\xa9", 6), "\xff&"));
  Say({Answer(200,
              absl::StrCat("<ListBucketResult>", Contents("a+b%20"), Contents("x&lt;&#10;"), "</ListBucketResult>"))});
  EXPECT_THAT(Keys(store().List({})), ElementsAre("a+b%20", "x<\n"));
}

TEST_F(S3ListingTest, AnAnswerThatIsNoListingIsAnError) {
  ObjectStore::ListOptions options;
  options.prefix = "p/";
  options.after = "p/b";
  std::vector<FakeReply> wrong = {
      Answer(200, ""),
      Answer(200, "<html></html>"),
      Answer(200, "<ListBucketResult>"),
      Answer(200, std::string(5 << 20, ' ')),
      Answer(200, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"),
      Answer(200, "<ListBucketResult><Contents><Key>p/c</Key></Contents></ListBucketResult>"),
      Answer(200, "<ListBucketResult><Contents><Key>p/c</Key><Size>-1</Size></Contents></ListBucketResult>"),
      Page({""}),
      Page({"p/%zz"}),
      Page({"p/%4"}),
      Page({"q/c"}),
      Page({"p/a"}),
      Page({"p/d", "p/c"}),
      Page({"p/c", "p/c"}),
      Page({}, "", "<CommonPrefixes><Prefix>q/</Prefix></CommonPrefixes>"),
  };
  for (const FakeReply& reply : wrong) {
    Say({reply});
    const absl::Status status = store().List(options).status();
    EXPECT_EQ(ErrorReason(status), "ANSWER_INVALID") << reply.body.substr(0, 200) << "\n" << status;
  }
}

TEST_F(S3ListingTest, AServerThatListsForEverIsLeft) {
  handler_ = [](const HeardRequest&) { return Page({"a"}, "t"); };
  EXPECT_EQ(ErrorReason(store().List({}).status()), "ANSWER_INVALID");
  handler_ = [](const HeardRequest&) { return Page({}, "t"); };
  EXPECT_EQ(ErrorReason(store().List({}).status()), "ANSWER_INVALID");
}

std::string Upload(const std::string& key, const std::string& id) {
  return absl::StrCat("<Upload><Key>", key, "</Key><UploadId>", id, "</UploadId></Upload>");
}

TEST_F(S3ListingTest, UploadsThatNeverEndedAreEnded) {
  Say({Answer(200, absl::StrCat("<ListMultipartUploadsResult>", Upload("p/a", "1"), Upload("p/b", "2"),
                                "<IsTruncated>true</IsTruncated><NextKeyMarker>p/b</NextKeyMarker>"
                                "<NextUploadIdMarker>2</NextUploadIdMarker></ListMultipartUploadsResult>")),
       Answer(204), Error(404, "NoSuchUpload"),
       Answer(200, absl::StrCat("<ListMultipartUploadsResult>", Upload("p/c", "3"), "</ListMultipartUploadsResult>")),
       Answer(204)});
  EXPECT_TRUE(store().AbortUploads("p/").ok());
  EXPECT_THAT(Heard(),
              ElementsAre("GET encoding-type=url&prefix=p%2F&uploads=", "DELETE uploadId=1", "DELETE uploadId=2",
                          "GET encoding-type=url&key-marker=p%2Fb&prefix=p%2F&upload-id-marker=2&uploads=",
                          "DELETE uploadId=3"));
  EXPECT_EQ(server_.heard()[1].path, "/bucket/p/a");
}

TEST_F(S3ListingTest, UploadsOfOthersAreLeftAlone) {
  Say({Answer(200, absl::StrCat("<ListMultipartUploadsResult>", Upload("q/a", "1"), "</ListMultipartUploadsResult>"))});
  EXPECT_EQ(ErrorReason(store().AbortUploads("p/")), "ANSWER_INVALID");
  EXPECT_EQ(server_.heard().size(), 1);
  const std::string same =
      "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker>"
      "</ListMultipartUploadsResult>";
  handler_ = [&same](const HeardRequest&) { return Answer(200, same); };
  EXPECT_EQ(ErrorReason(store().AbortUploads("p/")), "ANSWER_INVALID");
}

// Whatever prefix of an answer comes: an error, or what it says so far, but no crash.
TEST(S3AnswersTest, EveryTruncationIsTaken) {
  const std::string page = Page({"p/a%20", "p/b"}, "t", "<CommonPrefixes><Prefix>p/2/</Prefix></CommonPrefixes>").body;
  for (size_t size = 0; size < page.size(); ++size) {
    EXPECT_FALSE(ParseListPage(absl::string_view(page).substr(0, size)).ok()) << size;
  }
  EXPECT_TRUE(ParseListPage(page).ok());
  const std::string error = Error(404, "NoSuchKey", "<Region>r</Region>").body;
  for (size_t size = 0; size < error.size(); ++size) {
    EXPECT_EQ(ParseS3Error(absl::string_view(error).substr(0, size)).code, "") << size;
  }
  EXPECT_EQ(ParseS3Error(error).code, "NoSuchKey");
}

TEST(S3AnswersTest, ADeepOrWideDocumentIsTaken) {
  std::string deep;
  for (int i = 0; i < 1000000; ++i) deep += "<a>";
  EXPECT_FALSE(ParseListPage(deep).ok());
  for (int i = 0; i < 1000000; ++i) deep += "</a>";
  EXPECT_FALSE(ParseListPage(deep).ok());
  EXPECT_FALSE(ParseListPage("<!DOCTYPE a [<!ENTITY b \"cccc\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>").ok());
}

}  // namespace
}  // namespace binlogd::testing
