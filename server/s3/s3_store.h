// The client of S3, and of what speaks like it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "s3/credentials.h"
#include "s3/object_store.h"

namespace binlogd {

// How the server encrypts new objects; all empty: as the bucket has it.
struct S3Encryption {
  std::string algorithm;    // "AES256", "aws:kms" or "aws:kms:dsse".
  std::string kms_key_id;   // Empty: the account's own for S3.
  bool bucket_key = false;  // Fewer requests to KMS.
};

struct S3Options {
  std::string bucket;
  std::string endpoint;     // http(s)://host[:port]; empty: AWS's of the region.
  std::string region;       // Empty: AWS_REGION, then AWS_DEFAULT_REGION, then us-east-1.
  bool path_style = false;  // endpoint/bucket/key in place of bucket.endpoint/key.
  std::string ca_file;      // PEM, in place of the system's authorities.

  // Of new objects.
  std::string storage_class;  // Empty: the bucket's.
  std::map<std::string, std::string> tags;
  S3Encryption encryption;

  CredentialOptions credentials;

  absl::Duration connect_timeout = absl::Seconds(10);
  absl::Duration stall_timeout = absl::Seconds(30);  // A connection on which no byte moves is given up after it.
  absl::Duration retry_time = absl::Seconds(10);     // No try begins later after the first.
};

// INVALID_ARGUMENT (BAD_VALUE) that names the wrong option by its name.
absl::Status CheckS3Options(const S3Options& options);

// A store whose objects are those of the bucket. Asks nobody: a bucket or key that is wrong is found by the first
// request. INVALID_ARGUMENT as CheckS3Options.
absl::StatusOr<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Options& options);

}  // namespace binlogd
