#include "s3/http_client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/harness/fake_http_server.h"
#include "tests/harness/fake_server.h"

namespace binlogd {
namespace {

using testing::FakeHttpServer;
using testing::FakeReply;
using testing::HeardRequest;

FakeReply Raw(std::string bytes) {
  FakeReply reply;
  reply.way = FakeReply::Way::kRaw;
  reply.body = std::move(bytes);
  return reply;
}

HttpRequest Request(const FakeHttpServer& server, const std::string& method = "GET") {
  HttpRequest request;
  request.method = method;
  request.url = server.origin() + "/a/../%FF//b?q=1";
  return request;
}

// A body that cannot be read from a place on, and knows what was asked of it.
class WatchedBody : public ObjectBody {
 public:
  explicit WatchedBody(absl::string_view bytes, uint64_t readable = std::numeric_limits<uint64_t>::max())
      : bytes_(bytes), readable_(readable) {}
  uint64_t size() const override { return bytes_.size(); }
  absl::StatusOr<std::string> Read(uint64_t offset, uint64_t size) override {
    largest_ = std::max(largest_, size);
    if (offset == 0) ++beginnings_;
    if (offset + size > readable_) return absl::DataLossError("the disk is gone");
    return std::string(bytes_.substr(offset, size));
  }
  uint64_t largest() const { return largest_; }
  int beginnings() const { return beginnings_; }

 private:
  const absl::string_view bytes_;
  const uint64_t readable_;
  uint64_t largest_ = 0;
  int beginnings_ = 0;
};

std::string LargeBody() {
  std::string body(9 << 20, '\0');
  for (size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + i / 251);
  return body;
}

// The reason of what comes of a server's bytes.
std::string ReasonFor(const std::string& bytes, size_t most_answer_bytes = 1 << 20) {
  FakeHttpServer server([&bytes](const HeardRequest&) { return Raw(bytes); });
  HttpClient client;
  HttpRequest request = Request(server);
  request.most_answer_bytes = most_answer_bytes;
  return ErrorReason(client.Execute(request).status());
}

TEST(HttpClientTest, SendsWhatItIsGivenAndNoMore) {
  FakeHttpServer server([](const HeardRequest&) {
    FakeReply reply;
    reply.status = 404;
    reply.headers = {{"X-Some", " value "}, {"ETag", "\"1\""}};
    reply.body = "not here";
    return reply;
  });
  HttpClient client;
  HttpRequest request = Request(server, "PUT");
  request.headers = {{"x-mine", "1"}, {"x-empty", ""}};
  request.body = "the body";
  const absl::StatusOr<HttpAnswer> answer = client.Execute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "not here");
  EXPECT_EQ(answer->header("x-some"), "value");
  EXPECT_EQ(answer->header("etag"), "\"1\"");
  EXPECT_EQ(answer->header("x-other"), "");
  const HeardRequest heard = server.heard().at(0);
  EXPECT_EQ(heard.method, "PUT");
  EXPECT_EQ(heard.path, "/a/../%FF//b");
  EXPECT_EQ(heard.query, "q=1");
  EXPECT_EQ(heard.body, "the body");
  EXPECT_EQ(heard.header("x-mine"), "1");
  EXPECT_EQ(heard.headers.count("content-type"), 0);
  EXPECT_EQ(heard.headers.count("accept-encoding"), 0);
}

TEST(HttpClientTest, KeepsConnectionsAndDoesNotMindThatTheyClose) {
  int count = 0;
  FakeHttpServer server([&count](const HeardRequest&) {
    FakeReply reply;
    if (++count == 2) return Raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");  // And closes without a word.
    return reply;
  });
  HttpClient client;
  for (int i = 0; i < 4; ++i) {
    const absl::StatusOr<HttpAnswer> answer = client.Execute(Request(server, i % 2 == 0 ? "GET" : "HEAD"));
    ASSERT_TRUE(answer.ok()) << answer.status();
  }
}

TEST(HttpClientTest, ABodyOfSeveralMegabytesArrives) {
  FakeHttpServer server([](const HeardRequest& request) {
    FakeReply reply;
    reply.body = request.body;
    return reply;
  });
  HttpClient client;
  HttpRequest request = Request(server, "POST");
  const std::string body = LargeBody();
  request.body = body;
  request.most_answer_bytes = body.size();
  const absl::StatusOr<HttpAnswer> answer = client.Execute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->body == body);
}

