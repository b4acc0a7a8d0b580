#include "s3/s3_store.h"

#include <algorithm>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "s3/digest.h"
#include "s3/s3_answers.h"
#include "s3/s3_client.h"
#include "s3/s3_listing.h"

namespace binlogd {
namespace {

constexpr uint64_t kPartBytes = 16 << 20;  // An object of the usual size is one request.
constexpr uint64_t kMostParts = 10000;
constexpr size_t kMostKeyBytes = 1024;
constexpr size_t kMostMetadataBytes = 2048;
constexpr char kMetadataPrefix[] = "x-amz-meta-";
// Tells an object that this very Put made, and whose answer was lost, from somebody else's.
constexpr char kPutIdHeader[] = "x-amz-meta-binlogd-put-id";

uint64_t PartSize(uint64_t size) {
  constexpr uint64_t kStep = 1 << 20;
  const uint64_t least = (size + kMostParts - 1) / kMostParts;
  return std::max(kPartBytes, (least + kStep - 1) / kStep * kStep);
}

std::string NewPutId() {
  absl::BitGen random;
  return absl::StrCat(absl::Hex(absl::Uniform<uint64_t>(random), absl::kZeroPad16),
                      absl::Hex(absl::Uniform<uint64_t>(random), absl::kZeroPad16));
}

absl::Status CheckKey(const std::string& key) {
  if (!key.empty() && key.size() <= kMostKeyBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the key ", Shown(key), " has ", key.size(), " bytes; a key has 1 to ", kMostKeyBytes));
}

absl::Status CheckMetadata(const std::map<std::string, std::string>& metadata) {
  size_t bytes = 0;
  for (const auto& [name, value] : metadata) {
    bytes += name.size() + value.size();
    const bool name_right = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
    });
    if (!name_right || !IsHeaderValue(value)) {
      return absl::InvalidArgumentError(absl::StrCat("the metadata ", Shown(name), " does not fit into a header"));
    }
  }
  if (bytes <= kMostMetadataBytes) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("metadata of ", bytes, " bytes; ", kMostMetadataBytes, " fit"));
}

void SetCondition(const PutOptions& options, S3Request* request) {
  if (options.only_if_new) {
    request->headers["if-none-match"] = "*";
    request->condition = S3Errand::Condition::kNew;
  } else if (!options.only_if_etag.empty()) {
    request->headers["if-match"] = absl::StrCat("\"", options.only_if_etag, "\"");
    request->condition = S3Errand::Condition::kEtag;
  }
}

// The signature covers the SHA-256; buckets with Object Lock ask for the MD5.
absl::Status SetUpload(ObjectBody* body, S3Request* request) {
  ASSIGN_OR_RETURN(const BodyDigests digests, DigestsOf(*body));
  request->upload = body;
  request->upload_sha256 = absl::BytesToHexString(digests.sha256);
  if (!digests.md5.empty()) request->headers["content-md5"] = absl::Base64Escape(digests.md5);
  return absl::OkStatus();
}

std::map<std::string, std::string> NewObjectHeaders(const S3Options& options) {
  std::map<std::string, std::string> headers;
  if (!options.storage_class.empty()) headers["x-amz-storage-class"] = options.storage_class;
  if (!options.tags.empty()) headers["x-amz-tagging"] = CanonicalQuery({options.tags.begin(), options.tags.end()});
  const S3Encryption& encryption = options.encryption;
  if (!encryption.algorithm.empty()) headers["x-amz-server-side-encryption"] = encryption.algorithm;
  if (!encryption.kms_key_id.empty()) {
    headers["x-amz-server-side-encryption-aws-kms-key-id"] = encryption.kms_key_id;
  }
  if (encryption.bucket_key) headers["x-amz-server-side-encryption-bucket-key-enabled"] = "true";
  return headers;
}

class S3Store : public ObjectStore {
 public:
  explicit S3Store(const S3Options& options) : new_object_headers_(NewObjectHeaders(options)), client_(options) {}

  absl::StatusOr<std::string> Put(const std::string& key, ObjectBody& body, const PutOptions& options) override;
  absl::StatusOr<Object> Get(const std::string& key) override;
  absl::StatusOr<Object> Head(const std::string& key) override;
  absl::Status Delete(const std::string& key) override;
  absl::StatusOr<Listing> List(const ListOptions& options) override { return ListObjects(client_, options); }
  absl::Status AbortUploads(const std::string& prefix) override { return AbortUploadsUnder(client_, prefix); }
  void Interrupt() override { client_.Interrupt(); }

