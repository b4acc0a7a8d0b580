#include "wire/status_detail.h"

#include <gtest/gtest.h>

#include "absl/strings/string_view.h"
#include "base/error.h"
#include "base/utf8.h"
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

TEST(StatusDetailTest, ALongMessageIsCutBetweenCharacters) {
  for (size_t ascii = 0; ascii < 4; ++ascii) {
    std::string message(ascii, 'a');
    while (message.size() < 100000) message += "größe…";
    const grpc::Status sent = ToGrpcStatus(InvalidField("f", "BAD_VALUE", message));
    // In 8 KiB of headers both have to fit, what is not ASCII threefold, and the details in base64.
    EXPECT_LE(3 * sent.error_message().size() + 4 * sent.error_details().size() / 3, 7500u);
    const std::string text = sent.error_message();
    absl::string_view rest = text;
    while (!rest.empty()) {
      const size_t length = Utf8CharacterLength(rest);
      ASSERT_GT(length, 0u);
      rest.remove_prefix(length);
    }
    EXPECT_EQ(ErrorDetailOf(sent).reason(), "BAD_VALUE");
  }
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
