#include "target/s3_object_tags.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "target/checked_line.h"
#include "target/s3_intact_read.h"
#include "target/s3_layout.h"

namespace binlogd {
namespace {

// S3 takes 2048; the store may add something of its own.
constexpr size_t kMostMetadataBytes = 1900;
constexpr char kGeneration[] = "binlogd-generation";
constexpr char kSha256[] = "binlogd-sha256";
constexpr char kContentBytes[] = "binlogd-content-bytes";
constexpr char kFirstTime[] = "binlogd-first-time";
constexpr char kLastTime[] = "binlogd-last-time";
constexpr char kPosition[] = "binlogd-position";

template <typename Number>
bool GetNumber(const std::map<std::string, std::string>& metadata, const char* name, Number* number) {
  const auto found = metadata.find(name);
  return found != metadata.end() && absl::SimpleAtoi(found->second, number);
}

// Permanent DATA_LOSS (TARGET_DAMAGED) when the object has no tags, or edited ones.
absl::StatusOr<S3ObjectTags> ParseTags(const std::string& key, const Object& object) {
  S3ObjectTags tags;
  const auto sha256 = object.metadata.find(kSha256);
  if (!GetNumber(object.metadata, kGeneration, &tags.generation) || sha256 == object.metadata.end() ||
      !GetNumber(object.metadata, kContentBytes, &tags.content_bytes) ||
      !GetNumber(object.metadata, kFirstTime, &tags.first_event_time) ||
      !GetNumber(object.metadata, kLastTime, &tags.last_event_time)) {
    return ObjectsDamaged(absl::StrCat(key, " has not the metadata that binlogd gives an object, so it is not ours"));
  }
  tags.sha256 = sha256->second;
  tags.etag = object.etag;
  const auto position = object.metadata.find(kPosition);
  if (position == object.metadata.end()) return tags;
  absl::string_view json;
  tags.position.emplace();
  if (!ParseCheckedLine(position->second, &json) || !ParsePositionRecord(json, &*tags.position)) {
    return ObjectsDamaged(absl::StrCat("the position in the metadata of ", key, " was edited"));
  }
  return tags;
}

}  // namespace

bool IsNoObject(const absl::Status& status) { return absl::IsNotFound(status) && !IsPermanent(status); }

std::map<std::string, std::string> ToMetadata(const S3ObjectTags& tags, bool* position_fits) {
  std::map<std::string, std::string> metadata = {{kGeneration, absl::StrCat(tags.generation)},
                                                 {kSha256, tags.sha256},
                                                 {kContentBytes, absl::StrCat(tags.content_bytes)},
                                                 {kFirstTime, absl::StrCat(tags.first_event_time)},
                                                 {kLastTime, absl::StrCat(tags.last_event_time)}};
  metadata[kPosition] = CheckedLine(PositionRecordJson(*tags.position));
  size_t size = 0;
  for (const auto& [name, value] : metadata) size += name.size() + value.size();
  // Headers take printable ASCII only, and the log files' names may be something else.
  const std::string& position = metadata[kPosition];
  *position_fits = size <= kMostMetadataBytes &&
                   std::all_of(position.begin(), position.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (!*position_fits) metadata.erase(kPosition);
  return metadata;
}

absl::StatusOr<S3ObjectTags> HeadTags(ObjectStore& store, const std::string& key) {
  return ReadIntact([&]() -> absl::StatusOr<S3ObjectTags> {
    ASSIGN_OR_RETURN(const Object object, store.Head(key));
    return ParseTags(key, object);
  });
}

}  // namespace binlogd
