// The connection to one binlogd.
#pragma once

#include <grpcpp/channel.h>
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

  // One unary call. `attempt` begins the message of a failure: "cannot start streamer \"orders\"". A request that takes
  // a request_id gets one, and is sent again with it, twice at most, when the connection breaks: it is done once.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Call(Method<Request, Response> method, Request request, absl::string_view attempt) {
    constexpr bool kRepeatable = requires { request.set_request_id(""); };
    if constexpr (kRepeatable) request.set_request_id(NewRequestId());
    const auto deadline = std::chrono::system_clock::now() + absl::ToChronoMicroseconds(timeout_);
    for (int tries_left = kRepeatable ? 2 : 0;; --tries_left) {
      grpc::ClientContext context;
      context.set_deadline(deadline);
      Response response;
      const grpc::Status status = (stub_.get()->*method)(&context, request, &response);
      if (status.ok()) return response;
      const bool again = tries_left > 0 && status.error_code() == grpc::StatusCode::UNAVAILABLE;
      if (!again || !AwaitConnection()) return Explain(status, attempt);
    }
  }

  // For streaming calls; owned by the session.
  Stub& stub() { return *stub_; }

  // The status of a failed call as a message that says what was tried, why it failed and what to do; code and reason
  // are kept. OK stays OK.
  absl::Status Explain(const grpc::Status& status, absl::string_view attempt) const;

 private:
  static std::string NewRequestId();
  // Waits a moment for a broken connection to stand again.
  bool AwaitConnection() const;

  const ConnectionOptions connection_;
  const absl::Duration timeout_;
  absl::Status status_;                     // Of making the channel.
  std::shared_ptr<grpc::Channel> channel_;  // None when it could not be made.
  std::unique_ptr<Stub> stub_;
};

}  // namespace binlogd
