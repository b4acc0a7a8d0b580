#include "wire/status_detail.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "binlogd/v1/rpc_status.pb.h"

namespace binlogd {
namespace {

TEST(StatusDetailTest, CarriesCodeMessageReasonAndField) {
  const grpc::Status sent = ToGrpcStatus(InvalidField("targets[0].file.path", "BAD_VALUE", "must be absolute"));
  EXPECT_EQ(sent.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(sent.error_message(), "targets[0].file.path: must be absolute");
  EXPECT_EQ(ErrorDetailOf(sent).reason(), "BAD_VALUE");
  EXPECT_EQ(ErrorDetailOf(sent).field(), "targets[0].file.path");
  const absl::Status received = FromGrpcStatus(sent);
  EXPECT_EQ(received.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(received.message(), "targets[0].file.path: must be absolute");
  EXPECT_EQ(ErrorReason(received), "BAD_VALUE");
}

TEST(StatusDetailTest, OkStaysOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpcStatus(grpc::Status::OK).ok());
}

TEST(StatusDetailTest, StatusWithoutReasonGetsItsCodeAsReason) {
  EXPECT_EQ(ErrorDetailOf(ToGrpcStatus(absl::NotFoundError("no such streamer"))).reason(), "NOT_FOUND");
}

TEST(StatusDetailTest, TransportFailureHasNoDetail) {
  const grpc::Status transport(grpc::StatusCode::UNAVAILABLE, "connection refused");
  EXPECT_EQ(ErrorDetailOf(transport).reason(), "");
  EXPECT_EQ(ErrorReason(FromGrpcStatus(transport)), "UNAVAILABLE");
}

TEST(StatusDetailTest, GarbageAndForeignDetailsAreNoDetail) {
  EXPECT_EQ(ErrorDetailOf(grpc::Status(grpc::StatusCode::INTERNAL, "x", "\xff\xff\xff garbage")).reason(), "");
  v1::RpcStatus packed;
  packed.add_details()->PackFrom(v1::Finding());
  EXPECT_EQ(ErrorDetailOf(grpc::Status(grpc::StatusCode::INTERNAL, "x", packed.SerializeAsString())).reason(), "");
}

}  // namespace
}  // namespace binlogd
