#include "s3/credential_provider.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "base/error.h"

namespace binlogd {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1700000000);

// Says what the test has put into it.
class ScriptedSource : public CredentialSource {
 public:
  absl::StatusOr<std::optional<Credentials>> Fetch() override {
    ++fetches;
    if (during) during();
    return answer;
  }
  absl::string_view description() const override { return "a script"; }

  absl::StatusOr<std::optional<Credentials>> answer = std::optional<Credentials>();
  std::function<void()> during;
  int fetches = 0;
};

Credentials Make(const std::string& id, absl::Time expiration = absl::InfiniteFuture()) {
  return Credentials{id, "secret", "", expiration};
}

class CredentialProviderTest : public ::testing::Test {
 protected:
  CredentialProviderTest() {
    std::vector<std::unique_ptr<CredentialSource>> sources;
    for (ScriptedSource** source : {&first_, &second_}) {
      sources.push_back(std::make_unique<ScriptedSource>());
      *source = static_cast<ScriptedSource*>(sources.back().get());
    }
    provider_ = std::make_unique<CredentialProvider>(std::move(sources), "test", [this] { return now_; });
  }
  // The id of what the provider gives, or the reason why it does not.
  std::string Got() {
    const absl::StatusOr<Credentials> got = provider_->Get();
    return got.ok() ? got->access_key_id : ErrorReason(got.status());
  }

  absl::Time now_ = kStart;
  ScriptedSource* first_;
  ScriptedSource* second_;
  std::unique_ptr<CredentialProvider> provider_;
};

TEST_F(CredentialProviderTest, TakesTheFirstSourceThatHasAny) {
  EXPECT_EQ(Got(), "S3_CREDENTIALS_MISSING");
  second_->answer = Make("B");
  EXPECT_EQ(Got(), "B");
}

TEST_F(CredentialProviderTest, AFailingSourceIsNotPassedOver) {
  first_->answer = absl::PermissionDeniedError("no");
  second_->answer = Make("B");
  EXPECT_EQ(Got(), "PERMISSION_DENIED");
  EXPECT_EQ(second_->fetches, 0);
}

TEST_F(CredentialProviderTest, RenewsFiveMinutesBeforeTheExpiration) {
  first_->answer = Make("A", kStart + absl::Hours(1));
  EXPECT_EQ(Got(), "A");
  now_ = kStart + absl::Minutes(54);
  EXPECT_EQ(Got(), "A");
  EXPECT_EQ(first_->fetches, 1);
  first_->answer = Make("B", kStart + absl::Hours(2));
  now_ = kStart + absl::Minutes(55);
  EXPECT_EQ(Got(), "B");
  EXPECT_EQ(first_->fetches, 2);
}

TEST_F(CredentialProviderTest, ShortLivedOnesAreNotAskedForEachTime) {
  first_->answer = Make("A", kStart + absl::Minutes(4));
  EXPECT_EQ(Got(), "A");
  EXPECT_EQ(Got(), "A");
  EXPECT_EQ(first_->fetches, 1);
  now_ = kStart + absl::Minutes(2);
  EXPECT_EQ(Got(), "A");
  EXPECT_EQ(first_->fetches, 2);
}

TEST_F(CredentialProviderTest, ThoseWithoutExpirationAreReadEachMinute) {
  first_->answer = Make("A");
  EXPECT_EQ(Got(), "A");
  first_->answer = Make("B");
  now_ += absl::Seconds(59);
  EXPECT_EQ(Got(), "A");
  now_ += absl::Seconds(1);
  EXPECT_EQ(Got(), "B");
}

TEST_F(CredentialProviderTest, OldOnesThatAreValidOutliveAFailure) {
  first_->answer = Make("A", kStart + absl::Hours(1));
  EXPECT_EQ(Got(), "A");
  first_->answer = absl::UnavailableError("away");
  now_ = kStart + absl::Minutes(56);
  EXPECT_EQ(Got(), "A");
  EXPECT_EQ(Got(), "A");
  EXPECT_EQ(first_->fetches, 2);
  now_ += absl::Seconds(10);
  EXPECT_EQ(Got(), "A");
  EXPECT_EQ(first_->fetches, 3);
  now_ = kStart + absl::Hours(1);
  EXPECT_EQ(Got(), "UNAVAILABLE");
  first_->answer = Make("B", kStart + absl::Hours(2));
  EXPECT_EQ(Got(), "B");
}

TEST_F(CredentialProviderTest, ExpiredAndBrokenOnesAreRefused) {
  first_->answer = Make("A", kStart);
  EXPECT_EQ(Got(), "S3_CREDENTIALS_EXPIRED");
  first_->answer = Make("", kStart + absl::Hours(1));
  EXPECT_EQ(Got(), "S3_CREDENTIALS_INVALID");
}

TEST_F(CredentialProviderTest, RefusedOnesAreRenewedOnce) {
  first_->answer = Make("A");
  const Credentials old = *provider_->Get();
  first_->answer = Make("B");
  provider_->Refuse(old);
  EXPECT_EQ(Got(), "B");
  provider_->Refuse(old);  // By another thread, late.
  EXPECT_EQ(Got(), "B");
  EXPECT_EQ(first_->fetches, 2);
}

TEST_F(CredentialProviderTest, WhileOneThreadRenewsTheOthersTakeTheOldOnes) {
  first_->answer = Make("A", kStart + absl::Hours(1));
  EXPECT_EQ(Got(), "A");
  now_ = kStart + absl::Minutes(56);
  first_->answer = Make("B", kStart + absl::Hours(2));
  absl::Notification renewing, go_on;
  first_->during = [&] {
    renewing.Notify();
    go_on.WaitForNotification();
  };
  std::thread renewer([this] { EXPECT_EQ(Got(), "B"); });
  renewing.WaitForNotification();
  EXPECT_EQ(Got(), "A");
  go_on.Notify();
  renewer.join();
  EXPECT_EQ(Got(), "B");
}

TEST_F(CredentialProviderTest, OneThreadAsksAndAllGetTheAnswer) {
  first_->answer = Make("A");
  absl::Notification renewing, go_on;
  first_->during = [&] {
    renewing.Notify();
    go_on.WaitForNotification();
  };
  std::vector<std::thread> threads;
  threads.emplace_back([this] { EXPECT_EQ(Got(), "A"); });
  renewing.WaitForNotification();
  for (int i = 0; i < 3; ++i) threads.emplace_back([this] { EXPECT_EQ(Got(), "A"); });
  go_on.Notify();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(first_->fetches, 1);
}

}  // namespace
}  // namespace binlogd
