// A status with its reason, to the wire and back. Shared by the server's handlers and the clients.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "binlogd/v1/service.pb.h"

namespace binlogd {

// The same code and message, with an ErrorDetail (ErrorReason() and ErrorField() of `status`) in the details. OK stays
// OK.
grpc::Status ToGrpcStatus(const absl::Status& status);

// What ToGrpcStatus() packed; empty fields when there is none or it cannot be read, as in a failure of the transport.
v1::ErrorDetail ErrorDetailOf(const grpc::Status& status);

// The same code and message; ErrorReason() of the result is the detail's reason. OK stays OK. The field's path is
// already part of the message; ask ErrorDetailOf() for it alone.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace binlogd
