#include "rpc/guard.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "base/trace.h"
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
    {"GetLogLevel", Right::kView, Scope::kAll, false},
    {"SetLogLevel", Right::kOperate, Scope::kAll, true},
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

size_t IndexOf(const MethodRule* rule) { return static_cast<size_t>(rule - std::begin(kRules)); }

std::vector<CallCounters::Method> CountedMethods() {
  std::vector<CallCounters::Method> methods;
  for (const MethodRule& rule : kRules) methods.push_back({rule.method, rule.stream.has_value()});
  return methods;
}

}  // namespace

std::string TraceOf(const grpc::ServerContextBase& context) {
  const auto header = context.client_metadata().find("traceparent");
  if (header == context.client_metadata().end()) return "";
  return TraceIdOf(absl::string_view(header->second.data(), header->second.size()));
}

Guard::Guard(Access* access, CallLimits* limits, AuditLog* audit)
    : access_(access), limits_(limits), audit_(audit), counters_(CountedMethods()) {}

// One call, as gRPC's machinery sees it; lives as long as the call.
class CallObserver final : public grpc::experimental::Interceptor {
 public:
  CallObserver(Guard* guard, const grpc::ServerContextBase* context, const MethodRule* rule)
      : guard_(guard), context_(context), rule_(rule) {
    guard_->counters_.Begin(IndexOf(rule_));
  }
  ~CallObserver() override {
    guard_->counters_.End(IndexOf(rule_), code_, absl::FromChrono(Clock::now() - begin_));
    guard_->Forget(context_);
  }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    using Point = grpc::experimental::InterceptionHookPoints;
    if (methods->QueryInterceptionHookPoint(Point::POST_RECV_MESSAGE))
      is_message_ = methods->GetRecvMessage() != nullptr;
    if (methods->QueryInterceptionHookPoint(Point::PRE_SEND_STATUS)) {
      // By itself gRPC says no word, and of some methods that they are not implemented.
      if (!is_message_) methods->ModifySendStatus(ToGrpcStatus(NoMessage()));
      const grpc::Status status = methods->GetSendStatus();
      code_ = status.error_code();
      if (CurrentLogLevel() == LogLevel::kDebug) LogCall(status);
      guard_->Note(context_, status);
    }
    methods->Proceed();
  }

 private:
  static absl::Status NoMessage() {
    return MakeError(absl::StatusCode::kInvalidArgument, "MALFORMED_REQUEST",
                     "the request is no message of this call: it is cut off or garbled, or a text in it is not UTF-8");
  }

  void LogCall(const grpc::Status& status) const {
    const TraceScope trace(TraceOf(*context_));
    Log(LogLevel::kDebug, "rpc",
        absl::StrCat(rule_->method, " from ", context_->peer(), " ends with ",
                     absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code())), " after ",
                     absl::FormatDuration(absl::FromChrono(Clock::now() - begin_))));
  }

  using Clock = std::chrono::steady_clock;

  Guard* const guard_;
  const grpc::ServerContextBase* const context_;
  const MethodRule* const rule_;
  const Clock::time_point begin_ = Clock::now();
  bool is_message_ = true;
  // Of a call whose client has gone before it was answered.
  int code_ = grpc::StatusCode::CANCELLED;
};

namespace {

class CallObserverFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit CallObserverFactory(Guard* guard)
      : guard_(guard), prefix_(absl::StrCat("/", v1::StreamerService::service_full_name(), "/")) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) override {
    absl::string_view method = call->method();
    if (!absl::ConsumePrefix(&method, prefix_)) return nullptr;
    const MethodRule* const rule = FindMethodRule(method);
    return rule == nullptr ? nullptr : new CallObserver(guard_, call->server_context(), rule);
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
        absl::StrCat(method, " from ", peer, " refused: ", ErrorReason(caller.status()), KeptBackText(*kept_back)));
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
  call.entry.trace_id = CurrentTraceId();
  call.audited = rule->audited;
  absl::Status admitted = caller.status();
  std::optional<NeededRight> needed;
  // Only a grant for every name is one for none.
  if (rule->scope == Scope::kAll) needed = NeededRight{rule->right, ""};
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