TEST(HttpClientTest, AnUploadIsReadLittleByLittleAsItIsSent) {
  FakeHttpServer server([](const HeardRequest&) { return FakeReply(); });
  HttpClient client;
  for (const char* method : {"PUT", "POST"}) {
    const std::string bytes = LargeBody();
    WatchedBody body(bytes);
    HttpRequest request = Request(server, method);
    request.upload = &body;
    const absl::StatusOr<HttpAnswer> answer = client.Execute(request);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(server.heard().back().body == bytes);
    EXPECT_LE(body.largest(), 512 << 10);
  }
}

TEST(HttpClientTest, AnEmptyUploadIsAnEmptyBody) {
  FakeHttpServer server([](const HeardRequest&) { return FakeReply(); });
  HttpClient client;
  MemoryBody body("");
  HttpRequest request = Request(server, "PUT");
  request.upload = &body;
  const absl::StatusOr<HttpAnswer> answer = client.Execute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(server.heard().back().header("content-length"), "0");
}

TEST(HttpClientTest, AnUploadBeginsAgainWhenItsConnectionWasGone) {
  int count = 0;
  FakeHttpServer server([&count](const HeardRequest&) {
    FakeReply reply;
    if (++count == 2) reply.way = FakeReply::Way::kCut;
    return reply;
  });
  HttpClient client;
  ASSERT_TRUE(client.Execute(Request(server)).ok());
  const std::string bytes =
      LargeBody().substr(0, 900 << 10);  // Without waiting for "100 Continue", which is an answer.
  WatchedBody body(bytes);
  HttpRequest request = Request(server, "PUT");
  request.upload = &body;
  const absl::StatusOr<HttpAnswer> answer = client.Execute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(server.heard().size(), 3);
  EXPECT_TRUE(server.heard().back().body == bytes);
  EXPECT_EQ(body.beginnings(), 2);
}

TEST(HttpClientTest, AnUploadThatCannotBeReadSaysWhy) {
  FakeHttpServer server([](const HeardRequest&) { return FakeReply(); });
  HttpClient client;
  const std::string bytes = LargeBody();
  WatchedBody body(bytes, 4 << 20);
  HttpRequest request = Request(server, "PUT");
  request.upload = &body;
  EXPECT_EQ(client.Execute(request).status(), absl::DataLossError("the disk is gone"));
  EXPECT_TRUE(client.Execute(Request(server)).ok());
}

TEST(HttpClientTest, FollowsNoRedirection) {
  FakeHttpServer server([](const HeardRequest& request) {
    FakeReply reply;
    reply.status = 301;
    reply.headers["Location"] = "http://" + request.header("host") + "/again";
    return reply;
  });
  HttpClient client;
  const absl::StatusOr<HttpAnswer> answer = client.Execute(Request(server));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->status, 301);
  EXPECT_EQ(server.heard().size(), 1);
}

