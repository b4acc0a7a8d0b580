// StreamerService behind its guard.
#pragma once

#include <grpcpp/grpcpp.h>

#include "binlogd/v1/service.grpc.pb.h"
#include "rpc/guard.h"
#include "rpc/streamer_service.h"

namespace binlogd {

// The generated base with callback methods for the calls that may wait, or stream.
using StreamerServiceBase = v1::StreamerService::WithCallbackMethod_Create<
    v1::StreamerService::WithCallbackMethod_Update<v1::StreamerService::WithCallbackMethod_Delete<
        v1::StreamerService::WithCallbackMethod_Apply<v1::StreamerService::WithCallbackMethod_Start<
            v1::StreamerService::WithCallbackMethod_Stop<v1::StreamerService::WithCallbackMethod_Validate<
                v1::StreamerService::WithCallbackMethod_Tap<v1::StreamerService::WithCallbackMethod_Watch<
                    v1::StreamerService::WithCallbackMethod_Logs<v1::StreamerService::Service>>>>>>>>>>;

// Asks the guard about each call and passes what it admits on. What the server registers: an RPC that is not named here
// is UNIMPLEMENTED, so that none is served unguarded. Thread-safe.
class GuardedService final : public StreamerServiceBase {
 public:
  // Neither is owned; both outlive the service.
  GuardedService(StreamerServiceImpl* service, Guard* guard) : service_(service), guard_(guard) {}

  using SyncContext = StreamerServiceImpl::SyncContext;
  using Context = StreamerServiceImpl::Context;
  grpc::ServerUnaryReactor* Create(Context*, const v1::CreateRequest*, v1::Streamer*) override;
  grpc::Status Get(SyncContext*, const v1::GetRequest*, v1::Streamer*) override;
  grpc::Status List(SyncContext*, const v1::ListRequest*, v1::ListResponse*) override;
  grpc::ServerUnaryReactor* Update(Context*, const v1::UpdateRequest*, v1::Streamer*) override;
  grpc::ServerUnaryReactor* Delete(Context*, const v1::DeleteRequest*, v1::DeleteResponse*) override;
  grpc::ServerUnaryReactor* Apply(Context*, const v1::ApplyRequest*, v1::ApplyResponse*) override;
  grpc::ServerUnaryReactor* Start(Context*, const v1::StartRequest*, v1::Streamer*) override;
  grpc::ServerUnaryReactor* Stop(Context*, const v1::StopRequest*, v1::Streamer*) override;
  grpc::Status Status(SyncContext*, const v1::StatusRequest*, v1::StreamerStatus*) override;
  grpc::Status Metrics(SyncContext*, const v1::MetricsRequest*, v1::MetricsResponse*) override;
  grpc::Status GetLogLevel(SyncContext*, const v1::GetLogLevelRequest*, v1::ServerLogLevel*) override;
  grpc::Status SetLogLevel(SyncContext*, const v1::SetLogLevelRequest*, v1::ServerLogLevel*) override;
  grpc::ServerUnaryReactor* Validate(Context*, const v1::ValidateRequest*, v1::ValidateResponse*) override;
  grpc::ServerWriteReactor<v1::TapResponse>* Tap(Context*, const v1::TapRequest*) override;
  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(Context*, const v1::WatchRequest*) override;
  grpc::ServerWriteReactor<v1::LogsResponse>* Logs(Context*, const v1::LogsRequest*) override;

 private:
  // The answer of `method` of the service, or the guard's refusal.
  template <auto Method, typename AnyContext, typename Request, typename Response>
  auto Guarded(absl::string_view name, AnyContext* context, const Request* request, Response* response);
  template <auto Method, typename Response, typename Request>
  grpc::ServerWriteReactor<Response>* GuardedStream(absl::string_view name, Context* context, const Request* request);

  StreamerServiceImpl* const service_;
  Guard* const guard_;
};

}  // namespace binlogd
