#include "s3/s3_failure.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/error.h"
#include "base/shown.h"
#include "s3/s3_answers.h"

namespace binlogd {
namespace {

using absl::StatusCode;

constexpr size_t kMostMessageBytes = 300;

enum class Kind {
  kPassing,  // The server's trouble, or damage on the way.
  kBucketMissing,
  kObjectMissing,
  kUploadMissing,
  kExpired,
  kInvalidKeys,
  kSkewedClock,
  kDenied,
  kWrongRegion,
  kRedirected,
  kCondition,
  kConflict,
  kUnsupported,
  kFull,
  kRefused,
};

struct KnownCode {
  absl::string_view code;
  Kind kind;
};

constexpr KnownCode kCodes[] = {
    {"NoSuchBucket", Kind::kBucketMissing},
    {"NoSuchKey", Kind::kObjectMissing},
    {"NoSuchUpload", Kind::kUploadMissing},
    {"ExpiredToken", Kind::kExpired},
    {"TokenRefreshRequired", Kind::kExpired},
    {"InvalidToken", Kind::kInvalidKeys},
    {"InvalidAccessKeyId", Kind::kInvalidKeys},
    {"SignatureDoesNotMatch", Kind::kInvalidKeys},
    {"XAdminUserNotFound", Kind::kInvalidKeys},
    {"RequestTimeTooSkewed", Kind::kSkewedClock},
    {"AccessDenied", Kind::kDenied},
    {"AllAccessDisabled", Kind::kDenied},
    {"AccountProblem", Kind::kDenied},
    {"AuthorizationHeaderMalformed", Kind::kWrongRegion},
    {"PermanentRedirect", Kind::kWrongRegion},
    {"IllegalLocationConstraintException", Kind::kWrongRegion},
    {"PreconditionFailed", Kind::kCondition},
    {"ConditionalRequestConflict", Kind::kConflict},
    {"OperationAborted", Kind::kConflict},
    {"NotImplemented", Kind::kUnsupported},
    {"QuotaExceeded", Kind::kFull},
    {"XMinioStorageFull", Kind::kFull},
    {"XMinioAdminBucketQuotaExceeded", Kind::kFull},
    {"SlowDown", Kind::kPassing},
    {"RequestTimeout", Kind::kPassing},
    {"RequestLimitExceeded", Kind::kPassing},
    {"InternalError", Kind::kPassing},
    {"ServiceUnavailable", Kind::kPassing},
    {"Throttling", Kind::kPassing},
    {"ThrottlingException", Kind::kPassing},
    {"BandwidthLimitExceeded", Kind::kPassing},
    {"BadDigest", Kind::kPassing},
    {"IncompleteBody", Kind::kPassing},
    {"XAmzContentSHA256Mismatch", Kind::kPassing},
};

Kind KindOfStatus(int status, const S3Errand& errand) {
  switch (status) {
    case 401:
    case 403: return Kind::kDenied;
    case 404: return errand.key.empty() ? Kind::kBucketMissing : Kind::kObjectMissing;  // Without a text.
    case 408:
    case 429: return Kind::kPassing;
    case 409: return Kind::kConflict;
    case 412: return Kind::kCondition;
    case 501: return Kind::kUnsupported;
    case 507: return Kind::kFull;
    default: break;
  }
  if (status >= 500) return Kind::kPassing;
  return status >= 300 && status < 400 ? Kind::kRedirected : Kind::kRefused;
}

// What an answer says of the bucket's region; empty when that is where the request went.
std::string OtherRegion(const HttpAnswer& answer, const S3ErrorText& error, const S3Errand& errand) {
  const absl::string_view header = answer.header("x-amz-bucket-region");
  const std::string region = !header.empty() ? std::string(header) : error.region;
  return region == errand.region ? "" : region;
}

Kind KindOf(const HttpAnswer& answer, const S3ErrorText& error, const S3Errand& errand) {
  Kind kind = Kind::kRefused;
  const auto* const known = std::find_if(std::begin(kCodes), std::end(kCodes),
                                         [&error](const KnownCode& one) { return one.code == error.code; });
  if (known != std::end(kCodes)) {
    kind = known->kind;
  } else if (answer.status < 300) {
    kind = Kind::kPassing;  // An <Error> in the body of a 200.
  } else if (answer.status != 404 || error.code.empty()) {
    kind = KindOfStatus(answer.status, errand);
  }
  if (kind == Kind::kWrongRegion && OtherRegion(answer, error, errand).empty()) return Kind::kRefused;
  // A key that is not there has no etag.
  if (kind == Kind::kObjectMissing && errand.condition == S3Errand::Condition::kEtag) return Kind::kCondition;
  const bool other_region_told =
      !answer.header("x-amz-bucket-region").empty() && !OtherRegion(answer, error, errand).empty();
  if ((kind == Kind::kRefused || kind == Kind::kRedirected) && other_region_told) return Kind::kWrongRegion;
  return kind;
}

// What the server says, fit for a message. A server may say what it was told.
std::string Said(const HttpAnswer& answer, const S3ErrorText& error, const Credentials& used) {
  std::string said = absl::StrCat(answer.status, error.code.empty() ? "" : " ", error.code,
                                  error.message.empty() ? "" : ": ", error.message);
  for (const std::string* secret : {&used.secret_access_key, &used.session_token}) {
    if (!secret->empty()) said = absl::StrReplaceAll(said, {{*secret, "…"}});
  }
  return absl::CHexEscape(said.substr(0, kMostMessageBytes));
}

S3Failure Final(StatusCode code, absl::string_view reason, absl::string_view message) {
  return {Permanent(MakeError(code, reason, message)), S3Remedy::kNone};
}

S3Failure Passing(StatusCode code, absl::string_view reason, absl::string_view message,
                  S3Remedy remedy = S3Remedy::kNone) {
  return {MakeError(code, reason, message), remedy};
}

S3Failure ConditionFailure(const S3Errand& errand, absl::string_view what) {
  switch (errand.condition) {
    case S3Errand::Condition::kNew:
      return Passing(StatusCode::kAlreadyExists, "OBJECT_EXISTS", absl::StrCat(what, ": the object exists"));
    case S3Errand::Condition::kEtag:
      return Passing(StatusCode::kAborted, "OBJECT_CHANGED",
                     absl::StrCat(what, ": the object is not as it was; somebody else writes it"));
    case S3Errand::Condition::kNone: break;
  }
  return Final(StatusCode::kFailedPrecondition, "S3_REQUEST_REFUSED", what);
}

S3Failure CredentialFailure(Kind kind, const Credentials& used, absl::string_view what) {
  if (kind == Kind::kExpired) {
    return Passing(StatusCode::kUnauthenticated, "S3_CREDENTIALS_EXPIRED",
                   absl::StrCat(what, "; the session token has expired and there is no newer one: renew it"),
                   S3Remedy::kRenewCredentials);
  }
  S3Failure failure = Final(
      StatusCode::kUnauthenticated, "S3_CREDENTIALS_INVALID",
      absl::StrCat(what, "; check the access key id, the secret access key",
                   used.session_token.empty() ? "" : " and the session token", ", and that they are of this endpoint"));
  failure.remedy = S3Remedy::kRenewCredentials;
  return failure;
}

S3Failure PlaceFailure(Kind kind, const std::string& region, absl::string_view location, const S3Errand& errand,
                       absl::string_view what) {
  if (kind == Kind::kBucketMissing) {
    return Final(StatusCode::kFailedPrecondition, "S3_BUCKET_NOT_FOUND",
                 absl::StrCat(what, "; create the bucket, or correct its name, the endpoint or path_style"));
  }
  if (kind == Kind::kWrongRegion) {
    return Final(StatusCode::kFailedPrecondition, "S3_WRONG_REGION",
                 absl::StrCat(what, "; the bucket is in the region ", Shown(region), ", not in ", Shown(errand.region),
                              ": set region to it"));
  }
  return Final(
      StatusCode::kFailedPrecondition, "S3_REDIRECTED",
      absl::StrCat(what, "; the endpoint sends to ", Shown(OriginOf(location)), ": name that as the endpoint"));
}

}  // namespace

std::optional<absl::Time> ServerTime(const HttpAnswer& answer) {
  absl::Time date;
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", answer.header("date"), &date, nullptr)) return std::nullopt;
  return date;
}

S3Failure ClassifyFailure(const HttpAnswer& answer, const S3Errand& errand, const Credentials& used) {
  const S3ErrorText error = ParseS3Error(answer.body);
  const std::string what =
      absl::StrCat("bucket ", errand.bucket, " at ", errand.endpoint, ": ", errand.method,
                   errand.key.empty() ? "" : absl::StrCat(" ", Shown(errand.key)), ": ", Said(answer, error, used));
  const Kind kind = KindOf(answer, error, errand);
  switch (kind) {
    case Kind::kPassing: return Passing(StatusCode::kUnavailable, "S3_UNAVAILABLE", what, S3Remedy::kRepeat);
    case Kind::kConflict:
      return Passing(StatusCode::kUnavailable, "S3_UNAVAILABLE",
                     absl::StrCat(what, "; another request for the object is under way"), S3Remedy::kRepeat);
    case Kind::kObjectMissing: return Passing(StatusCode::kNotFound, "OBJECT_NOT_FOUND", what);
    case Kind::kUploadMissing:
      return Passing(StatusCode::kUnavailable, "S3_UPLOAD_NOT_FOUND",
                     absl::StrCat(what, "; the upload is complete, or somebody else ended it"));
    case Kind::kExpired:
    case Kind::kInvalidKeys: return CredentialFailure(kind, used, what);
    case Kind::kSkewedClock:
      return Passing(StatusCode::kFailedPrecondition, "S3_CLOCK_SKEWED",
                     absl::StrCat(what, "; set this machine's clock"), S3Remedy::kSetClock);
    case Kind::kDenied:
      return Final(StatusCode::kPermissionDenied, "S3_ACCESS_DENIED",
                   absl::StrCat(what, "; allow ", errand.permission, " to the account that the keys belong to"));
    case Kind::kBucketMissing:
    case Kind::kWrongRegion:
    case Kind::kRedirected: {
      S3Failure failure =
          PlaceFailure(kind, OtherRegion(answer, error, errand), answer.header("location"), errand, what);
      if (answer.status == 307) failure.status = Transient(failure.status);  // As AWS does for a bucket that is new.
      return failure;
    }
    case Kind::kCondition: return ConditionFailure(errand, what);
    case Kind::kUnsupported:
      return Final(StatusCode::kFailedPrecondition, "S3_UNSUPPORTED",
                   absl::StrCat(what, "; the endpoint lacks a part of S3 that binlogd takes"));
    case Kind::kFull:
      return Passing(StatusCode::kResourceExhausted, "S3_STORAGE_FULL", absl::StrCat(what, "; make room"));
    case Kind::kRefused: break;
  }
  return Final(StatusCode::kFailedPrecondition, "S3_REQUEST_REFUSED", what);
}

}  // namespace binlogd
