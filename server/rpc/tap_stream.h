// One Tap call.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>

#include "base/thread_pool.h"
#include "binlogd/v1/service.pb.h"
#include "rpc/permit.h"
#include "streamer/manager.h"

namespace binlogd {

// Attaches to the streamer and returns the reactor that answers the call; it frees itself. Events are decoded on
// `pool`, which outlives the server, one block at a time and only when the last message has been written: a reader that
// is slow holds nothing but its own queue.
grpc::ServerWriteReactor<v1::TapResponse>* StartTap(Manager& manager, const v1::TapRequest& request,
                                                    std::shared_ptr<Permit> permit, ThreadPool* pool);

}  // namespace binlogd
