// What the server tells of the calls that it answers: its log, its audit log, its metrics.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "base/logging.h"
#include "tests/rpc/guard_testing.h"

namespace binlogd {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTraceparent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";

class TellingTest : public testing::GuardedRpcTest {
 protected:
  TellingTest() { SetLogFormat(LogFormat::kJson); }
  ~TellingTest() override {
    SetLogLevel(LogLevel::kInfo);
    SetLogFormat(LogFormat::kText);
  }

  static void Prepare(const std::string& role, grpc::ClientContext* context) {
    context->AddMetadata("authorization", "Bearer " + testing::TokenOf(role));
    context->AddMetadata("traceparent", kTraceparent);
  }
  grpc::Status SetLevel(const std::string& role, v1::ServerLogLevel::Level level) {
    grpc::ClientContext context;
    Prepare(role, &context);
    v1::SetLogLevelRequest request;
    request.set_level(level);
    v1::ServerLogLevel response;
    return stub_->SetLogLevel(&context, request, &response);
  }
  double Metric(const std::string& family, const std::vector<std::string>& labels) const {
    for (const MetricSample& sample : server_->Metrics()) {
      if (sample.family->name != family || sample.label_values != labels) continue;
      return sample.histogram ? static_cast<double>(sample.histogram->total()) : sample.value;
    }
    return 0;
  }
};

std::vector<json> Lines(const std::string& text) {
  std::vector<json> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    lines.push_back(json::parse(line.begin(), line.end()));
  }
  return lines;
}

TEST_F(TellingTest, TheLevelIsChangedByWhoMayOperateAllStreamers) {
  EXPECT_EQ(SetLevel("operator", v1::ServerLogLevel::DEBUG).error_code(), grpc::StatusCode::PERMISSION_DENIED)
      << "its grant is for some names only";
  PutUsers("viewer *\noperator *\n");
  EXPECT_EQ(SetLevel("viewer", v1::ServerLogLevel::DEBUG).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(CurrentLogLevel(), LogLevel::kInfo);
  EXPECT_TRUE(SetLevel("operator", v1::ServerLogLevel::DEBUG).ok());
  EXPECT_EQ(CurrentLogLevel(), LogLevel::kDebug);
  EXPECT_EQ(SetLevel("operator", v1::ServerLogLevel::LEVEL_UNSPECIFIED).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  grpc::ClientContext context;
  Prepare("viewer", &context);
  v1::ServerLogLevel now;
  EXPECT_TRUE(stub_->GetLogLevel(&context, v1::GetLogLevelRequest(), &now).ok());
  EXPECT_EQ(now.level(), v1::ServerLogLevel::DEBUG);
}

TEST_F(TellingTest, AChangeOfTheLevelIsLoggedAndAudited) {
  PutUsers("operator *\n");
  ::testing::internal::CaptureStderr();
  EXPECT_TRUE(SetLevel("operator", v1::ServerLogLevel::ERROR).ok());
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("the log's level is now error and was info"));
  server_.reset();
  const std::vector<json> audit = Lines(*ReadWholeFile(dir_ / "audit"));
  ASSERT_EQ(audit.size(), 1u);
  EXPECT_EQ(audit[0]["method"], "SetLogLevel");
  EXPECT_EQ(audit[0]["user"], "operator");
  EXPECT_EQ(audit[0]["trace_id"], kTraceId);
}

TEST_F(TellingTest, TheLinesThatACallCausesHaveItsTrace) {
  SetLogLevel(LogLevel::kDebug);
  ::testing::internal::CaptureStderr();
  grpc::ClientContext context;
  Prepare("admin", &context);
  v1::CreateRequest create;
  *create.mutable_spec() = Spec("a1");
  create.mutable_spec()->mutable_source()->mutable_password()->set_value("pass-word");
  create.set_start(true);
  v1::Streamer made;
  ASSERT_TRUE(stub_->Create(&context, create, &made).ok());
  manager_->Shutdown();
  server_.reset();
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, Not(HasSubstr("pass-word")));
  EXPECT_THAT(log, Not(HasSubstr(testing::TokenOf("admin"))));
  std::vector<std::string> traced;
  bool ended = false;
  for (const json& line : Lines(log)) {
    if (line.value("streamer", "") == "a1" && line.value("trace_id", "") == kTraceId) traced.push_back(line["message"]);
    ended = ended || (line.value("component", "") == "rpc" && line.value("trace_id", "") == kTraceId &&
                      line["message"].get<std::string>().rfind("Create from ", 0) == 0);
  }
  EXPECT_THAT(traced, ::testing::IsSupersetOf({"created", "starting"}));
  EXPECT_TRUE(ended) << log;
}

TEST_F(TellingTest, CallsAreCountedByMethodAndCode) {
  for (const char* token : {"viewer", "tap", "forged"}) {
    grpc::ClientContext context;
    Prepare(token, &context);
    v1::GetRequest request;
    request.set_name("a1");
    v1::Streamer streamer;
    EXPECT_FALSE(stub_->Get(&context, request, &streamer).ok());
  }
  // A call is over for its client before it is for the server.
  server_->Shutdown(absl::InfiniteDuration());
  EXPECT_EQ(Metric("binlogd_grpc_calls_total", {"Get", "NOT_FOUND"}), 1);
  EXPECT_EQ(Metric("binlogd_grpc_calls_total", {"Get", "PERMISSION_DENIED"}), 1);
  EXPECT_EQ(Metric("binlogd_grpc_calls_total", {"Get", "UNAUTHENTICATED"}), 1);
  EXPECT_EQ(Metric("binlogd_grpc_calls_total", {"Get", "OK"}), 0);
  EXPECT_EQ(Metric("binlogd_grpc_calls_in_flight", {"Get"}), 0);
  EXPECT_EQ(Metric("binlogd_grpc_call_seconds", {"Get"}), 3);
}

TEST_F(TellingTest, AStreamIsInFlightUntilItEnds) {
  grpc::ClientContext context;
  Prepare("viewer", &context);
  const auto watch = stub_->Watch(&context, v1::WatchRequest());
  v1::WatchResponse first;
  ASSERT_TRUE(watch->Read(&first));
  EXPECT_EQ(Metric("binlogd_grpc_calls_in_flight", {"Watch"}), 1);
  context.TryCancel();
  (void)watch->Finish();
  EXPECT_TRUE(testing::Eventually([&] { return Metric("binlogd_grpc_calls_in_flight", {"Watch"}) == 0; }));
  EXPECT_EQ(Metric("binlogd_grpc_calls_total", {"Watch", "CANCELLED"}), 1);
  EXPECT_EQ(Metric("binlogd_grpc_call_seconds", {"Watch"}), 0);
}

}  // namespace
}  // namespace binlogd
