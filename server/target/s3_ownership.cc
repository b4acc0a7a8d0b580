#include "target/s3_ownership.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "target/checked_line.h"
#include "target/s3_intact_read.h"
#include "target/s3_layout.h"
#include "target/s3_object_tags.h"

namespace binlogd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr size_t kMostTakes = 100;
constexpr int kMostTries = 4;  // To change a record that is said to be another and is not.

Json RecordJson(const std::optional<PositionRecord>& record) {
  if (!record) return nullptr;
  return Json::parse(PositionRecordJson(*record));
}

// Throws when a field is missing or of another type.
std::optional<PositionRecord> ParseRecord(const Json& json) {
  if (json.is_null()) return std::nullopt;
  PositionRecord record;
  if (!ParsePositionRecord(json.dump(), &record)) throw std::invalid_argument("not a position");
  return record;
}

Json TakesJson(const std::vector<S3Take>& takes) {
  Json json = Json::array();
  for (const S3Take& take : takes) {
    json.push_back({{"place", take.place}, {"offset", take.offset}, {"last_time", take.last_time}});
  }
  return json;
}

// Throws as well.
std::vector<S3Take> ParseTakes(const Json& json) {
  std::vector<S3Take> takes;
  for (const Json& one : json) {
    takes.push_back(
        {one.at("place").get<std::string>(), one.at("offset").get<uint64_t>(), one.at("last_time").get<int64_t>()});
  }
  return takes;
}

// Adds that the prefix is taken where `base` is.
void AddTake(const PositionRecord& base, absl::Time now, std::vector<S3Take>* takes) {
  S3Take take{base.output_file, base.output_length, absl::ToUnixSeconds(now)};
  const auto had =
      std::find_if(takes->begin(), takes->end(), [&take](const S3Take& one) { return one.place == take.place; });
  if (had != takes->end()) {
    take.offset = std::min(take.offset, had->offset);
    takes->erase(had);
  } else if (takes->size() == kMostTakes) {
    takes->erase(takes->begin());
  }
  takes->push_back(std::move(take));
}

std::string ToText(const S3Ownership::Record& record) {
  const Json json = {{"version", kVersion},
                     {"owner", record.owner},
                     {"generation", record.generation},
                     {"instance", record.instance},
                     {"host", record.host},
                     {"since", record.since},
                     {"format", record.format},
                     {"base", RecordJson(record.base)},
                     {"base_generation", record.base_generation},
                     {"file_gtid_set", record.file_gtid_set},
                     {"finished_files", record.finished_files},
                     {"next", RecordJson(record.next)},
                     {"next_key", record.next_key},
                     {"takes", TakesJson(record.takes)}};
  return CheckedLine(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + "\n";
}

void FromJson(const Json& json, S3Ownership::Record* record) {
  if (json.at("version").get<int>() != kVersion) throw std::invalid_argument("another version");
  record->owner = json.at("owner").get<std::string>();
  record->generation = json.at("generation").get<uint64_t>();
  record->instance = json.at("instance").get<std::string>();
  record->host = json.at("host").get<std::string>();
  record->since = json.at("since").get<std::string>();
  record->format = json.at("format").get<std::string>();
  record->base = ParseRecord(json.at("base"));
  record->base_generation = json.at("base_generation").get<uint64_t>();
  record->file_gtid_set = json.at("file_gtid_set").get<std::string>();
  record->finished_files = json.at("finished_files").get<uint64_t>();
  record->next = ParseRecord(json.at("next"));
  record->next_key = json.at("next_key").get<std::string>();
  if (json.contains("takes")) record->takes = ParseTakes(json.at("takes"));  // Not from before there were any.
}

}  // namespace

S3Ownership::S3Ownership(ObjectStore* store, std::string key, std::string owner, std::string format)
    : store_(store), key_(std::move(key)), owner_(std::move(owner)), format_(std::move(format)) {}

absl::Status S3Ownership::Parse(const std::string& key, const Object& object, Record* record) {
  absl::string_view text = object.bytes;
  if (absl::EndsWith(text, "\n")) text.remove_suffix(1);
  if (!ParseCheckedLine(text, &text)) return ObjectsDamaged(absl::StrCat(key, " was edited or is not ours"));
  try {
    FromJson(Json::parse(text.begin(), text.end()), record);
  } catch (const std::exception&) {
    return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_FORMAT_MISMATCH",
                               absl::StrCat(key, " was not written by this version of binlogd; run the newer one")));
  }
  return absl::OkStatus();
}

absl::StatusOr<Object> S3Ownership::Fetch(const std::string& key, Record* record) const {
  return ReadIntact([&]() -> absl::StatusOr<Object> {
    ASSIGN_OR_RETURN(Object object, store_->Get(key));
    *record = Record();
    RETURN_IF_ERROR(Parse(key, object, record));
    return object;
  });
}

