#include "rpc/guard.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlogd/v1/service.grpc.pb.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

using Scope = MethodRule::Scope;

constexpr MethodRule kRules[] = {
    {"Create", Right::kChange, Scope::kNamed, false, true},
    {"Get", Right::kView, Scope::kNamed, false, false},
    {"List", Right::kView, Scope::kSome, false, false},
    {"Update", Right::kChange, Scope::kNamed, false, true},
    {"Delete", Right::kChange, Scope::kNamed, false, true},
    {"Apply", Right::kChange, Scope::kNamed, false, true},
    {"Start", Right::kOperate, Scope::kNamed, false, true},
    {"Stop", Right::kOperate, Scope::kNamed, false, true},
    {"Status", Right::kView, Scope::kNamed, false, false},
    {"Watch", Right::kView, Scope::kAll, true, false},
    {"Metrics", Right::kView, Scope::kNamed, false, false},
    // It reads the secrets that the spec names, and connects where the spec says.
    {"Validate", Right::kChange, Scope::kNamed, false, true},
    {"Tap", Right::kTap, Scope::kNamed, true, true},
};

// No streamer's name is longer; what a request holds may be.
constexpr size_t kLongestName = 63;

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

}  // namespace

// One call, as gRPC's machinery sees it; lives as long as the call.
class CallObserver final : public grpc::experimental::Interceptor {
 public:
  CallObserver(Guard* guard, const grpc::ServerContextBase* context) : guard_(guard), context_(context) {}
  ~CallObserver() override { guard_->Forget(context_); }

  void Intercept(grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(grpc::experimental::InterceptionHookPoints::PRE_SEND_STATUS)) {
      guard_->Note(context_, methods->GetSendStatus());
    }
    methods->Proceed();
  }

 private:
  Guard* const guard_;
  const grpc::ServerContextBase* const context_;
};

namespace {

class CallObserverFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit CallObserverFactory(Guard* guard)
      : guard_(guard), prefix_(absl::StrCat("/", v1::StreamerService::service_full_name(), "/")) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(grpc::experimental::ServerRpcInfo* call) override {
    absl::string_view method = call->method();
    if (!absl::ConsumePrefix(&method, prefix_)) return nullptr;
    const MethodRule* rule = FindMethodRule(method);
    if (rule == nullptr || (!rule->audited && !rule->is_stream)) return nullptr;
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

absl::StatusOr<Caller> Guard::Admit(const grpc::ServerContextBase& context, absl::string_view method,
                                    absl::string_view streamer) {
  const MethodRule* rule = FindMethodRule(method);
  if (rule == nullptr) {
    return MakeError(absl::StatusCode::kPermissionDenied, "NOT_ALLOWED", absl::StrCat("nobody may call ", method));
  }
  const std::string peer = context.peer();
  absl::StatusOr<Caller> caller = access_->Authenticate(CredentialsOf(context));
  const bool is_user = caller.ok() && caller->user != nullptr;
  const std::string client = is_user ? absl::StrCat("user ", caller->name) : HostOf(peer);
  // A call too many costs next to nothing: no line either.
  RETURN_IF_ERROR(limits_->CountCall(client));

  Call call;
  call.entry = {caller.ok() ? caller->name : "", caller.ok() ? caller->shown : "none", peer, std::string(method),
                std::string(streamer.substr(0, kLongestName))};
  call.audited = rule->audited;
  if (caller.ok() && rule->scope != Scope::kSome) {
    const absl::Status allowed = rule->scope == Scope::kNamed ? CheckAllowed(*caller, rule->right, streamer)
                                                              : CheckAllowedEverywhere(*caller, rule->right);
    if (!allowed.ok()) caller = allowed;
  }
  if (caller.ok() && rule->is_stream) {
    absl::StatusOr<CallLimits::Stream> stream = limits_->OpenStream(client);
    if (!stream.ok()) caller = stream.status();
    if (stream.ok()) call.stream = *std::move(stream);
  }
  if (caller.ok() && rule->is_stream && rule->audited) {
    AuditEntry begin = call.entry;
    begin.phase = "begin";
    audit_->Write(begin);
  }
  if (rule->audited || rule->is_stream) {
    absl::MutexLock lock(&mutex_);
    calls_.insert_or_assign(&context, std::move(call));
  }
  return caller;
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
  const absl::Status result = FromGrpcStatus(status);
  entry.code = absl::StatusCodeToString(result.code());
  if (!result.ok()) entry.reason = ErrorReason(result);
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
