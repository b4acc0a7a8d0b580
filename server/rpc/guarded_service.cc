#include "rpc/guarded_service.h"

#include <string>

#include "base/trace.h"
#include "rpc/pumped_stream.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

template <typename Request>
CallSubject SubjectOf(const Request& request) {
  CallSubject subject;
  if constexpr (requires { request.spec(); }) {
    subject.streamer = request.spec().name();
  } else if constexpr (requires { request.name(); }) {
    subject.streamer = request.name();
  }
  if constexpr (requires { request.request_id(); }) subject.request_id = request.request_id();
  if constexpr (requires { request.validate_only(); }) subject.validate_only = request.validate_only();
  return subject;
}

grpc::Status Refuse(grpc::ServerContext*, const grpc::Status& status) { return status; }

grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, const grpc::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

using Inner = StreamerServiceImpl;

}  // namespace

template <auto Method, typename AnyContext, typename Request, typename Response>
auto GuardedService::Guarded(absl::string_view name, AnyContext* context, const Request* request, Response* response) {
  const TraceScope trace(TraceOf(*context));
  const absl::StatusOr<std::shared_ptr<Permit>> permit = guard_->Admit(*context, name, SubjectOf(*request));
  if (!permit.ok()) return Refuse(context, ToGrpcStatus(permit.status()));
  return (service_->*Method)(context, *permit, request, response);
}

template <auto Method, typename Response, typename Request>
grpc::ServerWriteReactor<Response>* GuardedService::GuardedStream(absl::string_view name, Context* context,
                                                                  const Request* request) {
  const TraceScope trace(TraceOf(*context));
  const absl::StatusOr<std::shared_ptr<Permit>> permit = guard_->Admit(*context, name, SubjectOf(*request));
  if (!permit.ok()) return new RefusedStream<Response>(permit.status());
  return (service_->*Method)(context, *permit, request);
}

grpc::ServerUnaryReactor* GuardedService::Create(Context* context, const v1::CreateRequest* request,
                                                 v1::Streamer* response) {
  return Guarded<&Inner::Create>("Create", context, request, response);
}

grpc::Status GuardedService::Get(SyncContext* context, const v1::GetRequest* request, v1::Streamer* response) {
  return Guarded<&Inner::Get>("Get", context, request, response);
}

grpc::Status GuardedService::List(SyncContext* context, const v1::ListRequest* request, v1::ListResponse* response) {
  return Guarded<&Inner::List>("List", context, request, response);
}

grpc::ServerUnaryReactor* GuardedService::Update(Context* context, const v1::UpdateRequest* request,
                                                 v1::Streamer* response) {
  return Guarded<&Inner::Update>("Update", context, request, response);
}

grpc::ServerUnaryReactor* GuardedService::Delete(Context* context, const v1::DeleteRequest* request,
                                                 v1::DeleteResponse* response) {
  return Guarded<&Inner::Delete>("Delete", context, request, response);
}

grpc::ServerUnaryReactor* GuardedService::Apply(Context* context, const v1::ApplyRequest* request,
                                                v1::ApplyResponse* response) {
  return Guarded<&Inner::Apply>("Apply", context, request, response);
}

grpc::ServerUnaryReactor* GuardedService::Start(Context* context, const v1::StartRequest* request,
                                                v1::Streamer* response) {
  return Guarded<&Inner::Start>("Start", context, request, response);
}

grpc::ServerUnaryReactor* GuardedService::Stop(Context* context, const v1::StopRequest* request,
                                               v1::Streamer* response) {
  return Guarded<&Inner::Stop>("Stop", context, request, response);
}

grpc::Status GuardedService::Status(SyncContext* context, const v1::StatusRequest* request,
                                    v1::StreamerStatus* response) {
  return Guarded<&Inner::Status>("Status", context, request, response);
}

grpc::Status GuardedService::Metrics(SyncContext* context, const v1::MetricsRequest* request,
                                     v1::MetricsResponse* response) {
  return Guarded<&Inner::Metrics>("Metrics", context, request, response);
}

grpc::Status GuardedService::GetLogLevel(SyncContext* context, const v1::GetLogLevelRequest* request,
                                         v1::ServerLogLevel* response) {
  return Guarded<&Inner::GetLogLevel>("GetLogLevel", context, request, response);
}

grpc::Status GuardedService::SetLogLevel(SyncContext* context, const v1::SetLogLevelRequest* request,
                                         v1::ServerLogLevel* response) {
  return Guarded<&Inner::SetLogLevel>("SetLogLevel", context, request, response);
}

grpc::ServerUnaryReactor* GuardedService::Validate(Context* context, const v1::ValidateRequest* request,
                                                   v1::ValidateResponse* response) {
  return Guarded<&Inner::Validate>("Validate", context, request, response);
}

grpc::ServerWriteReactor<v1::TapResponse>* GuardedService::Tap(Context* context, const v1::TapRequest* request) {
  return GuardedStream<&Inner::Tap, v1::TapResponse>("Tap", context, request);
}

grpc::ServerWriteReactor<v1::WatchResponse>* GuardedService::Watch(Context* context, const v1::WatchRequest* request) {
  return GuardedStream<&Inner::Watch, v1::WatchResponse>("Watch", context, request);
}

grpc::ServerWriteReactor<v1::LogsResponse>* GuardedService::Logs(Context* context, const v1::LogsRequest* request) {
  return GuardedStream<&Inner::Logs, v1::LogsResponse>("Logs", context, request);
}

}  // namespace binlogd