 private:
  absl::StatusOr<std::string> PutWhole(const std::string& key, ObjectBody& body, const PutOptions& options,
                                       std::map<std::string, std::string> headers);
  absl::StatusOr<std::string> PutInParts(const std::string& key, ObjectBody& body, const PutOptions& options,
                                         std::map<std::string, std::string> headers);
  absl::StatusOr<std::string> UploadParts(const std::string& key, const std::string& upload, ObjectBody& body,
                                          const PutOptions& options);
  absl::StatusOr<std::string> UploadPart(const std::string& key, const std::string& upload, size_t number,
                                         BodyPart& part);
  // The etag, when the object is the one that this Put made; else `failure`.
  absl::StatusOr<std::string> EtagIfOurs(const std::string& key, const std::string& put_id,
                                         const absl::Status& failure);
  absl::StatusOr<HttpAnswer> SendHead(const std::string& key);
  absl::StatusOr<Object> ObjectOf(HttpAnswer answer, const std::string& key) const;
  absl::StatusOr<std::string> RequireEtag(const HttpAnswer& answer, const std::string& key) const;

  const std::map<std::string, std::string> new_object_headers_;
  S3Client client_;
};

absl::StatusOr<std::string> S3Store::Put(const std::string& key, ObjectBody& body, const PutOptions& options) {
  RETURN_IF_ERROR(CheckKey(key));
  RETURN_IF_ERROR(CheckMetadata(options.metadata));
  std::map<std::string, std::string> headers = new_object_headers_;
  headers["content-type"] = options.content_type;
  for (const auto& [name, value] : options.metadata) headers[kMetadataPrefix + name] = value;
  const bool whole = body.size() <= kPartBytes;
  std::string put_id;
  if (!whole || options.only_if_new || !options.only_if_etag.empty()) headers[kPutIdHeader] = put_id = NewPutId();
  absl::StatusOr<std::string> etag =
      whole ? PutWhole(key, body, options, std::move(headers)) : PutInParts(key, body, options, std::move(headers));
  if (etag.ok() || put_id.empty()) return etag;
  // A try whose answer was lost may have done it, and made the next one fail.
  const std::string reason = ErrorReason(etag.status());
  for (const absl::string_view sign : {"OBJECT_EXISTS", "OBJECT_CHANGED", "S3_UPLOAD_NOT_FOUND", "ANSWER_INVALID"}) {
    if (reason == sign) return EtagIfOurs(key, put_id, etag.status());
  }
  return etag;
}

absl::StatusOr<std::string> S3Store::PutWhole(const std::string& key, ObjectBody& body, const PutOptions& options,
                                              std::map<std::string, std::string> headers) {
  BodyPart whole(&body, 0, body.size());
  S3Request request;
  request.method = "PUT";
  request.key = key;
  request.headers = std::move(headers);
  request.permission = "s3:PutObject";
  RETURN_IF_ERROR(SetUpload(&whole, &request));
  SetCondition(options, &request);
  ASSIGN_OR_RETURN(const HttpAnswer answer, client_.Send(request));
  return RequireEtag(answer, key);
}

absl::StatusOr<std::string> S3Store::PutInParts(const std::string& key, ObjectBody& body, const PutOptions& options,
                                                std::map<std::string, std::string> headers) {
  S3Request create;
  create.method = "POST";
  create.key = key;
  create.query = {{"uploads", ""}};
  create.headers = std::move(headers);
  create.permission = "s3:PutObject";
  ASSIGN_OR_RETURN(const HttpAnswer created, client_.Send(create));
  ASSIGN_OR_RETURN(const std::string upload, ParseUploadId(created.body));
  absl::StatusOr<std::string> etag = UploadParts(key, upload, body, options);
  if (!etag.ok()) AbortUpload(client_, key, upload, /*once=*/true).IgnoreError();
  return etag;
}

