#include "s3/s3_listing.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "s3/s3_answers.h"

namespace binlogd {
namespace {

constexpr size_t kMostPerPage = 1000;
// 1000 keys of 1024 bytes, each byte as %XX, and what is around them.
constexpr size_t kMostPageBytes = 4 << 20;
constexpr size_t kMostKeys = 1000000;
// Pages may be empty, but a server that sends nothing else is not waited for.
constexpr int kMostEmptyPages = 100;

absl::Status Invalid(absl::string_view what) { return MakeError(absl::StatusCode::kInternal, "ANSWER_INVALID", what); }

// Appends a page's objects and prefixes, each in the order of the keys, as a server has them.
absl::Status AppendPage(ListPage page, const ObjectStore::ListOptions& options, ObjectStore::Listing* all) {
  for (ObjectInfo& object : page.listing.objects) {
    const std::string& last = all->objects.empty() ? options.after : all->objects.back().key;
    if (object.key <= last) {
      return Invalid(absl::StrCat("the listing is not in order: ", Shown(object.key), " after ", Shown(last)));
    }
    if (!absl::StartsWith(object.key, options.prefix)) {
      return Invalid(absl::StrCat("the listing has ", Shown(object.key), ", which was not asked for"));
    }
    all->objects.push_back(std::move(object));
  }
  for (std::string& prefix : page.listing.prefixes) {
    if (!all->prefixes.empty() && prefix <= all->prefixes.back()) {
      return Invalid(absl::StrCat("the listing is not in order: the prefix ", Shown(prefix)));
    }
    if (!absl::StartsWith(prefix, options.prefix)) {
      return Invalid(absl::StrCat("the listing has ", Shown(prefix), ", which was not asked for"));
    }
    all->prefixes.push_back(std::move(prefix));
  }
  return absl::OkStatus();
}

S3Request ListRequest(const ObjectStore::ListOptions& options, size_t most, const std::string& token) {
  S3Request request;
  request.method = "GET";
  request.permission = "s3:ListBucket";
  request.most_answer_bytes = kMostPageBytes;
  request.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"max-keys", absl::StrCat(most)}};
  if (!options.prefix.empty()) request.query.emplace_back("prefix", options.prefix);
  if (!options.delimiter.empty()) request.query.emplace_back("delimiter", options.delimiter);
  if (!token.empty()) {
    request.query.emplace_back("continuation-token", token);
  } else if (!options.after.empty()) {
    request.query.emplace_back("start-after", options.after);
  }
  return request;
}

absl::StatusOr<UploadsPage> FetchUploads(S3Client& client, const std::string& prefix, const UploadsPage& before) {
  S3Request request;
  request.method = "GET";
  request.permission = "s3:ListBucketMultipartUploads";
  request.most_answer_bytes = kMostPageBytes;
  request.query = {{"uploads", ""}, {"encoding-type", "url"}};
  if (!prefix.empty()) request.query.emplace_back("prefix", prefix);
  if (!before.next_key.empty()) request.query.emplace_back("key-marker", before.next_key);
  if (!before.next_id.empty()) request.query.emplace_back("upload-id-marker", before.next_id);
  ASSIGN_OR_RETURN(const HttpAnswer answer, client.Send(request));
  absl::StatusOr<UploadsPage> page = ParseUploadsPage(answer.body);
  if (!page.ok()) return Annotate(page.status(), client.description());
  if (!page->last && page->next_key == before.next_key && page->next_id == before.next_id) {
    return Invalid(absl::StrCat(client.description(), ": the listing of uploads does not go on"));
  }
  return page;
}

}  // namespace

absl::StatusOr<ObjectStore::Listing> ListObjects(S3Client& client, const ObjectStore::ListOptions& options) {
  ObjectStore::Listing all;
  std::string token;
  const size_t most = options.most == 0 ? kMostKeys : options.most;
  for (int empty_pages = 0; empty_pages < kMostEmptyPages;) {
    const size_t had = all.objects.size() + all.prefixes.size();
    const size_t wanted = std::min(kMostPerPage, most - had);
    ASSIGN_OR_RETURN(const HttpAnswer answer, client.Send(ListRequest(options, wanted, token)));
    absl::StatusOr<ListPage> page = ParseListPage(answer.body);
    if (!page.ok()) return Annotate(page.status(), client.description());
    const size_t came = page->listing.objects.size() + page->listing.prefixes.size();
    if (came > wanted) return Invalid(absl::StrCat(client.description(), ": the listing has more than was asked for"));
    const std::string next = page->next_token;
    if (absl::Status status = AppendPage(*std::move(page), options, &all); !status.ok()) {
      return Annotate(status, client.description());
    }
    if (next.empty() || (options.most != 0 && had + came == most)) return all;
    if (had + came == most) {
      return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "S3_TOO_MANY_KEYS",
                                 absl::StrCat(client.description(), ": more than ", kMostKeys, " keys below ",
                                              Shown(options.prefix), "; no archive has so many in one place")));
    }
    empty_pages = came == 0 ? empty_pages + 1 : 0;
    token = next;
  }
  return Invalid(absl::StrCat(client.description(), ": the listing does not end"));
}

absl::Status AbortUploadsUnder(S3Client& client, const std::string& prefix) {
  UploadsPage page;
  size_t pages = 0;
  do {
    ASSIGN_OR_RETURN(page, FetchUploads(client, prefix, page));
    for (const UploadsPage::Upload& upload : page.uploads) {
      if (!absl::StartsWith(upload.key, prefix)) {
        return Invalid(absl::StrCat(client.description(), ": the listing of uploads has ", Shown(upload.key),
                                    ", which was not asked for"));
      }
      RETURN_IF_ERROR(AbortUpload(client, upload.key, upload.id, /*once=*/false));
    }
  } while (!page.last && ++pages < kMostKeys / kMostPerPage);
  return absl::OkStatus();
}

absl::Status AbortUpload(S3Client& client, const std::string& key, const std::string& upload, bool once) {
  S3Request request;
  request.method = "DELETE";
  request.key = key;
  request.query = {{"uploadId", upload}};
  request.permission = "s3:AbortMultipartUpload";
  request.once = once;
  const absl::Status status = client.Send(request).status();
  const bool gone = absl::IsNotFound(status) || ErrorReason(status) == "S3_UPLOAD_NOT_FOUND";
  return gone ? absl::OkStatus() : status;
}

}  // namespace binlogd
