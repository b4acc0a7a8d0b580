// A bucket of an object store, as S3 has them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "s3/object_body.h"

namespace binlogd {

// What a listing tells of an object.
struct ObjectInfo {
  std::string key;
  uint64_t size = 0;
  std::string etag;
  absl::Time modified;
};

struct Object {
  std::string bytes;
  std::string etag;
  std::map<std::string, std::string> metadata;  // Names in lower case, without "x-amz-meta-".
};

struct PutOptions {
  std::string content_type = "application/octet-stream";
  std::map<std::string, std::string> metadata;  // 2048 bytes at most, names and values together.
  // ALREADY_EXISTS (OBJECT_EXISTS), with nothing changed, when there is an object of the key.
  bool only_if_new = false;
  // ABORTED (OBJECT_CHANGED), with nothing changed, unless the object's etag is this; empty: any.
  std::string only_if_etag;
};

// Keys are whole: with the prefix. Requests that a broken connection, a 5xx or a 429 ended are repeated with back-off
// and jitter for a bounded time, then UNAVAILABLE. What only a person can mend is permanent: S3_BUCKET_NOT_FOUND,
// S3_ACCESS_DENIED, S3_CREDENTIALS_INVALID, S3_WRONG_REGION. Thread-safe.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // Durable, and whole or not at all, when it returns OK; after UNAVAILABLE it may be either. Returns the etag.
  // Bodies larger than a part are uploaded in parts; an upload that failed leaves no part behind if it can be helped.
  virtual absl::StatusOr<std::string> Put(const std::string& key, ObjectBody& body, const PutOptions& options) = 0;
  // NOT_FOUND (OBJECT_NOT_FOUND). INTERNAL (ANSWER_INVALID) when it is larger than kMostObjectBytes.
  static constexpr size_t kMostObjectBytes = 64 << 20;
  virtual absl::StatusOr<Object> Get(const std::string& key) = 0;
  // Without the bytes.
  virtual absl::StatusOr<Object> Head(const std::string& key) = 0;
  // OK when it was not there.
  virtual absl::Status Delete(const std::string& key) = 0;

  struct Listing {
    std::vector<ObjectInfo> objects;    // In the order of their keys.
    std::vector<std::string> prefixes;  // With `delimiter`: what the keys have in common up to it, with it.
  };
  struct ListOptions {
    std::string prefix;
    std::string after;      // Only keys after this one.
    std::string delimiter;  // "" or "/".
    size_t most = 0;        // Keys and prefixes at most; 0: all, over as many requests as it takes.
  };
  virtual absl::StatusOr<Listing> List(const ListOptions& options) = 0;

  // Ends parts of uploads that never ended, under a prefix.
  virtual absl::Status AbortUploads(const std::string& prefix) = 0;

  // Ends every request that is under way, and those to come, with CANCELLED.
  virtual void Interrupt() = 0;
};

}  // namespace binlogd
