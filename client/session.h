// The connection to one binlogd.
#pragma once

#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlogd/v1/service.grpc.pb.h"
#include "client/connection.h"

namespace binlogd {

// Calls the RPCs of one server and puts their failures into words. Connects with the first call. Thread-safe.
class Session {
 public:
  using Stub = v1::StreamerService::Stub;
  template <typename Request, typename Response>
  using Method = grpc::Status (Stub::*)(grpc::ClientContext*, const Request&, Response*);

  // `timeout` bounds each unary call. When a file of the options is no good every call fails, and Explain() says so.
  Session(ConnectionOptions connection, absl::Duration timeout);

  // One unary call. `attempt` begins the message of a failure: "cannot start streamer \"orders\"".
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(Method<Request, Response> method, const Request& request, absl::string_view attempt) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMicroseconds(timeout_));
    Response response;
    const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
    if (!status.ok()) return Explain(status, attempt);
    return response;
  }

  // For streaming calls; owned by the session.
  Stub& stub() { return *stub_; }

  // The status of a failed call as a message that says what was tried, why it failed and what to do; code and reason
  // are kept. OK stays OK.
  absl::Status Explain(const grpc::Status& status, absl::string_view attempt) const;

 private:
  const ConnectionOptions connection_;
  const absl::Duration timeout_;
  absl::Status status_;  // Of making the channel.
  std::unique_ptr<Stub> stub_;
};

}  // namespace binlogd
