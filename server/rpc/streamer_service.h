// The handlers of binlogd.v1.StreamerService: thin, over the manager.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "base/thread_pool.h"
#include "binlogd/v1/service.pb.h"
#include "rpc/changes.h"
#include "rpc/permit.h"
#include "rpc/status_feed.h"
#include "rpc/waiting_calls.h"
#include "streamer/manager.h"

namespace binlogd {

// Answers calls that were admitted. Those that only look are synchronous; those that may wait are worked out on threads
// of their own; Tap, Watch and Logs are reactors. Thread-safe. What each call does stands in the proto.
class StreamerServiceImpl {
 public:
  // `manager` outlives the service; the service outlives its server.
  explicit StreamerServiceImpl(Manager* manager);

  using SyncContext = grpc::ServerContext;
  using Context = grpc::CallbackServerContext;
  using Permitted = const std::shared_ptr<Permit>&;
  grpc::Status Get(SyncContext*, Permitted, const v1::GetRequest*, v1::Streamer*);
  grpc::Status List(SyncContext*, Permitted, const v1::ListRequest*, v1::ListResponse*);
  grpc::Status Status(SyncContext*, Permitted, const v1::StatusRequest*, v1::StreamerStatus*);
  grpc::Status Metrics(SyncContext*, Permitted, const v1::MetricsRequest*, v1::MetricsResponse*);
  grpc::Status GetLogLevel(SyncContext*, Permitted, const v1::GetLogLevelRequest*, v1::ServerLogLevel*);
  grpc::Status SetLogLevel(SyncContext*, Permitted, const v1::SetLogLevelRequest*, v1::ServerLogLevel*);
  grpc::ServerUnaryReactor* Create(Context*, Permitted, const v1::CreateRequest*, v1::Streamer*);
  grpc::ServerUnaryReactor* Update(Context*, Permitted, const v1::UpdateRequest*, v1::Streamer*);
  grpc::ServerUnaryReactor* Delete(Context*, Permitted, const v1::DeleteRequest*, v1::DeleteResponse*);
  grpc::ServerUnaryReactor* Apply(Context*, Permitted, const v1::ApplyRequest*, v1::ApplyResponse*);
  grpc::ServerUnaryReactor* Start(Context*, Permitted, const v1::StartRequest*, v1::Streamer*);
  grpc::ServerUnaryReactor* Stop(Context*, Permitted, const v1::StopRequest*, v1::Streamer*);
  grpc::ServerUnaryReactor* Validate(Context*, Permitted, const v1::ValidateRequest*, v1::ValidateResponse*);
  grpc::ServerWriteReactor<v1::TapResponse>* Tap(Context*, Permitted, const v1::TapRequest*);
  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(Context*, Permitted, const v1::WatchRequest*);
  grpc::ServerWriteReactor<v1::LogsResponse>* Logs(Context*, Permitted, const v1::LogsRequest*);

  // Ends every Watch, with UNAVAILABLE; taps and logs end with their streamers.
  void EndWatches() { feed_.Close(); }

 private:
  // A call that `Method` of changes_ answers.
  template <auto Method, typename Request, typename Response>
  grpc::ServerUnaryReactor* Change(Context* context, Permitted permit, const Request* request, Response* response);

  Manager* const manager_;
  Changes changes_;
  StatusFeed feed_;
  WaitingCalls waiting_calls_;
  ThreadPool tap_pool_;    // Decodes for taps.
  ThreadPool watch_pool_;  // Makes the messages of watches and logs.
};

}  // namespace binlogd