absl::StatusOr<std::string> S3Store::UploadParts(const std::string& key, const std::string& upload, ObjectBody& body,
                                                 const PutOptions& options) {
  const uint64_t part_size = PartSize(body.size());
  std::vector<std::string> etags;
  for (uint64_t offset = 0; offset < body.size(); offset += part_size) {
    BodyPart part(&body, offset, std::min(part_size, body.size() - offset));
    ASSIGN_OR_RETURN(std::string etag, UploadPart(key, upload, etags.size() + 1, part));
    etags.push_back(std::move(etag));
  }
  const std::string completion = CompletionOf(etags);
  S3Request complete;
  complete.method = "POST";
  complete.key = key;
  complete.query = {{"uploadId", upload}};
  complete.headers["content-type"] = "application/xml";
  complete.body = completion;
  complete.permission = "s3:PutObject";
  complete.error_in_success = true;
  SetCondition(options, &complete);
  ASSIGN_OR_RETURN(const HttpAnswer answer, client_.Send(complete));
  return ParseCompletedEtag(answer.body);
}

absl::StatusOr<std::string> S3Store::UploadPart(const std::string& key, const std::string& upload, size_t number,
                                                BodyPart& part) {
  S3Request request;
  request.method = "PUT";
  request.key = key;
  request.query = {{"partNumber", absl::StrCat(number)}, {"uploadId", upload}};
  request.permission = "s3:PutObject";
  RETURN_IF_ERROR(SetUpload(&part, &request));
  ASSIGN_OR_RETURN(const HttpAnswer answer, client_.Send(request));
  return RequireEtag(answer, key);
}

absl::StatusOr<std::string> S3Store::EtagIfOurs(const std::string& key, const std::string& put_id,
                                                const absl::Status& failure) {
  const absl::StatusOr<HttpAnswer> answer = SendHead(key);
  if (absl::IsNotFound(answer.status())) return failure;
  RETURN_IF_ERROR(answer.status());
  if (answer->header(kPutIdHeader) != put_id) return failure;
  return RequireEtag(*answer, key);
}

absl::StatusOr<HttpAnswer> S3Store::SendHead(const std::string& key) {
  S3Request head;
  head.method = "HEAD";
  head.key = key;
  head.permission = "s3:GetObject";
  absl::StatusOr<HttpAnswer> answer = client_.Send(head);
  if (answer.ok() || !(absl::IsPermissionDenied(answer.status()) || absl::IsFailedPrecondition(answer.status()))) {
    return answer;
  }
  // A HEAD is refused without a word; a GET says why, and what it makes better (a token, the clock) serves a HEAD too.
  S3Request get = head;
  get.method = "GET";
  get.headers["range"] = "bytes=0-0";
  RETURN_IF_ERROR(client_.Send(get).status());
  return client_.Send(head);
}

absl::StatusOr<Object> S3Store::Head(const std::string& key) {
  RETURN_IF_ERROR(CheckKey(key));
  ASSIGN_OR_RETURN(HttpAnswer answer, SendHead(key));
  return ObjectOf(std::move(answer), key);
}

absl::StatusOr<Object> S3Store::Get(const std::string& key) {
  RETURN_IF_ERROR(CheckKey(key));
  S3Request request;
  request.method = "GET";
  request.key = key;
  request.permission = "s3:GetObject";
  request.most_answer_bytes = kMostObjectBytes;
  ASSIGN_OR_RETURN(HttpAnswer answer, client_.Send(request));
  if (!answer.header("content-length").empty() || !answer.header("transfer-encoding").empty()) {
    return ObjectOf(std::move(answer), key);
  }
  // A connection that broke would look like the object's end.
  return MakeError(absl::StatusCode::kInternal, "ANSWER_INVALID",
                   absl::StrCat(client_.description(), ": the answer for ", Shown(key), " does not tell its length"));
}

absl::StatusOr<Object> S3Store::ObjectOf(HttpAnswer answer, const std::string& key) const {
  Object object;
  ASSIGN_OR_RETURN(object.etag, RequireEtag(answer, key));
  for (const auto& [name, value] : answer.headers) {
    if (name == kPutIdHeader || !absl::StartsWith(name, kMetadataPrefix)) continue;
    object.metadata[name.substr(sizeof(kMetadataPrefix) - 1)] = value;
  }
  object.bytes = std::move(answer.body);
  return object;
}

