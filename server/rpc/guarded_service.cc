#include "rpc/guarded_service.h"

#include <string>

#include "rpc/pumped_stream.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

// The streamer that a request is about.
template <typename Request>
const std::string& StreamerOf(const Request& request) {
  if constexpr (requires { request.spec(); }) {
    return request.spec().name();
  } else {
    return request.name();
  }
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
  const absl::StatusOr<Caller> caller = guard_->Admit(*context, name, StreamerOf(*request));
  if (!caller.ok()) return Refuse(context, ToGrpcStatus(caller.status()));
  return (service_->*Method)(context, request, response);
}

grpc::ServerUnaryReactor* GuardedService::Create(Context* context, const v1::CreateRequest* request,
                                                 v1::Streamer* response) {
  return Guarded<&Inner::Create>("Create", context, request, response);
}

grpc::Status GuardedService::Get(SyncContext* context, const v1::GetRequest* request, v1::Streamer* response) {
  return Guarded<&Inner::Get>("Get", context, request, response);
}

grpc::Status GuardedService::List(SyncContext* context, const v1::ListRequest* request, v1::ListResponse* response) {
  const absl::StatusOr<Caller> caller = guard_->Admit(*context, "List", "");
  if (!caller.ok()) return ToGrpcStatus(caller.status());
  const grpc::Status listed = service_->List(context, request, response);
  v1::ListResponse shown;
  for (v1::Streamer& streamer : *response->mutable_streamers()) {
    if (caller->May(Right::kView, streamer.spec().name())) shown.add_streamers()->Swap(&streamer);
  }
  response->mutable_streamers()->Swap(shown.mutable_streamers());
  return listed;
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

grpc::ServerUnaryReactor* GuardedService::Validate(Context* context, const v1::ValidateRequest* request,
                                                   v1::ValidateResponse* response) {
  return Guarded<&Inner::Validate>("Validate", context, request, response);
}

grpc::ServerWriteReactor<v1::TapResponse>* GuardedService::Tap(grpc::CallbackServerContext* context,
                                                               const v1::TapRequest* request) {
  const absl::StatusOr<Caller> caller = guard_->Admit(*context, "Tap", request->name());
  if (!caller.ok()) return new RefusedStream<v1::TapResponse>(caller.status());
  return service_->Tap(context, request);
}

grpc::ServerWriteReactor<v1::WatchResponse>* GuardedService::Watch(Context* context, const v1::WatchRequest* request) {
  const absl::StatusOr<Caller> caller = guard_->Admit(*context, "Watch", "");
  if (!caller.ok()) return new RefusedStream<v1::WatchResponse>(caller.status());
  return service_->Watch(context, request);
}

}  // namespace binlogd
