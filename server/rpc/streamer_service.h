// The handlers of binlogd.v1.StreamerService: thin, over the manager.
#pragma once

#include <grpcpp/grpcpp.h>

#include "base/thread_pool.h"
#include "binlogd/v1/service.grpc.pb.h"
#include "rpc/changes.h"
#include "rpc/status_feed.h"
#include "rpc/waiting_calls.h"
#include "streamer/manager.h"

namespace binlogd {

// The generated base with callback methods for the calls that may wait, or stream.
using StreamerServiceBase =
    v1::StreamerService::WithCallbackMethod_Create<v1::StreamerService::WithCallbackMethod_Update<
        v1::StreamerService::WithCallbackMethod_Delete<v1::StreamerService::WithCallbackMethod_Apply<
            v1::StreamerService::WithCallbackMethod_Start<v1::StreamerService::WithCallbackMethod_Stop<
                v1::StreamerService::WithCallbackMethod_Validate<v1::StreamerService::WithCallbackMethod_Tap<
                    v1::StreamerService::WithCallbackMethod_Watch<v1::StreamerService::Service>>>>>>>>>;

// Calls that only look are synchronous; those that may wait are worked out on threads of their own; Tap and Watch are
// reactors. Thread-safe. What each call does stands in the proto.
class StreamerServiceImpl final : public StreamerServiceBase {
 public:
  // `manager` outlives the service; the service outlives its server.
  explicit StreamerServiceImpl(Manager* manager);

  grpc::Status Get(grpc::ServerContext*, const v1::GetRequest*, v1::Streamer*) override;
  grpc::Status List(grpc::ServerContext*, const v1::ListRequest*, v1::ListResponse*) override;
  grpc::Status Status(grpc::ServerContext*, const v1::StatusRequest*, v1::StreamerStatus*) override;
  grpc::Status Metrics(grpc::ServerContext*, const v1::MetricsRequest*, v1::MetricsResponse*) override;

  using Context = grpc::CallbackServerContext;
  grpc::ServerUnaryReactor* Create(Context*, const v1::CreateRequest*, v1::Streamer*) override;
  grpc::ServerUnaryReactor* Update(Context*, const v1::UpdateRequest*, v1::Streamer*) override;
  grpc::ServerUnaryReactor* Delete(Context*, const v1::DeleteRequest*, v1::DeleteResponse*) override;
  grpc::ServerUnaryReactor* Apply(Context*, const v1::ApplyRequest*, v1::ApplyResponse*) override;
  grpc::ServerUnaryReactor* Start(Context*, const v1::StartRequest*, v1::Streamer*) override;
  grpc::ServerUnaryReactor* Stop(Context*, const v1::StopRequest*, v1::Streamer*) override;
  grpc::ServerUnaryReactor* Validate(Context*, const v1::ValidateRequest*, v1::ValidateResponse*) override;
  grpc::ServerWriteReactor<v1::TapResponse>* Tap(Context*, const v1::TapRequest*) override;
  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(Context*, const v1::WatchRequest*) override;

  // Ends every Watch, with UNAVAILABLE; taps end with their streamers.
  void EndWatches() { feed_.Close(); }

 private:
  Manager* const manager_;
  Changes changes_;
  StatusFeed feed_;
  WaitingCalls waiting_calls_;
  ThreadPool tap_pool_;    // Decodes for taps.
  ThreadPool watch_pool_;  // Makes the messages of watches.
};

}  // namespace binlogd
