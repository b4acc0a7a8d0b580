// The one place that every RPC passes before it is answered.
#pragma once

#include <grpcpp/grpcpp.h>
#include <grpcpp/support/server_interceptor.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "auth/access.h"
#include "auth/audit_log.h"
#include "auth/call_limits.h"
#include "base/log_limiter.h"
#include "rpc/call_counters.h"
#include "rpc/permit.h"

namespace binlogd {

// What an RPC takes; docs/security.md shows the same as a table.
struct MethodRule {
  // On which streamers the caller needs the right.
  enum class Scope {
    kNamed,  // The one that the request names.
    kSome,   // Any: the answer leaves out those on which the caller lacks it.
    kAll,    // All, also those to come: the call is about the server.
  };
  absl::string_view method;  // Its name in the proto.
  Right right = Right::kChange;
  Scope scope = Scope::kNamed;
  bool audited = false;
  std::optional<StreamKind> stream = std::nullopt;
};

// What of a request the guard and its audit log look at.
struct CallSubject {
  // The streamer that it names; empty: none.
  absl::string_view streamer;
  absl::string_view request_id = {};
  bool validate_only = false;
};

// Null for a method without a rule, which nobody may call.
const MethodRule* FindMethodRule(absl::string_view method);

// The trace that the caller says the call belongs to; see TraceIdOf.
std::string TraceOf(const grpc::ServerContextBase& context);

// Finds out who calls, counts the call, decides whether it may be made, and writes the audit log. Thread-safe. Outlives
// the server whose calls it sees.
class Guard {
 public:
  // None is owned; all outlive the guard.
  Guard(Access* access, CallLimits* limits, AuditLog* audit);

  // To be asked once a call, before anything is done for it: why the call is refused (UNAUTHENTICATED,
  // PERMISSION_DENIED or RESOURCE_EXHAUSTED), or what it was admitted by.
  absl::StatusOr<std::shared_ptr<Permit>> Admit(const grpc::ServerContextBase& context, absl::string_view method,
                                                const CallSubject& subject);

  // Of all calls, refused ones too.
  const CallCounters& counters() const { return counters_; }

  // To be given to the server: tells the guard how each call ends, and puts into words why one that is no message does.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeObserver();

 private:
  friend class CallObserver;
  // What is kept of a call until its end.
  struct Call {
    AuditEntry entry;
    bool audited = false;
    CallLimits::Stream stream;
  };

  absl::StatusOr<Caller> Authenticate(const CallerCredentials& credentials, absl::string_view method,
                                      const std::string& peer);

  // Counts it and writes its first line.
  absl::Status OpenStream(const Caller& caller, const MethodRule& rule, const std::string& peer, Call* call);

  // Called by the observer: the status that is sent, and the end of all that has to do with the call.
  void Note(const grpc::ServerContextBase* context, const grpc::Status& status);
  void Forget(const grpc::ServerContextBase* context);

  Access* const access_;
  CallLimits* const limits_;
  AuditLog* const audit_;
  CallCounters counters_;
  LogLimiter failures_{absl::Seconds(10)};
  absl::Mutex mutex_;
  absl::flat_hash_map<const grpc::ServerContextBase*, Call> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
