#include "rpc/guard.h"

#include <gmock/gmock.h>
#include <google/protobuf/dynamic_message.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "base/file.h"
#include "tests/rpc/rpc_testing.h"
#include "tests/streamer/streamer_testing.h"

namespace binlogd {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// One user for each role, on streamers whose names begin with "a".
std::string TokenOf(const std::string& role) { return "token-of-" + role; }

absl::StatusOr<std::vector<User>> UsersByRole(absl::string_view, absl::string_view) {
  std::vector<User> users;
  for (const char* role : {"viewer", "operator", "admin", "tap"}) {
    users.push_back({role, {{HashToken(TokenOf(role))}}, {}, {{RightsOfRole(role), {"a*"}}}});
  }
  return users;
}

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

class GuardTest : public testing::RpcTest {
 protected:
  GuardTest() {
    EXPECT_TRUE(ReplaceFile(dir_ / "users", "", 0600).ok());
    access_ = *Access::Open(dir_ / "users", UsersByRole);
    audit_ = *AuditLog::Open(dir_ / "audit");
    ServeUsers({});
  }
  ~GuardTest() override { server_.reset(); }

  void ServeUsers(CallLimitOptions limits) { Serve({"127.0.0.1:0", nullptr, access_.get(), audit_.get(), limits}); }

  grpc::Status Call(const MethodDescriptor& method, const std::string& streamer, const std::string& token) {
    return Ask(PathOf(method), RequestAbout(method, streamer), token).status;
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

  std::unique_ptr<Access> access_;
  std::unique_ptr<AuditLog> audit_;
};

TEST_F(GuardTest, EveryMethodHasARuleAndAsksWhoCalls) {
  ASSERT_FALSE(Methods().empty());
  for (const MethodDescriptor* method : Methods()) {
    const MethodRule* rule = FindMethodRule(method->name());
    ASSERT_NE(rule, nullptr) << method->name() << " needs a rule, and a line in docs/security.md";
    EXPECT_EQ(rule->is_stream, method->server_streaming()) << method->name();
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
      const bool about_one = rule.scope == MethodRule::Scope::kNamed;
      const bool about_some = rule.scope == MethodRule::Scope::kSome;
      EXPECT_EQ(Refused(Call(*method, "a", TokenOf(role))), !about_some && !(about_one && may))
          << role << " " << method->name();
      EXPECT_EQ(Refused(Call(*method, "b", TokenOf(role))), !about_some) << role << " " << method->name();
      EXPECT_EQ(Refused(Call(*method, "", TokenOf(role))), !about_some) << role << " " << method->name();
    }
  }
}

TEST_F(GuardTest, ARefusalDoesNotTellWhatIsThere) {
  const MethodDescriptor& get = *Methods()[1];
  ASSERT_EQ(get.name(), "Get");
  const grpc::Status refused = Call(get, "b", TokenOf("viewer"));
  ExpectError(refused, grpc::StatusCode::PERMISSION_DENIED, "NOT_ALLOWED");
  EXPECT_THAT(refused.error_message(), HasSubstr("user \"viewer\" may not view streamer \"b\""));
}

TEST_F(GuardTest, ListLeavesOutWhatTheCallerMayNotSee) {
  Serve({"127.0.0.1:0"});
  for (const char* name : {"a1", "a2", "b1"}) ASSERT_TRUE(Create(Spec(name), false).ok());
  ServeUsers({});
  const auto names = [this](const std::string& role) {
    v1::ListResponse response;
    EXPECT_TRUE(response.ParseFromString(Ask("/binlogd.v1.StreamerService/List", "", TokenOf(role)).message));
    std::vector<std::string> found;
    for (const v1::Streamer& streamer : response.streamers()) found.push_back(streamer.spec().name());
    return found;
  };
  EXPECT_THAT(names("viewer"), ElementsAre("a1", "a2"));
  EXPECT_THAT(names("tap"), ElementsAre());
}

TEST_F(GuardTest, ChangesAreAuditedWithTheirResult) {
  const auto call = [this](const std::string& method, const std::string& streamer, const std::string& token) {
    return Ask("/binlogd.v1.StreamerService/" + method, "\x0a" + std::string(1, streamer.size()) + streamer, token);
  };
  v1::CreateRequest create;
  *create.mutable_spec() = Spec("a1");
  create.mutable_spec()->mutable_source()->mutable_password()->set_value("pass-word");
  EXPECT_TRUE(Ask("/binlogd.v1.StreamerService/Create", create.SerializeAsString(), TokenOf("admin")).status.ok());
  call("Delete", "a2", TokenOf("admin"));
  call("Stop", "a1", TokenOf("viewer"));
  call("Start", "a1", "forged");
  call("Get", "a1", TokenOf("viewer"));

  const json created = AwaitAudit("Create", 1)[0];
  EXPECT_EQ(created["user"], "admin");
  EXPECT_EQ(created["shown"], "token");
  EXPECT_EQ(created["streamer"], "a1");
  EXPECT_EQ(created["code"], "OK");
  EXPECT_THAT(created["peer"].get<std::string>(), HasSubstr("127.0.0.1"));
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
  ServeUsers({/*calls_per_second=*/0, /*streams=*/1});
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

TEST_F(GuardTest, AClientThatCallsTooOftenIsTold) {
  ServeUsers({/*calls_per_second=*/1, /*streams=*/0});
  grpc::Status status;
  for (int i = 0; i < 1000 && status.error_code() != grpc::StatusCode::RESOURCE_EXHAUSTED; ++i) {
    status = Call(*Methods()[1], "a", TokenOf("viewer"));
  }
  ExpectError(status, grpc::StatusCode::RESOURCE_EXHAUSTED, "TOO_MANY_CALLS");
  // Another user is not held to account for it.
  EXPECT_EQ(Call(*Methods()[1], "a", TokenOf("operator")).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(GuardTest, MessagesHaveALargestSize) {
  const grpc::Status status =
      Ask("/binlogd.v1.StreamerService/Apply", std::string(5 << 20, '\0'), TokenOf("admin")).status;
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << status.error_message();
}

TEST_F(GuardTest, BytesThatAreNoTextAreRefused) {
  for (const std::string message : {"\x0a\x01\xff",
                                    "\x0a\x05"
                                    "a",
                                    "\xff\xff\xff"}) {
    EXPECT_FALSE(Ask("/binlogd.v1.StreamerService/Start", message, TokenOf("admin")).status.ok());
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
