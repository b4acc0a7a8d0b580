// The calls that change streamers.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "base/cancellation.h"
#include "binlogd/v1/service.pb.h"
#include "rpc/request_log.h"
#include "streamer/manager.h"

namespace binlogd {

// Each method answers the call of its name, into `response`; what it does stands in the proto. `user` is who made the
// request. Thread-safe.
class Changes {
 public:
  // `manager` outlives it.
  explicit Changes(Manager* manager);

  absl::Status Create(const v1::CreateRequest& request, const std::string& user, const Cancellation& caller,
                      v1::Streamer* response);
  absl::Status Update(const v1::UpdateRequest& request, const std::string& user, const Cancellation& caller,
                      v1::Streamer* response);
  absl::Status Delete(const v1::DeleteRequest& request, const std::string& user, const Cancellation& caller,
                      v1::DeleteResponse* response);
  absl::Status Apply(const v1::ApplyRequest& request, const std::string& user, const Cancellation& caller,
                     v1::ApplyResponse* response);
  absl::Status Start(const v1::StartRequest& request, const std::string& user, const Cancellation& caller,
                     v1::Streamer* response);
  absl::Status Stop(const v1::StopRequest& request, const std::string& user, const Cancellation& caller,
                    v1::Streamer* response);

 private:
  Manager* const manager_;
  RequestLog requests_;
};

}  // namespace binlogd
