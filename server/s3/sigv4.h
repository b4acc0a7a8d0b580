// AWS Signature Version 4: how a request proves who sent it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "s3/credentials.h"

namespace binlogd {

// Not encoded: names and values in any order, as they are.
using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// Every byte but A-Z a-z 0-9 - . _ ~ as %XX in capitals; '/' stays when `keep_slashes`.
std::string UriEncode(absl::string_view bytes, bool keep_slashes);

// Both encoded and in order, joined by '=' and '&': what is signed, and what is sent.
std::string CanonicalQuery(const QueryParameters& query);

struct RequestToSign {
  std::string method;
  std::string path;  // Encoded, with the first slash; not normalized, as S3 has it.
  QueryParameters query;
  std::map<std::string, std::string> headers;  // Names in lower case; all are signed. With "host".
  std::string payload_hash;                    // Sha256Hex of the body.
};

// The value of the header Authorization. The headers already have "x-amz-date" (SigningTime(time)) and, with a session
// token, "x-amz-security-token".
std::string AuthorizationOf(const RequestToSign& request, const Credentials& credentials, absl::Time time,
                            absl::string_view region, absl::string_view service);

// 20130524T000000Z
std::string SigningTime(absl::Time time);

}  // namespace binlogd
