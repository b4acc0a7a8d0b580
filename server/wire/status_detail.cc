#include "wire/status_detail.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "binlogd/v1/rpc_status.pb.h"

namespace binlogd {
namespace {

// A client takes 8 KiB of headers, and the message travels there twice: as it is, with what is not ASCII threefold, and
// in base64 with the detail.
constexpr size_t kMostMessageBytes = 1536;

// What a source or store said may be of any length. Cut between characters.
std::string CutMessage(absl::string_view message) {
  if (message.size() <= kMostMessageBytes) return std::string(message);
  size_t end = kMostMessageBytes;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xc0) == 0x80) --end;
  return absl::StrCat(message.substr(0, end), "…");
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  v1::ErrorDetail detail;
  detail.set_reason(ErrorReason(status));
  detail.set_field(ErrorField(status));
  v1::RpcStatus packed;
  packed.set_code(static_cast<int>(status.code()));
  packed.set_message(CutMessage(status.message()));
  packed.add_details()->PackFrom(detail);
  // absl's codes are gRPC's codes by number.
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), packed.message(), packed.SerializeAsString());
}

v1::ErrorDetail ErrorDetailOf(const grpc::Status& status) {
  v1::ErrorDetail detail;
  v1::RpcStatus packed;
  if (!packed.ParseFromString(status.error_details())) return detail;
  for (const google::protobuf::Any& any : packed.details()) {
    if (any.Is<v1::ErrorDetail>() && any.UnpackTo(&detail)) return detail;
  }
  return v1::ErrorDetail();
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const absl::StatusCode code = static_cast<absl::StatusCode>(status.error_code());
  const v1::ErrorDetail detail = ErrorDetailOf(status);
  if (detail.reason().empty()) return absl::Status(code, status.error_message());
  return MakeError(code, detail.reason(), status.error_message());
}

}  // namespace binlogd
