// What goes over a bucket page by page.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "s3/object_store.h"
#include "s3/s3_client.h"

namespace binlogd {

// As ObjectStore::List. INTERNAL (ANSWER_INVALID) when the server lists what was not asked for, out of order, or
// without an end.
absl::StatusOr<ObjectStore::Listing> ListObjects(S3Client& client, const ObjectStore::ListOptions& options);

// As ObjectStore::AbortUploads.
absl::Status AbortUploadsUnder(S3Client& client, const std::string& prefix);

// OK when there is no such upload (any more). `once`: not repeated.
absl::Status AbortUpload(S3Client& client, const std::string& key, const std::string& upload, bool once);

}  // namespace binlogd
