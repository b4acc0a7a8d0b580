// The handlers of binlogd.v1.StreamerService: thin, over the manager.
#pragma once

#include <grpcpp/grpcpp.h>

#include "base/thread_pool.h"
#include "binlogd/v1/service.grpc.pb.h"
#include "streamer/manager.h"

namespace binlogd {

// Unary calls are synchronous, Tap is a callback reactor. Thread-safe. What each call does stands in the proto.
class StreamerServiceImpl final : public v1::StreamerService::WithCallbackMethod_Tap<v1::StreamerService::Service> {
 public:
  // `manager` outlives the service; the service outlives its server.
  explicit StreamerServiceImpl(Manager* manager);

  grpc::Status Create(grpc::ServerContext*, const v1::CreateRequest*, v1::Streamer*) override;
  grpc::Status Get(grpc::ServerContext*, const v1::GetRequest*, v1::Streamer*) override;
  grpc::Status List(grpc::ServerContext*, const v1::ListRequest*, v1::ListResponse*) override;
  grpc::Status Update(grpc::ServerContext*, const v1::UpdateRequest*, v1::Streamer*) override;
  grpc::Status Delete(grpc::ServerContext*, const v1::DeleteRequest*, v1::DeleteResponse*) override;
  grpc::Status Apply(grpc::ServerContext*, const v1::ApplyRequest*, v1::ApplyResponse*) override;
  grpc::Status Start(grpc::ServerContext*, const v1::StartRequest*, v1::Streamer*) override;
  grpc::Status Stop(grpc::ServerContext*, const v1::StopRequest*, v1::Streamer*) override;
  grpc::Status Status(grpc::ServerContext*, const v1::StatusRequest*, v1::StreamerStatus*) override;
  grpc::Status Metrics(grpc::ServerContext*, const v1::MetricsRequest*, v1::MetricsResponse*) override;
  grpc::Status Validate(grpc::ServerContext*, const v1::ValidateRequest*, v1::ValidateResponse*) override;
  grpc::ServerWriteReactor<v1::TapResponse>* Tap(grpc::CallbackServerContext*, const v1::TapRequest*) override;

 private:
  Manager* const manager_;
  ThreadPool tap_pool_;  // Decodes for taps.
};

}  // namespace binlogd
