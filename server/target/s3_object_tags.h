// What an object of an S3 target tells of itself, beside its key and its bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "s3/object_store.h"
#include "target/position_record.h"

namespace binlogd {

// Travels as the object's user metadata.
struct S3ObjectTags {
  uint64_t generation = 0;        // Of the owner that put it (s3_ownership.h).
  std::string sha256;             // Of the bytes, 64 hexadecimal digits.
  uint64_t content_bytes = 0;     // Before compression.
  uint32_t first_event_time = 0;  // The source's clock, seconds since 1970; 0 when not known.
  uint32_t last_event_time = 0;
  // What is durable with it; not there when it was too long for S3, and then the owner's record has it.
  std::optional<PositionRecord> position;
  std::string etag;  // Of an object that is there; no metadata.
};

// Of what a log file's folder holds, what is no object of its own.
inline constexpr char kManifestName[] = "manifest.json";

// Whether there is no object of the key; false when there is no bucket.
bool IsNoObject(const absl::Status& status);

// The position is left out when it does not fit.
std::map<std::string, std::string> ToMetadata(const S3ObjectTags& tags, bool* position_fits);

// Asks for the tags of an object. DATA_LOSS, permanent (TARGET_DAMAGED), when it has none, or edited ones: it is not
// ours. NOT_FOUND.
absl::StatusOr<S3ObjectTags> HeadTags(ObjectStore& store, const std::string& key);

}  // namespace binlogd
