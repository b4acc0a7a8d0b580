// What an answer that is no success means, and what can be done about it.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "s3/credentials.h"
#include "s3/http_client.h"

namespace binlogd {

// Where a request went and what for, as messages tell it.
struct S3Errand {
  std::string bucket;
  std::string endpoint;
  std::string region;
  std::string method;
  std::string key;         // Empty: the bucket.
  std::string permission;  // What it takes, for example "s3:PutObject".
  enum class Condition { kNone, kNew, kEtag };
  Condition condition = Condition::kNone;
};

enum class S3Remedy {
  kNone,
  kRepeat,            // After a while.
  kRenewCredentials,  // Once.
  kSetClock,          // By the answer's Date, once.
};

struct S3Failure {
  absl::Status status;  // For when the remedy does not help. Holds no secret, whatever the server says.
  S3Remedy remedy = S3Remedy::kNone;
};

// Of an answer whose status is not 2xx, or whose body is an <Error>. The reasons are those of ObjectStore, and
// S3_UPLOAD_NOT_FOUND (UNAVAILABLE) for an upload that is complete or aborted.
S3Failure ClassifyFailure(const HttpAnswer& answer, const S3Errand& errand, const Credentials& used);

// The header Date, when there is one.
std::optional<absl::Time> ServerTime(const HttpAnswer& answer);

}  // namespace binlogd
