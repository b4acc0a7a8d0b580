#include "rpc/guard.h"

#include <gmock/gmock.h>
#include <google/protobuf/dynamic_message.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "tests/rpc/guard_testing.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TokenOf;

std::vector<const MethodDescriptor*> Methods() {
  const google::protobuf::ServiceDescriptor* service =
      v1::StreamerSpec::descriptor()->file()->pool()->FindServiceByName("binlogd.v1.StreamerService");
  std::vector<const MethodDescriptor*> methods;
  for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i));
  return methods;
}

// A request of the method about a streamer, as bytes.
std::string RequestAbout(const MethodDescriptor& method, const std::string& streamer) {
  const std::unique_ptr<Message> request(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type())->New());
  Message* named = request.get();
  if (const auto* spec = method.input_type()->FindFieldByName("spec")) {
    named = request->GetReflection()->MutableMessage(request.get(), spec);
  }
  if (const auto* name = named->GetDescriptor()->FindFieldByName("name")) {
    named->GetReflection()->SetString(named, name, streamer);
  }
  return request->SerializeAsString();
}

std::string PathOf(const MethodDescriptor& method) { return "/binlogd.v1.StreamerService/" + method.name(); }

class GuardTest : public testing::GuardedRpcTest {
 protected:
  grpc::Status Call(const MethodDescriptor& method, const std::string& streamer, const std::string& token) {
    return Ask(PathOf(method), RequestAbout(method, streamer), token, /*cancel=*/method.server_streaming()).status;
  }
  static bool Refused(const grpc::Status& status) {
    return status.error_code() == grpc::StatusCode::PERMISSION_DENIED ||
           status.error_code() == grpc::StatusCode::UNAUTHENTICATED;
  }
  std::string Audit() { return *ReadWholeFile(dir_ / "audit"); }
  // The lines with this method, as soon as there are so many.
  std::vector<json> AwaitAudit(const std::string& method, size_t count) {
    std::vector<json> lines;
    EXPECT_TRUE(testing::Eventually([&] {
      lines.clear();
      for (const absl::string_view line : absl::StrSplit(Audit(), '\n', absl::SkipEmpty())) {
        const json entry = json::parse(line.begin(), line.end());
        if (entry["method"] == method) lines.push_back(entry);
      }
      return lines.size() >= count;
    }));
    EXPECT_EQ(lines.size(), count) << Audit();
    lines.resize(count);
    return lines;
  }
};

TEST_F(GuardTest, EveryMethodHasARuleAndAsksWhoCalls) {
  ASSERT_FALSE(Methods().empty());
  for (const MethodDescriptor* method : Methods()) {
    const MethodRule* rule = FindMethodRule(method->name());
    ASSERT_NE(rule, nullptr) << method->name() << " needs a rule, and a line in docs/security.md";
    EXPECT_EQ(rule->stream.has_value(), method->server_streaming()) << method->name();
    // What changes something is audited.
    EXPECT_TRUE(rule->audited || rule->right == Right::kView) << method->name();
    for (const char* streamer : {"a", ""}) {
      ExpectError(Call(*method, streamer, ""), grpc::StatusCode::UNAUTHENTICATED, "CREDENTIALS_MISSING");
      ExpectError(Call(*method, streamer, "forged"), grpc::StatusCode::UNAUTHENTICATED, "CREDENTIALS_UNKNOWN");
    }
  }
  EXPECT_EQ(FindMethodRule("Frobnicate"), nullptr);
}

TEST_F(GuardTest, EveryRoleMayDoWhatItsRuleSays) {
  for (const char* role : {"viewer", "operator", "admin", "tap"}) {
    for (const MethodDescriptor* method : Methods()) {
      const MethodRule& rule = *FindMethodRule(method->name());
      const bool may = (RightsOfRole(role) & static_cast<Rights>(rule.right)) != 0;
      const bool about_some = rule.scope == MethodRule::Scope::kSome;
      const bool about_all = rule.scope == MethodRule::Scope::kAll;
      EXPECT_EQ(Refused(Call(*method, "a", TokenOf(role))), about_all || (!about_some && !may))
          << role << " " << method->name();
      EXPECT_EQ(Refused(Call(*method, "b", TokenOf(role))), !about_some) << role << " " << method->name();
      EXPECT_EQ(Refused(Call(*method, "", TokenOf(role))), !about_some) << role << " " << method->name();
    }
  }
}

TEST_F(GuardTest, ARefusalDoesNotTellWhatIsThere) {
  Serve({"127.0.0.1:0"});
  ASSERT_TRUE(Create(Spec("b1"), false).ok());
  ServeUsers();
  for (const char* role : {"viewer", "operator", "admin", "tap"}) {
    for (const MethodDescriptor* method : Methods()) {
      if (FindMethodRule(method->name())->scope == MethodRule::Scope::kSome) continue;
      const grpc::Status there = Call(*method, "b1", TokenOf(role));
      const grpc::Status not_there = Call(*method, "b2", TokenOf(role));
      ExpectError(there, grpc::StatusCode::PERMISSION_DENIED, "NOT_ALLOWED");
      EXPECT_EQ(absl::StrReplaceAll(there.error_message(), {{"b1", "b2"}}), not_there.error_message());
    }
  }
  const MethodDescriptor& get = *Methods()[1];
  ASSERT_EQ(get.name(), "Get");
  EXPECT_THAT(
      Call(get, "b1", TokenOf("viewer")).error_message(),
      HasSubstr("user \"viewer\" may not view streamer \"b1\"; ask who runs the server to grant the role viewer"));
}

