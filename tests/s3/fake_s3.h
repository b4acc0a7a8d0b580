// A store on a server that answers what a test says.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "s3/s3_store.h"
#include "tests/harness/fake_http_server.h"

namespace binlogd::testing {

inline FakeReply Answer(int status, std::string body = "", std::map<std::string, std::string> headers = {}) {
  FakeReply reply;
  reply.status = status;
  reply.body = std::move(body);
  reply.headers = std::move(headers);
  return reply;
}

inline FakeReply Cut() {
  FakeReply reply;
  reply.way = FakeReply::Way::kCut;
  return reply;
}

inline FakeReply Hang() {
  FakeReply reply;
  reply.way = FakeReply::Way::kHang;
  return reply;
}

inline FakeReply Etag(const std::string& etag) { return Answer(200, "", {{"ETag", "\"" + etag + "\""}}); }

inline FakeReply Error(int status, const std::string& code, const std::string& more = "") {
  return Answer(status, absl::StrCat("<?xml version=\"1.0\"?><Error><Code>", code,
                                     "</Code><Message>the message</Message>", more, "</Error>"));
}

class S3StoreTest : public ::testing::Test {
 protected:
  S3StoreTest() : server_([this](const HeardRequest& request) { return Next(request); }) {
    options_.bucket = "bucket";
    options_.endpoint = server_.origin();
    options_.region = "eu-west-1";
    options_.path_style = true;
    options_.retry_time = absl::Seconds(20);
    options_.credentials.access_key_id = [] { return std::string("ID"); };
    options_.credentials.secret_access_key = [] { return std::string("the-secret"); };
  }

  // The answers that come, in this order; after them 400.
  void Say(std::vector<FakeReply> replies) { replies_.assign(replies.begin(), replies.end()); }
  // As the options are now.
  ObjectStore& store() {
    if (store_ == nullptr) {
      absl::StatusOr<std::unique_ptr<ObjectStore>> made = MakeS3Store(options_);
      if (!made.ok()) ADD_FAILURE() << made.status();
      store_ = *std::move(made);
    }
    return *store_;
  }
  absl::StatusOr<std::string> Put(const std::string& key, const std::string& bytes, const PutOptions& options = {}) {
    MemoryBody body(bytes);
    return store().Put(key, body, options);
  }
  // "METHOD QUERY" of all that came.
  std::vector<std::string> Heard() const {
    std::vector<std::string> heard;
    for (const HeardRequest& request : server_.heard()) {
      heard.push_back(absl::StrCat(request.method, request.query.empty() ? "" : " ", request.query));
    }
    return heard;
  }

  binlogd::S3Options options_;
  std::function<FakeReply(const HeardRequest&)> handler_;  // In place of the answers.
  std::deque<FakeReply> replies_;
  FakeHttpServer server_;

 private:
  FakeReply Next(const HeardRequest& request) {
    if (handler_) return handler_(request);
    if (replies_.empty()) return Answer(400);
    FakeReply reply = replies_.front();
    replies_.pop_front();
    return reply;
  }

  std::unique_ptr<ObjectStore> store_;
};

}  // namespace binlogd::testing
