#include "base/error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace binlogd {
namespace {

TEST(ErrorTest, ReasonTravelsWithTheStatus) {
  const absl::Status error = MakeError(absl::StatusCode::kDataLoss, "CHECKSUM_MISMATCH", "the event is damaged");
  EXPECT_EQ(error.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(error.message(), "the event is damaged");
  EXPECT_EQ(ErrorReason(error), "CHECKSUM_MISMATCH");
  EXPECT_EQ(ErrorField(error), "");
  EXPECT_FALSE(IsPermanent(error));
}

TEST(ErrorTest, WithoutReasonTheCodeIsIt) {
  EXPECT_EQ(ErrorReason(absl::UnavailableError("gone")), "UNAVAILABLE");
  EXPECT_EQ(ErrorReason(absl::OkStatus()), "OK");
}

TEST(ErrorTest, InvalidFieldNamesItsPath) {
  const absl::Status error = InvalidField("targets[0].file.path", "BAD_VALUE", "it must be an absolute path");
  EXPECT_TRUE(absl::IsInvalidArgument(error));
  EXPECT_EQ(ErrorField(error), "targets[0].file.path");
  EXPECT_EQ(ErrorReason(error), "BAD_VALUE");
  EXPECT_EQ(error.message(), "targets[0].file.path: it must be an absolute path");
}

TEST(ErrorTest, AFieldOfAFieldIsNamedOnce) {
  const absl::Status error = InField("targets[3].s3", InvalidField("bucket", "BAD_VALUE", "it is too short"));
  EXPECT_TRUE(absl::IsInvalidArgument(error));
  EXPECT_EQ(ErrorField(error), "targets[3].s3.bucket");
  EXPECT_EQ(ErrorReason(error), "BAD_VALUE");
  EXPECT_EQ(error.message(), "targets[3].s3.bucket: it is too short");
  EXPECT_TRUE(InField("targets[3].s3", absl::OkStatus()).ok());
}

TEST(ErrorTest, AnnotateKeepsAllButTheMessage) {
  const absl::Status error = Annotate(Permanent(InvalidField("name", "INVALID_NAME", "empty")), "streamer");
  EXPECT_TRUE(absl::IsInvalidArgument(error));
  EXPECT_EQ(error.message(), "streamer: name: empty");
  EXPECT_EQ(ErrorReason(error), "INVALID_NAME");
  EXPECT_EQ(ErrorField(error), "name");
  EXPECT_TRUE(IsPermanent(error));
  EXPECT_TRUE(Annotate(absl::OkStatus(), "streamer").ok());
}

TEST(ErrorTest, PermanentIsAMarkAndLeavesOkAlone) {
  const absl::Status error = MakeError(absl::StatusCode::kInternal, "X", "y");
  EXPECT_TRUE(IsPermanent(Permanent(error)));
  EXPECT_EQ(ErrorReason(Permanent(error)), "X");
  EXPECT_FALSE(IsPermanent(error));
  EXPECT_TRUE(Permanent(absl::OkStatus()).ok());
  EXPECT_FALSE(IsPermanent(absl::OkStatus()));
}

TEST(ErrorTest, SystemErrorsHaveTheCodeOfTheirErrno) {
  const struct {
    int number;
    absl::StatusCode code;
  } cases[] = {{ENOSPC, absl::StatusCode::kResourceExhausted},
               {EDQUOT, absl::StatusCode::kResourceExhausted},
               {EACCES, absl::StatusCode::kPermissionDenied},
               {EPERM, absl::StatusCode::kPermissionDenied},
               {EROFS, absl::StatusCode::kPermissionDenied},
               {ENOENT, absl::StatusCode::kNotFound},
               {EIO, absl::StatusCode::kInternal}};
  for (const auto& c : cases) {
    const absl::Status error = SystemError(c.number, "cannot write /x");
    EXPECT_EQ(error.code(), c.code) << c.number;
    EXPECT_EQ(error.message().substr(0, 17), "cannot write /x: ");
  }
}

}  // namespace
}  // namespace binlogd
