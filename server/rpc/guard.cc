#include "rpc/guard.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "binlogd/v1/service.grpc.pb.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

using Scope = MethodRule::Scope;

constexpr MethodRule kRules[] = {
    {"Create", Right::kChange, Scope::kNamed, true},
    {"Get", Right::kView, Scope::kNamed, false},
    {"List", Right::kView, Scope::kSome, false},
    {"Update", Right::kChange, Scope::kNamed, true},
    {"Delete", Right::kChange, Scope::kNamed, true},
    // Also with validate_only: the answer tells whether a secret is the one that is stored.
    {"Apply", Right::kChange, Scope::kNamed, true},
    {"Start", Right::kOperate, Scope::kNamed, true},
    {"Stop", Right::kOperate, Scope::kNamed, true},
    {"Status", Right::kView, Scope::kNamed, false},
    {"Watch", Right::kView, Scope::kSome, false, StreamKind::kWatch},
    {"Logs", Right::kView, Scope::kNamed, false, StreamKind::kWatch},
    {"Metrics", Right::kView, Scope::kNamed, false},
    // It reads the secrets that the spec names, and connects where the spec says.
    {"Validate", Right::kChange, Scope::kNamed, true},
    {"Tap", Right::kTap, Scope::kNamed, true, StreamKind::kTap},
};

// No streamer's name is longer; what a request holds may be.
constexpr size_t kLongestName = 63;
constexpr size_t kLongestRequestId = 128;

CallerCredentials CredentialsOf(const grpc::ServerContextBase& context) {
  CallerCredentials credentials;
  const auto header = context.client_metadata().find("authorization");
  if (header != context.client_metadata().end()) {
    credentials.authorization.assign(header->second.data(), header->second.size());
  }
  // TLS has verified the certificate, or there is none.
  const std::shared_ptr<const grpc::AuthContext> peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return credentials;
  for (const char* property : {"x509_common_name", "x509_subject_alternative_name"}) {
    for (const grpc::string_ref& name : peer->FindPropertyValues(property)) {
      credentials.certificate_names.emplace_back(name.data(), name.size());
    }
  }
  return credentials;
}

// "ipv4:192.0.2.7:4711" without the port.
std::string HostOf(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

// To whom a call is counted.
std::string ClientOf(const Caller& caller, const std::string& peer) {
  return caller.user == nullptr ? HostOf(peer) : absl::StrCat("user ", caller.name);
}

}  // namespace

// One call, as gRPC's machinery sees it; lives as long as the call.
class CallObserver final : public grpc::experimental::Interceptor {
 public:
  CallObserver(Guard* guard, const grpc::ServerContextBase* context) : guard_(guard), context_(context) {}
  ~CallObserver() override { guard_->Forget(context_); }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    using Point = grpc::experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(Point::POST_RECV_MESSAGE))
      is_message_ = methods->GetRecvMessage() != nullptr;
    if (methods->QueryInterceptionHookPoint(Point::PRE_SEND_STATUS)) {
      // By itself gRPC says no word, and of some methods that they are not implemented.
      if (!is_message_) methods->ModifySendStatus(ToGrpcStatus(NoMessage()));
      guard_->Note(context_, methods->GetSendStatus());
    }
    methods->Proceed();
  }

 private:
  static absl::Status NoMessage() {
    return MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_REQUEST",
                     "the request is no message of this call: it is cut off or garbled, or a text in it is not UTF-8");
  }

  Guard* const guard_;
  const grpc::ServerContextBase* const context_;
  bool is_message_ = true;
};

namespace {

class CallObserverFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit CallObserverFactory(Guard* guard)
      : guard_(guard), prefix_(absl::StrCat("/", v1::StreamerService::service_full_name(), "/")) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) override {
    absl::string_view method = call->method();
    if (!absl::ConsumePrefix(&method, prefix_)) return nullptr;
    return new CallObserver(guard_, call->server_context());
  }

 private:
  Guard* const guard_;
  const std::string prefix_;
};

}  // namespace