absl::Status S3Ownership::Read(StoreClaim& claim) {
  record_ = Record();
  etag_.clear();
  ASSIGN_OR_RETURN(Object object, Fetch(key_, &record_));
  etag_ = object.etag;
  text_ = std::move(object.bytes);
  if (record_.owner != owner_) {
    return Permanent(
        MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_IN_USE",
                  absl::StrCat("the prefix of ", key_, " is that of ", record_.owner, ", on ", record_.host, " since ",
                               record_.since, "; give each target a prefix of its own")));
  }
  if (claim.WasTakenBy(record_)) return TakenBy(record_);
  if (record_.format != format_) {
    return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_FORMAT_MISMATCH",
                               absl::StrCat("the prefix of ", key_, " holds format ", record_.format, ", not ", format_,
                                            "; name another prefix")));
  }
  return absl::OkStatus();
}

absl::Status S3Ownership::CheckAbove(const std::string& prefix) const {
  for (size_t end = 0; end < prefix.size(); end = prefix.find('/', end) + 1) {
    const std::string above = prefix.substr(0, end);
    const std::string key = S3Layout(above, std::nullopt).OwnKey("owner.json");
    Record record;
    const absl::Status read = Fetch(key, &record).status();
    if (IsNoObject(read) || absl::IsPermissionDenied(read)) continue;
    RETURN_IF_ERROR(read);
    return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_PREFIX_IN_USE",
                               absl::StrCat("the prefix \"", prefix, "\" is below \"", above, "\", which is that of ",
                                            record.owner, ", on ", record.host, " since ", record.since, ", as ", key,
                                            " says; give each target a prefix that does not begin with another's")));
  }
  return absl::OkStatus();
}

absl::Status S3Ownership::Take(StoreClaim& claim) {
  Record next = record_;
  next.owner = owner_;
  next.format = format_;
  static_cast<StoreTake&>(next) = claim.TakeAfter(record_.generation);
  if (next.base) AddTake(*next.base, absl::Now(), &next.takes);
  const absl::Status taken = Write(std::move(next));
  if (ErrorReason(taken) != "TARGET_IN_USE") return taken;
  // Whoever was faster may be gone again; to try again tells.
  return MakeError(absl::StatusCode::kAborted, "TARGET_IN_USE", taken.message());
}

absl::Status S3Ownership::SetBase(const PositionRecord& base, const std::string& file_gtid_set,
                                  uint64_t finished_files) {
  Record next = record_;
  next.base = base;
  next.base_generation = record_.generation;
  next.file_gtid_set = file_gtid_set;
  next.finished_files = finished_files;
  next.next.reset();
  next.next_key.clear();
  return Write(std::move(next));
}

absl::Status S3Ownership::Announce(const PositionRecord& base, const PositionRecord& next_position,
                                   const std::string& next_key) {
  Record next = record_;
  next.base = base;
  next.base_generation = record_.generation;
  next.next = next_position;
  next.next_key = next_key;
  return Write(std::move(next));
}

absl::Status S3Ownership::Write(Record record) {
  const std::string text = ToText(record);
  for (int tries = 1;; ++tries) {
    PutOptions options;
    options.content_type = "text/plain";
    options.only_if_new = etag_.empty();
    options.only_if_etag = etag_;
    MemoryBody body(text);
    absl::StatusOr<std::string> etag = store_->Put(key_, body, options);
    if (absl::IsAborted(etag.status()) || absl::IsAlreadyExists(etag.status()) || IsNoObject(etag.status())) {
      Record found;
      const absl::StatusOr<Object> object = Fetch(key_, &found);
      if (IsNoObject(object.status())) return ObjectsDamaged(absl::StrCat(key_, " is gone"));
      RETURN_IF_ERROR(object.status());
      if (object->bytes != text) {
        RETURN_IF_ERROR(Settle(*object, found));
        if (tries < kMostTries) continue;
        return etag.status();
      }
      // Done by an earlier try of the request, whose answer did not come.
      etag = object->etag;
    }
    RETURN_IF_ERROR(etag.status());
    etag_ = *std::move(etag);
    text_ = text;
    record_ = std::move(record);
    return absl::OkStatus();
  }
}

absl::Status S3Ownership::Check() {
  const absl::StatusOr<Object> head = store_->Head(key_);
  if (IsNoObject(head.status())) return ObjectsDamaged(absl::StrCat(key_, " is gone"));
  RETURN_IF_ERROR(head.status());
  if (head->etag == etag_) return absl::OkStatus();
  Record found;
  ASSIGN_OR_RETURN(const Object object, Fetch(key_, &found));
  return Settle(object, found);
}

absl::Status S3Ownership::Settle(const Object& object, const Record& found) {
  if (found.instance != record_.instance || found.generation != record_.generation) return TakenBy(found);
  if (object.bytes != text_) {
    return MakeError(absl::StatusCode::kAborted, "OBJECT_CHANGED",
                     absl::StrCat(key_, " is not as it was written last: an earlier request was done late"));
  }
  etag_ = object.etag;
  return absl::OkStatus();
}

void S3Ownership::ForgetTakes(absl::Time time) {
  std::vector<S3Take>& takes = record_.takes;
  takes.erase(std::remove_if(takes.begin(), takes.end(),
                             [time](const S3Take& take) { return take.last_time < absl::ToUnixSeconds(time); }),
              takes.end());
}

absl::Status S3Ownership::TakenBy(const Record& other) const {
  return Permanent(
      MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_IN_USE",
                absl::StrCat("the prefix of ", key_, " was taken over by ", other.owner, ", on ", other.host, " since ",
                             other.since, "; run each streamer in one binlogd only")));
}

}  // namespace binlogd
