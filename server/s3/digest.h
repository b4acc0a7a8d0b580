// Hashes, as requests to S3 need them.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "s3/object_body.h"

namespace binlogd {

// 32 bytes.
std::string Sha256(absl::string_view bytes);
// In lower-case hexadecimal digits.
std::string Sha256Hex(absl::string_view bytes);
// 32 bytes.
std::string HmacSha256(absl::string_view key, absl::string_view bytes);
// 16 bytes; none where the machine's policy (FIPS) does not allow MD5.
std::string Md5(absl::string_view bytes);

// As Sha256 and Md5.
struct BodyDigests {
  std::string sha256;
  std::string md5;
};
// Reads the body once, little by little. Its error when it cannot be read.
absl::StatusOr<BodyDigests> DigestsOf(ObjectBody& body);

}  // namespace binlogd
