// Requests to one bucket: addressed, signed, repeated.
#pragma once

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "s3/credential_provider.h"
#include "s3/http_client.h"
#include "s3/s3_failure.h"
#include "s3/s3_store.h"
#include "s3/sigv4.h"

namespace binlogd {

struct S3Request {
  std::string method;
  std::string key;  // Empty: the bucket.
  QueryParameters query;
  std::map<std::string, std::string> headers;  // Names in lower case.
  absl::string_view body;
  ObjectBody* upload = nullptr;  // In place of `body`; outlives the request.
  std::string upload_sha256;     // In hexadecimal digits.
  std::string permission;        // What it takes, for example "s3:PutObject".
  size_t most_answer_bytes = 1 << 20;
  bool once = false;              // Not repeated.
  bool error_in_success = false;  // A 200 whose body is an <Error> is that error.
  S3Errand::Condition condition = S3Errand::Condition::kNone;
};

// Thread-safe.
class S3Client {
 public:
  // The options are right (CheckS3Options).
  explicit S3Client(const S3Options& options);

  // An answer whose status is 2xx. Requests are repeated as ObjectStore says, so one may have had its effect before
  // the try whose failure is returned. Errors as HttpClient, CredentialProvider and ClassifyFailure have them.
  absl::StatusOr<HttpAnswer> Send(const S3Request& request);

  void Interrupt() { http_.Interrupt(); }
  // What messages say it is: "bucket B at ENDPOINT".
  std::string description() const;

 private:
  struct Outcome;

  Outcome Try(const S3Request& request);
  HttpRequest Signed(const S3Request& request, const Credentials& credentials);
  S3Errand ErrandOf(const S3Request& request) const;
  absl::Time ServerNow() const ABSL_LOCKS_EXCLUDED(mutex_);
  void SetClock(const HttpAnswer& answer) ABSL_LOCKS_EXCLUDED(mutex_);

  const S3Options options_;  // With endpoint and region.
  const std::string host_;   // As the header has it.
  const std::string origin_;
  const std::string base_path_;  // Before "/" and the key, encoded.
  HttpClient http_;
  CredentialProvider credentials_;

  mutable absl::Mutex mutex_;
  absl::Duration clock_ahead_ ABSL_GUARDED_BY(mutex_);  // The server's, of this machine's.
};

}  // namespace binlogd