TEST_F(GuardTest, ListHasFullPagesOfWhatTheCallerMaySee) {
  Serve({"127.0.0.1:0"});
  for (const char* name : {"a1", "a2", "a3", "Z", "a21", "b1"}) ASSERT_TRUE(Create(Spec(name), false).ok());
  ServeUsers();
  const auto pages = [this](const std::string& role) {
    v1::ListRequest request;
    request.set_page_size(2);
    std::vector<std::string> names;
    do {
      v1::ListResponse response;
      EXPECT_TRUE(response.ParseFromString(
          Ask("/binlogd.v1.StreamerService/List", request.SerializeAsString(), TokenOf(role)).message));
      names.emplace_back();
      for (const v1::Streamer& streamer : response.streamers())
        absl::StrAppend(&names.back(), streamer.spec().name(), " ");
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return names;
  };
  EXPECT_THAT(pages("viewer"), ElementsAre("a1 a2 ", "a21 a3 "));
  EXPECT_THAT(pages("tap"), ElementsAre(""));
}

TEST_F(GuardTest, ChangesAreAuditedWithTheirResult) {
  const auto call = [this](const std::string& method, const std::string& streamer, const std::string& token) {
    return Ask("/binlogd.v1.StreamerService/" + method, "\x0a" + std::string(1, streamer.size()) + streamer, token);
  };
  v1::CreateRequest create;
  *create.mutable_spec() = Spec("a1");
  create.set_request_id("id-of-the-request");
  create.mutable_spec()->mutable_source()->mutable_password()->set_value("pass-word");
  EXPECT_TRUE(Ask("/binlogd.v1.StreamerService/Create", create.SerializeAsString(), TokenOf("admin")).status.ok());
  v1::ApplyRequest preview;
  *preview.mutable_spec() = Spec("a2");
  preview.set_validate_only(true);
  EXPECT_TRUE(Ask("/binlogd.v1.StreamerService/Apply", preview.SerializeAsString(), TokenOf("admin")).status.ok());
  call("Delete", "a2", TokenOf("admin"));
  call("Stop", "a1", TokenOf("viewer"));
  call("Start", "a1", "forged");
  call("Get", "a1", TokenOf("viewer"));

  const json created = AwaitAudit("Create", 1)[0];
  EXPECT_EQ(created["user"], "admin");
  EXPECT_EQ(created["shown"], "token");
  EXPECT_EQ(created["streamer"], "a1");
  EXPECT_EQ(created["code"], "OK");
  EXPECT_EQ(created["request_id"], "id-of-the-request");
  EXPECT_THAT(created["peer"].get<std::string>(), HasSubstr("127.0.0.1"));
  EXPECT_EQ(AwaitAudit("Apply", 1)[0]["validate_only"], true);
  const json deleted = AwaitAudit("Delete", 1)[0];
  EXPECT_EQ(deleted["code"], "NOT_FOUND");
  EXPECT_EQ(deleted["reason"], "STREAMER_NOT_FOUND");
  const json stopped = AwaitAudit("Stop", 1)[0];
  EXPECT_EQ(stopped["user"], "viewer");
  EXPECT_EQ(stopped["reason"], "NOT_ALLOWED");
  const json started = AwaitAudit("Start", 1)[0];
  EXPECT_EQ(started["user"], "");
  EXPECT_EQ(started["reason"], "CREDENTIALS_UNKNOWN");
  AwaitAudit("Get", 0);
  for (const std::string secret : {"pass-word", "token-of", "forged"}) EXPECT_THAT(Audit(), Not(HasSubstr(secret)));
}

class TapGuardTest : public GuardTest {
 protected:
  // A tap of "a" that has begun, or been refused.
  struct OpenTap {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<v1::TapResponse>> reader;
    bool begun = false;
    // Only of one that was refused.
    grpc::Status status;
  };
  std::unique_ptr<OpenTap> Tap() {
    auto tap = std::make_unique<OpenTap>();
    tap->context.AddMetadata("authorization", "Bearer " + TokenOf("tap"));
    v1::TapRequest request;
    request.set_name("a");
    tap->reader = stub_->Tap(&tap->context, request);
    v1::TapResponse response;
    tap->begun = tap->reader->Read(&response);
    if (!tap->begun) tap->status = tap->reader->Finish();
    return tap;
  }
  static void End(OpenTap& tap) {
    tap.context.TryCancel();
    tap.reader->Finish();
  }
};

TEST_F(TapGuardTest, OpenTapsAreCountedAndAudited) {
  Serve({"127.0.0.1:0"});
  ASSERT_TRUE(Create(Spec("a"), /*start=*/true).ok());
  ServeUsers({/*calls_per_second=*/0, /*failures_per_second=*/0, /*taps=*/1, /*watches=*/0});
  const std::unique_ptr<OpenTap> first = Tap();
  ASSERT_TRUE(first->begun) << first->status.error_message();
  EXPECT_EQ(AwaitAudit("Tap", 1)[0]["phase"], "begin");
  ExpectError(Tap()->status, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS");
  End(*first);
  EXPECT_TRUE(testing::Eventually([this] {
    const std::unique_ptr<OpenTap> next = Tap();
    if (next->begun) End(*next);
    return next->begun;
  }));
}

TEST_F(TapGuardTest, ATapEndsWithItsUser) {
  Serve({"127.0.0.1:0"});
  ASSERT_TRUE(Create(Spec("a"), /*start=*/true).ok());
  ServeUsers();
  const std::unique_ptr<OpenTap> tap = Tap();
  ASSERT_TRUE(tap->begun) << tap->status.error_message();
  PutUsers("tap b*\n");
  // Wakes the tap, which would have been told of it; by itself it looks every ten seconds.
  ASSERT_TRUE(manager_->Stop("a", Cancellation::Never()).ok());
  v1::TapResponse response;
  EXPECT_FALSE(tap->reader->Read(&response));
  ExpectError(tap->reader->Finish(), grpc::StatusCode::PERMISSION_DENIED, "NOT_ALLOWED");
}

TEST_F(GuardTest, AClientThatCallsTooOftenIsTold) {
  ServeUsers({/*calls_per_second=*/1, /*failures_per_second=*/0, /*taps=*/0, /*watches=*/0});
  grpc::Status status;
  for (int i = 0; i < 1000 && status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED; ++i) {
    status = Call(*Methods()[1], "a", TokenOf("viewer"));
  }
  ExpectError(status, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
  // Another user is not held to account for it.
  EXPECT_EQ(Call(*Methods()[1], "a", TokenOf("operator")).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(GuardTest, WhoFailsToSayWhoCallsIsHeldBackApart) {
  ServeUsers({/*calls_per_second=*/0, /*failures_per_second=*/1, /*taps=*/0, /*watches=*/0});
  grpc::Status status;
  for (int i = 0; i < 1000 && status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED; ++i) {
    status = Call(*Methods()[1], "a", "forged");
  }
  ExpectError(status, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_FAILURES");
  EXPECT_EQ(Call(*Methods()[1], "a", TokenOf("viewer")).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(GuardTest, FailuresAreLoggedOnceInAWhile) {
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 20; ++i) Call(*Methods()[1], "a", "forged-word");
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("Get from ipv4:127.0.0.1:"));
  EXPECT_THAT(log, HasSubstr("refused: CREDENTIALS_UNKNOWN"));
  EXPECT_THAT(log, Not(HasSubstr("forged-word")));
  EXPECT_LE(std::count(log.begin(), log.end(), '\n'), 2) << log;
}

TEST_F(GuardTest, MessagesHaveALargestSize) {
  const grpc::Status status =
      Ask("/binlogd.v1.StreamerService/Apply", std::string(5 << 20, '\0'), TokenOf("admin")).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
}

TEST_F(GuardTest, BytesThatAreNoMessageAreRefused) {
  // A name that is not UTF-8, a name that is cut off, and no field at all.
  for (const std::string& message : {std::string("\x0a\x01\xff"),
                                     std::string("\x0a\x05"
                                                 "a"),
                                     std::string(3, '\xff')}) {
    for (const char* method : {"Get", "Start", "Delete", "Tap"}) {
      ExpectError(Ask(std::string("/binlogd.v1.StreamerService/") + method, message, TokenOf("admin")).status,
                  grpc::StatusCode::INVALID_ARGUMENT, "MALFORMED_REQUEST");
    }
  }
  EXPECT_EQ(Call(*Methods()[1], "a", TokenOf("viewer")).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(GuardTest, AConnectionThatSaysTooLittleIsClosed) {
  RpcServerOptions options{"127.0.0.1:0"};
  options.handshake_timeout = absl::Milliseconds(100);
  Serve(options);
  for (const std::string& said : {std::string(), std::string("PRI * HT")}) {
    const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(server_->port()));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(send(connection, said.data(), said.size(), MSG_NOSIGNAL), static_cast<ssize_t>(said.size()));
    // Whatever the server says first; then it hangs up.
    char bytes[4096];
    ssize_t received = 0;
    do {
      pollfd waiting{connection, POLLIN, 0};
      ASSERT_EQ(poll(&waiting, 1, 60'000), 1) << "still connected";
      received = recv(connection, bytes, sizeof(bytes), 0);
    } while (received > 0);
    close(connection);
  }
}

}  // namespace
}  // namespace binlogd
