// Unary calls whose answer may take a while.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>

#include "absl/status/status.h"
#include "base/cancellation.h"
#include "base/thread_pool.h"

namespace binlogd {

// Works calls out on threads of its own and answers them. A caller that goes away, or whose deadline comes, is noticed
// at once. Thread-safe; outlives the server.
class WaitingCalls {
 public:
  // Calls under way at most; those beyond are refused.
  static constexpr int kMost = 1000;

  WaitingCalls() : pool_("calls", kThreads) {}

  // The reactor of a call whose answer `work` makes, in the call's own response; it is told the caller's patience,
  // which ends a little before the deadline, so that what became of the call still reaches the caller.
  // RESOURCE_EXHAUSTED (TOO_MANY_CALLS) when there are kMost already.
  grpc::ServerUnaryReactor* Start(grpc::CallbackServerContext* context,
                                  std::function<absl::Status(const Cancellation&)> work);

 private:
  static constexpr int kThreads = 64;

  std::atomic<int> count_{0};
  ThreadPool pool_;
};

}  // namespace binlogd
