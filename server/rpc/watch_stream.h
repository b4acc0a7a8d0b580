// One Watch call.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "base/thread_pool.h"
#include "binlogd/v1/service.pb.h"
#include "rpc/permit.h"
#include "rpc/status_feed.h"

namespace binlogd {

// Returns the reactor that answers the call; it frees itself. Messages are made on `pool`, which outlives the server,
// one at a time and only when the last one has been written. Told are the streamers that the caller may view. `feed`
// outlives the server too.
grpc::ServerWriteReactor<v1::WatchResponse>* StartWatch(StatusFeed& feed, const v1::WatchRequest& request,
                                                        std::shared_ptr<Permit> permit, ThreadPool* pool);

}  // namespace binlogd
