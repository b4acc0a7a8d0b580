// The documents that S3 answers with, and the one that it is sent.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "s3/object_store.h"

namespace binlogd {

// What an <Error> says; all empty when a text is none.
struct S3ErrorText {
  std::string code;
  std::string message;
  std::string region;
  std::string endpoint;
};
S3ErrorText ParseS3Error(absl::string_view text);

// Of the following each is INTERNAL (ANSWER_INVALID) when the document is another, or lacks something.

// A page of ListObjectsV2.
struct ListPage {
  ObjectStore::Listing listing;
  std::string next_token;  // Empty: the last page.
};
absl::StatusOr<ListPage> ParseListPage(absl::string_view text);

// A page of ListMultipartUploads.
struct UploadsPage {
  struct Upload {
    std::string key;
    std::string id;
  };
  std::vector<Upload> uploads;
  // Where the next page begins; nothing when this is the last.
  std::string next_key;
  std::string next_id;
  bool last = true;
};
absl::StatusOr<UploadsPage> ParseUploadsPage(absl::string_view text);

// Of CreateMultipartUpload.
absl::StatusOr<std::string> ParseUploadId(absl::string_view text);

// Of CompleteMultipartUpload: the object's etag.
absl::StatusOr<std::string> ParseCompletedEtag(absl::string_view text);

// The body of CompleteMultipartUpload, by the etags of all parts, the first of which has the number 1.
std::string CompletionOf(const std::vector<std::string>& part_etags);

// Without the quotes around it.
std::string EtagOf(absl::string_view header);

}  // namespace binlogd