absl::Status S3Store::Delete(const std::string& key) {
  RETURN_IF_ERROR(CheckKey(key));
  S3Request request;
  request.method = "DELETE";
  request.key = key;
  request.permission = "s3:DeleteObject";
  const absl::Status status = client_.Send(request).status();
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::StatusOr<std::string> S3Store::RequireEtag(const HttpAnswer& answer, const std::string& key) const {
  std::string etag = EtagOf(answer.header("etag"));
  if (!etag.empty()) return etag;
  return MakeError(absl::StatusCode::kInternal, "ANSWER_INVALID",
                   absl::StrCat(client_.description(), ": the answer for ", Shown(key), " has no ETag"));
}

absl::Status BadOption(absl::string_view option, absl::string_view message) {
  return InvalidField(option, "BAD_VALUE", message);
}

bool IsName(absl::string_view text, absl::string_view others) {
  return std::all_of(text.begin(), text.end(), [others](unsigned char c) {
    return absl::ascii_isalnum(c) || others.find(static_cast<char>(c)) != absl::string_view::npos;
  });
}

absl::Status CheckEndpoint(const S3Options& options) {
  const std::string endpoint(absl::StripSuffix(options.endpoint, "/"));
  if (endpoint.empty()) return absl::OkStatus();
  if (!IsOrigin(endpoint)) return BadOption("endpoint", "it is https://HOST[:PORT], or http:// of the same");
  const absl::string_view host = absl::string_view(endpoint).substr(endpoint.find("//") + 2);
  const bool address = absl::StartsWith(host, "[") || IsName(host.substr(0, host.find(':')), ".") == false ||
                       host.find_first_not_of("0123456789.:") == absl::string_view::npos;
  if (address && !options.path_style) {
    return BadOption("path_style", "an endpoint that is an address and not a name takes path_style: true");
  }
  return absl::OkStatus();
}

absl::Status CheckEncryption(const S3Encryption& encryption) {
  constexpr absl::string_view kAlgorithms[] = {"", "AES256", "aws:kms", "aws:kms:dsse"};
  if (std::find(std::begin(kAlgorithms), std::end(kAlgorithms), encryption.algorithm) == std::end(kAlgorithms)) {
    return BadOption("encryption.algorithm", "it is AES256, aws:kms or aws:kms:dsse");
  }
  const bool kms = absl::StartsWith(encryption.algorithm, "aws:kms");
  if (!kms && (!encryption.kms_key_id.empty() || encryption.bucket_key)) {
    return BadOption("encryption.algorithm", "a key of KMS takes aws:kms or aws:kms:dsse");
  }
  if (!IsHeaderValue(encryption.kms_key_id)) return BadOption("encryption.kms_key_id", "it is printable ASCII");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckS3Options(const S3Options& options) {
  constexpr size_t kMostTags = 10;
  constexpr absl::Duration kLeastTime = absl::Seconds(1);
  constexpr absl::Duration kMostTime = absl::Hours(1);
  if (options.bucket.size() < 3 || options.bucket.size() > 255 || !IsName(options.bucket, ".-_") ||
      !absl::ascii_isalnum(static_cast<unsigned char>(options.bucket.front()))) {
    return BadOption("bucket",
                     "a bucket's name is 3 to 255 letters, digits, '.', '-' and '_', a letter or digit first");
  }
  if (!IsName(options.region, "-_") || options.region.size() > 63) {
    return BadOption("region", "it is letters, digits and '-', for example eu-west-1");
  }
  RETURN_IF_ERROR(CheckEndpoint(options));
  RETURN_IF_ERROR(CheckEncryption(options.encryption));
  if (!IsName(options.storage_class, "_-")) return BadOption("storage_class", "it is a name, for example STANDARD_IA");
  if (options.tags.size() > kMostTags) return BadOption("tags", absl::StrCat("an object has at most ", kMostTags));
  const bool both_keys = options.credentials.access_key_id && options.credentials.secret_access_key;
  if (!both_keys && (options.credentials.access_key_id || options.credentials.secret_access_key)) {
    return BadOption("access_key_id", "access_key_id and secret_access_key go together");
  }
  if (!options.credentials.sts_endpoint.empty() &&
      !IsOrigin(std::string(absl::StripSuffix(options.credentials.sts_endpoint, "/")))) {
    return BadOption("sts_endpoint", "it is https://HOST[:PORT], or http:// of the same");
  }
  for (const auto& [name, time] :
       {std::pair("connect_timeout", options.connect_timeout), std::pair("stall_timeout", options.stall_timeout)}) {
    if (time < kLeastTime || time > kMostTime) return BadOption(name, "it is 1s to 1h");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ObjectStore>> MakeS3Store(const S3Options& options) {
  RETURN_IF_ERROR(CheckS3Options(options));
  return std::make_unique<S3Store>(options);
}

}  // namespace binlogd
