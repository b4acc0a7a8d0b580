#include "s3/sigv4.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "s3/digest.h"

namespace binlogd {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

// Without spaces at the ends, and runs of them made one.
std::string CanonicalValue(absl::string_view value) {
  std::string canonical;
  for (const char c : absl::StripAsciiWhitespace(value)) {
    if (c != ' ' || canonical.back() != ' ') canonical.push_back(c);
  }
  return canonical;
}

std::string SignedHeaders(const RequestToSign& request) {
  return absl::StrJoin(request.headers, ";",
                       [](std::string* out, const auto& header) { absl::StrAppend(out, header.first); });
}

// METHOD \n path \n query \n (name:value \n)* \n names \n hash
std::string CanonicalForm(const RequestToSign& request) {
  std::string form = absl::StrCat(request.method, "\n", request.path, "\n", CanonicalQuery(request.query), "\n");
  for (const auto& [name, value] : request.headers) absl::StrAppend(&form, name, ":", CanonicalValue(value), "\n");
  absl::StrAppend(&form, "\n", SignedHeaders(request), "\n", request.payload_hash);
  return form;
}

}  // namespace

std::string UriEncode(absl::string_view bytes, bool keep_slashes) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slashes)) {
      encoded.push_back(c);
    } else {
      encoded.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return encoded;
}

std::string CanonicalQuery(const QueryParameters& query) {
  std::vector<std::pair<std::string, std::string>> encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(UriEncode(name, false), UriEncode(value, false));
  std::sort(encoded.begin(), encoded.end());
  return absl::StrJoin(encoded, "&", absl::PairFormatter("="));
}

std::string SigningTime(absl::Time time) { return absl::FormatTime("%Y%m%dT%H%M%SZ", time, absl::UTCTimeZone()); }

std::string AuthorizationOf(const RequestToSign& request, const Credentials& credentials, absl::Time time,
                            absl::string_view region, absl::string_view service) {
  const std::string signing_time = SigningTime(time);
  const std::string date = signing_time.substr(0, 8);
  const std::string scope = absl::StrCat(date, "/", region, "/", service, "/aws4_request");
  const std::string to_sign =
      absl::StrCat(kAlgorithm, "\n", signing_time, "\n", scope, "\n", Sha256Hex(CanonicalForm(request)));
  std::string key = absl::StrCat("AWS4", credentials.secret_access_key);
  for (const absl::string_view part : {absl::string_view(date), region, service, absl::string_view("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  return absl::StrCat(kAlgorithm, " Credential=", credentials.access_key_id, "/", scope,
                      ",SignedHeaders=", SignedHeaders(request),
                      ",Signature=", absl::BytesToHexString(HmacSha256(key, to_sign)));
}

}  // namespace binlogd