const MethodRule* FindMethodRule(absl::string_view method) {
  const auto found = std::find_if(std::begin(kRules), std::end(kRules),
                                  [method](const MethodRule& rule) { return rule.method == method; });
  return found == std::end(kRules) ? nullptr : found;
}

absl::StatusOr<Caller> Guard::Authenticate(const CallerCredentials& credentials, absl::string_view method,
                                           const std::string& peer) {
  absl::StatusOr<Caller> caller = access_->Authenticate(credentials);
  if (caller.ok()) {
    RETURN_IF_ERROR(limits_->CountCall(ClientOf(*caller, peer)));
    return caller;
  }
  if (const std::optional<uint64_t> kept_back = failures_.Admit(absl::Now())) {
    Log(LogLevel::kWarning, "server",
        absl::StrCat(method, " from ", peer, " refused: ", ErrorReason(caller.status()),
                     *kept_back == 0 ? "" : absl::StrCat("; ", *kept_back, " more since the last such line")));
  }
  RETURN_IF_ERROR(limits_->CountFailure(HostOf(peer)));
  return caller;
}

absl::StatusOr<std::shared_ptr<Permit>> Guard::Admit(const grpc::ServerContextBase& context, absl::string_view method,
                                                     const CallSubject& subject) {
  const MethodRule* rule = FindMethodRule(method);
  if (rule == nullptr) {
    return MakeError(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED", absl::StrCat("nobody may call ", method));
  }
  const std::string peer = context.peer();
  CallerCredentials credentials = CredentialsOf(context);
  const absl::StatusOr<Caller> caller = Authenticate(credentials, method, peer);
  // A call too many costs next to nothing: no line either.
  if (absl::IsResourceExhausted(caller.status())) return caller.status();

  Call call;
  call.entry.peer = peer;
  call.entry.method = std::string(method);
  call.entry.streamer = std::string(subject.streamer.substr(0, kLongestName));
  call.entry.request_id = std::string(subject.request_id.substr(0, kLongestRequestId));
  call.entry.validate_only = subject.validate_only;
  call.audited = rule->audited;
  absl::Status admitted = caller.status();
  std::optional<NeededRight> needed;
  if (rule->scope == Scope::kNamed) needed = NeededRight{rule->right, std::string(subject.streamer)};
  if (caller.ok()) {
    call.entry.user = caller->name;
    call.entry.shown = caller->shown;
    if (needed) admitted = CheckAllowed(*caller, needed->right, needed->streamer);
    if (admitted.ok() && rule->stream) admitted = OpenStream(*caller, *rule, peer, &call);
  }
  if (rule->audited || rule->stream) {
    absl::MutexLock lock(&mutex_);
    calls_.insert_or_assign(&context, std::move(call));
  }
  RETURN_IF_ERROR(admitted);
  return std::make_shared<Permit>(access_, std::move(credentials), *caller, std::move(needed));
}

absl::Status Guard::OpenStream(const Caller& caller, const MethodRule& rule, const std::string& peer, Call* call) {
  ASSIGN_OR_RETURN(call->stream, limits_->OpenStream(*rule.stream, ClientOf(caller, peer)));
  if (!rule.audited) return absl::OkStatus();
  AuditEntry begin = call->entry;
  begin.phase = "begin";
  audit_->Write(begin);
  return absl::OkStatus();
}

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> Guard::MakeObserver() {
  return std::make_unique<CallObserverFactory>(this);
}

void Guard::Note(const grpc::ServerContextBase* context, const grpc::Status& status) {
  AuditEntry entry;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = calls_.find(context);
    if (found == calls_.end() || !found->second.audited) return;
    found->second.audited = false;
    entry = found->second.entry;
  }
  entry.SetResult(FromGrpcStatus(status));
  audit_->Write(entry);
}

void Guard::Forget(const grpc::ServerContextBase* context) {
  Call ended;  // Destroyed after the lock: what it holds has a lock of its own.
  absl::MutexLock lock(&mutex_);
  const auto found = calls_.find(context);
  if (found == calls_.end()) return;
  ended = std::move(found->second);
  calls_.erase(found);
}

}  // namespace binlogd
