#include "rpc/request_log.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "binlogd/v1/service.pb.h"

namespace binlogd {
namespace {

class RequestLogTest : public ::testing::Test {
 protected:
  static RequestKey Key(const std::string& id, const std::string& request = "request") {
    return {id, request, "alice"};
  }
  // Runs a request whose work, when it is done, answers `etag`.
  absl::StatusOr<std::string> Ask(const RequestKey& key, const std::string& etag) {
    v1::Streamer response;
    const absl::Status status = log_.Run(key, Cancellation::Never(), &response, [&](bool) {
      ++worked_;
      response.set_etag(etag);
      return absl::OkStatus();
    });
    if (!status.ok()) return status;
    return response.etag();
  }
  absl::Status Fail(const RequestKey& key, const absl::Status& with, bool expect_accepted = false) {
    v1::Streamer response;
    return log_.Run(key, Cancellation::Never(), &response, [&](bool accepted) {
      ++worked_;
      EXPECT_EQ(accepted, expect_accepted);
      return with;
    });
  }

  absl::Time now_ = absl::UnixEpoch();
  RequestLog log_{[this] { return now_; }};
  int worked_ = 0;
};

TEST_F(RequestLogTest, TheSameRequestGetsTheSameAnswer) {
  EXPECT_EQ(*Ask(Key("a"), "1"), "1");
  EXPECT_EQ(*Ask(Key("a"), "2"), "1");
  EXPECT_EQ(*Ask(Key("b"), "3"), "3");
  EXPECT_EQ(worked_, 2);
  EXPECT_EQ(*Ask(RequestKey(), "4"), "4") << "without an id, each is one of its own";
  EXPECT_EQ(*Ask(RequestKey(), "5"), "5");
}

TEST_F(RequestLogTest, AnotherRequestOfTheSameIdIsRefused) {
  EXPECT_EQ(*Ask(Key("a"), "1"), "1");
  const absl::Status refused = Ask(Key("a", "other"), "2").status();
  EXPECT_EQ(ErrorReason(refused), "REQUEST_ID_REUSED");
  EXPECT_EQ(ErrorField(refused), "request_id");
  EXPECT_EQ(worked_, 1);
}

TEST_F(RequestLogTest, UsersHaveIdsOfTheirOwn) {
  EXPECT_EQ(*Ask(Key("a"), "1"), "1");
  EXPECT_EQ(*Ask({"a", "other", "bob"}, "2"), "2");
  EXPECT_EQ(*Ask(Key("a"), "3"), "1");
  EXPECT_EQ(*Ask({"a", "other", "bob"}, "4"), "2");
}

TEST_F(RequestLogTest, AFailureIsForgotten) {
  EXPECT_TRUE(absl::IsAborted(Fail(Key("a"), absl::AbortedError("x"))));
  EXPECT_EQ(*Ask(Key("a", "other"), "1"), "1");
}

TEST_F(RequestLogTest, WhatGoesOnIsAwaited) {
  const absl::Status goes_on = MakeError(absl::StatusCode::kCancelled, "CHANGE_GOES_ON", "x");
  const absl::Status not_begun = MakeError(absl::StatusCode::kCancelled, "CHANGE_NOT_BEGUN", "x");
  EXPECT_EQ(Fail(Key("a"), goes_on), goes_on);
  EXPECT_EQ(ErrorReason(Ask(Key("a", "other"), "1").status()), "REQUEST_ID_REUSED");
  EXPECT_EQ(Fail(Key("a"), not_begun, /*expect_accepted=*/true), not_begun);
  EXPECT_EQ(Fail(Key("a"), absl::NotFoundError("x"), /*expect_accepted=*/true), absl::NotFoundError("x"));
  EXPECT_EQ(Fail(Key("a"), not_begun, /*expect_accepted=*/false), not_begun);
}

TEST_F(RequestLogTest, IsBoundedInTimeNumberAndBytes) {
  EXPECT_EQ(*Ask(Key("a"), "1"), "1");
  now_ += absl::Minutes(9);
  EXPECT_EQ(*Ask(Key("a"), "2"), "1");
  now_ += absl::Minutes(1);
  EXPECT_EQ(*Ask(Key("a"), "3"), "3");
  for (int i = 0; i < 4095; ++i) ASSERT_TRUE(Ask(Key(absl::StrCat("n", i)), "x").ok());
  EXPECT_EQ(*Ask(Key("a"), "4"), "3");
  ASSERT_TRUE(Ask(Key("one more"), "x").ok());
  EXPECT_EQ(*Ask(Key("a"), "5"), "5");
  for (int i = 0; i < 17; ++i) ASSERT_TRUE(Ask(Key(absl::StrCat("big", i)), std::string(1 << 20, 'x')).ok());
  EXPECT_EQ(*Ask(Key("a"), "6"), "6");
  EXPECT_EQ(Ask(Key("big16"), "y")->size(), 1u << 20);
  EXPECT_EQ(*Ask(Key("big0"), "y"), "y");
}

TEST_F(RequestLogTest, OfSeveralAtOnceOneWorks) {
  absl::Mutex mutex;
  bool working = false, release = false;
  v1::Streamer first, second, third;
  std::thread worker([&] {
    EXPECT_TRUE(log_.Run(Key("a"), Cancellation::Never(), &first,
                         [&](bool) {
                           absl::MutexLock lock(&mutex);
                           working = true;
                           mutex.Await(absl::Condition(&release));
                           first.set_etag("1");
                           return absl::OkStatus();
                         })
                    .ok());
  });
  {
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(&working));
  }
  const auto never = [](bool) {
    ADD_FAILURE() << "one works already";
    return absl::OkStatus();
  };
  Cancellation gone;
  gone.Cancel();
  EXPECT_EQ(ErrorReason(log_.Run(Key("a"), gone, &third, never)), "CHANGE_NOT_BEGUN");
  EXPECT_TRUE(absl::IsDeadlineExceeded(log_.Run(Key("a"), Cancellation(absl::Now()), &third, never)));
  std::thread waiter([&] { EXPECT_TRUE(log_.Run(Key("a"), Cancellation::Never(), &second, never).ok()); });
  {
    absl::MutexLock lock(&mutex);
    release = true;
  }
  worker.join();
  waiter.join();
  EXPECT_EQ(second.etag(), "1");
}

TEST(RequestKeyTest, TellsRequestsApart) {
  v1::StartRequest start;
  start.set_name("a");
  v1::StopRequest stop;
  stop.set_name("a");
  EXPECT_EQ(KeyOf(start, "x", "alice")->digest, KeyOf(start, "x", "alice")->digest);
  EXPECT_NE(KeyOf(start, "x", "alice")->digest, KeyOf(stop, "x", "alice")->digest);
  v1::CreateRequest one, other;
  for (int i = 0; i < 50; ++i) {
    (*one.mutable_spec()->mutable_labels())[absl::StrCat("k", i)] = "v";
    (*other.mutable_spec()->mutable_labels())[absl::StrCat("k", 49 - i)] = "v";
  }
  EXPECT_EQ(KeyOf(one, "x", "alice")->digest, KeyOf(other, "x", "alice")->digest) << "maps have no order";
  one.set_start(true);
  EXPECT_NE(KeyOf(one, "x", "alice")->digest, KeyOf(other, "x", "alice")->digest);
  EXPECT_EQ(KeyOf(one, "", "alice")->id, "");
  for (const std::string& id : {std::string(129, 'x'), std::string("a b"), std::string("a\n"), std::string("ä")}) {
    EXPECT_EQ(ErrorField(KeyOf(one, id, "alice").status()), "request_id") << id;
  }
}

}  // namespace
}  // namespace binlogd