TEST(HttpClientTest, WhatIsNoAnswerIsAnError) {
  EXPECT_EQ(ReasonFor("SSH-2.0-OpenSSH_9.2\r\n"), "ANSWER_INVALID");
  EXPECT_EQ(ReasonFor("HTTP/9.9 200 OK\r\n\r\n"), "ANSWER_INVALID");
  EXPECT_EQ(ReasonFor(""), "CONNECTION_LOST");
  EXPECT_EQ(ReasonFor("HTTP/1.1 200 OK\r\nContent-Le"), "CONNECTION_LOST");
  EXPECT_EQ(ReasonFor("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), "CONNECTION_LOST");
  EXPECT_EQ(ReasonFor("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "CONNECTION_LOST");
  EXPECT_EQ(ReasonFor("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), "CONNECTION_LOST");
}

TEST(HttpClientTest, AnswersAreBounded) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(ReasonFor(head + "\r\n" + std::string(1000, 'x'), 1000), "OK");
  EXPECT_EQ(ReasonFor(head + "\r\n" + std::string(1001, 'x'), 1000), "ANSWER_INVALID");
  EXPECT_EQ(ReasonFor(head + "Content-Length: 99999999999\r\n\r\n" + std::string(2000, 'x'), 1000), "ANSWER_INVALID");
  std::string many = head;
  for (int i = 0; i < 10000; ++i) absl::StrAppend(&many, "X-", i, ": ", std::string(100, 'y'), "\r\n");
  EXPECT_EQ(ReasonFor(many + "\r\n"), "ANSWER_INVALID");
  EXPECT_EQ(ReasonFor(head + "X: " + std::string(1 << 20, 'y') + "\r\n\r\n"), "ANSWER_INVALID");
  std::string interim;
  for (int i = 0; i < 100000; ++i) absl::StrAppend(&interim, "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(ReasonFor(interim + head + "\r\n"), "ANSWER_INVALID");
}

TEST(HttpClientTest, AnEndpointThatIsNotThereIsUnreachable) {
  std::string origin;
  {
    FakeHttpServer server([](const HeardRequest&) { return FakeReply(); });
    origin = server.origin();
  }
  HttpClient client;
  HttpRequest request;
  request.method = "GET";
  for (const std::string& url : {origin + "/", std::string("http://nowhere.invalid/")}) {
    request.url = url;
    const absl::Status status = client.Execute(request).status();
    EXPECT_EQ(ErrorReason(status), "ENDPOINT_UNREACHABLE") << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), OriginOf(url))) << status;
  }
}

TEST(HttpClientTest, AServerThatSpeaksNoTlsIsRefused) {
  testing::FakeServer server("HTTP/1.1 400 Bad Request\r\n\r\n");
  HttpClient client;
  HttpRequest request;
  request.method = "GET";
  request.url = absl::StrCat("https://127.0.0.1:", server.port(), "/");
  const absl::Status status = client.Execute(request).status();
  EXPECT_EQ(ErrorReason(status), "TLS_HANDSHAKE_FAILED") << status;
  EXPECT_TRUE(IsPermanent(status));
}

TEST(HttpClientTest, AFileOfAuthoritiesThatIsNotThereIsNamed) {
  HttpClient client;
  HttpRequest request;
  request.method = "GET";
  FakeHttpServer server([](const HeardRequest&) { return FakeReply(); });
  request.url = absl::StrCat("https://127.0.0.1:", server.port(), "/");
  request.ca_file = "/nowhere/ca.pem";
  const absl::Status status = client.Execute(request).status();
  EXPECT_EQ(ErrorReason(status), "TLS_FILE_UNREADABLE") << status;
  EXPECT_TRUE(IsPermanent(status));
  EXPECT_TRUE(absl::StrContains(status.message(), "/nowhere/ca.pem")) << status;
}

TEST(HttpClientTest, AStalledConnectionIsNoticed) {
  FakeHttpServer server([](const HeardRequest&) {
    FakeReply reply;
    reply.way = FakeReply::Way::kHang;
    return reply;
  });
  HttpClient client;
  HttpRequest request = Request(server);
  request.stall_timeout = absl::Seconds(1);
  EXPECT_EQ(ErrorReason(client.Execute(request).status()), "CONNECTION_STALLED");
}

TEST(HttpClientTest, AnInterruptEndsWhatIsUnderWayAndWhatComes) {
  FakeHttpServer server([](const HeardRequest&) {
    FakeReply reply;
    reply.way = FakeReply::Way::kHang;
    return reply;
  });
  HttpClient client;
  absl::Status ended;
  std::thread waiter([&] { ended = client.Execute(Request(server)).status(); });
  std::thread sleeper([&] { EXPECT_TRUE(client.Wait(absl::Hours(1))); });
  server.AwaitRequests(1);
  client.Interrupt();
  waiter.join();
  sleeper.join();
  EXPECT_TRUE(absl::IsCancelled(ended)) << ended;
  EXPECT_TRUE(absl::IsCancelled(client.Execute(Request(server)).status()));
  EXPECT_EQ(server.heard().size(), 1);
}

TEST(HttpClientTest, RequestsOfSeveralThreadsAreApart) {
  FakeHttpServer server([](const HeardRequest& request) {
    FakeReply reply;
    reply.body = request.body;
    return reply;
  });
  HttpClient client;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const std::string body = absl::StrCat(t, "/", i);
        HttpRequest request = Request(server, "POST");
        request.body = body;
        const absl::StatusOr<HttpAnswer> answer = client.Execute(request);
        ASSERT_TRUE(answer.ok()) << answer.status();
        EXPECT_EQ(answer->body, body);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(IsOriginTest, TakesSchemeHostAndPortOnly) {
  for (const char* right : {"http://a", "https://a.b:1", "https://127.0.0.1:9000", "http://[::1]:9000"}) {
    EXPECT_TRUE(IsOrigin(right)) << right;
  }
  for (const char* wrong : {"", "a", "a:9000", "ftp://a", "https://", "https://a/", "https://a/b", "https://a?b",
                            "https://u:p@a", "https://a:0x1", "https://a:99999", "https://a b", "https://a#f"}) {
    EXPECT_FALSE(IsOrigin(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace binlogd
