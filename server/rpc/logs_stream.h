// One Logs call.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "base/thread_pool.h"
#include "binlogd/v1/service.pb.h"
#include "rpc/permit.h"
#include "streamer/manager.h"

namespace binlogd {

// Returns the reactor that answers the call; it frees itself. Messages are made on `pool`, which outlives the server,
// one at a time and only when the last one has been written.
grpc::ServerWriteReactor<v1::LogsResponse>* StartLogs(Manager& manager, const v1::LogsRequest& request,
                                                      std::shared_ptr<Permit> permit, ThreadPool* pool);

}  // namespace binlogd
