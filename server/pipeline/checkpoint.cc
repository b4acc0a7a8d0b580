#include "pipeline/checkpoint.h"

#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostBytes = 64 << 20;

Json ToJson(const Position& position) {
  return {{"file", position.file}, {"position", position.offset}, {"gtid", position.gtid_set}};
}

Json ToJson(absl::Time time) {
  if (time == absl::InfinitePast()) return nullptr;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
}

Json ToJson(const TargetSnapshot& target) {
  return {{"name", target.name},
          {"type", target.type},
          {"required", target.required},
          {"state", std::string(TargetStateName(target.state))},
          {"healthy", target.error.ok()},
          {"last_write", ToJson(target.last_write)},
          {"error", std::string(target.error.message())},
          {"epoch", target.durable.epoch.empty() ? "" : target.durable.epoch.name()},
          {"position", ToJson(target.durable.position)},
          {"fresh_until", ToJson(target.fresh_until)}};
}

// Throw when something is of the wrong type.
Position PositionFrom(const Json& json) { return Position{json.at("file"), json.at("position"), json.at("gtid")}; }

absl::Time TimeFrom(const Json& json) {
  if (json.is_null()) return absl::InfinitePast();
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, json.get<std::string>(), &time, &error)) return time;
  throw std::invalid_argument(error);
}

TargetSnapshot TargetFrom(const Json& json) {
  TargetSnapshot target;
  target.name = json.at("name");
  target.durable.position = PositionFrom(json.at("position"));
  // A file of an older version has neither.
  (void)ParseEpochName(json.value("epoch", ""), &target.durable.epoch);
  if (json.contains("fresh_until")) target.fresh_until = TimeFrom(json["fresh_until"]);
  return target;
}

// Of any version.
bool IsCheckpoint(const std::string& bytes) {
  const Json json = Json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  for (const char* member : {"version", "streamer", "position", "targets"}) {
    if (!json.contains(member)) return false;
  }
  return true;
}

absl::Status Foreign(const std::string& path, absl::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "CHECKPOINT_FILE_FOREIGN",
                   absl::StrCat(path, " ", what,
                                ", and is not written over; name another file, or move it away if nobody needs it"));
}

}  // namespace

absl::Status CheckCheckpointPlace(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();  // Whether it can be made shows when it is written.
  if (S_ISLNK(info.st_mode)) return Foreign(path, "is a symbolic link");
  if (!S_ISREG(info.st_mode)) return Foreign(path, "is not a plain file");
  const absl::StatusOr<std::string> bytes = ReadWholeFile(path, kMostBytes);
  if (absl::IsNotFound(bytes.status())) return absl::OkStatus();
  if (!bytes.ok())
    return Foreign(path, absl::StrCat("cannot be told to be a checkpoint (", bytes.status().message(), ")"));
  return IsCheckpoint(*bytes) ? absl::OkStatus() : Foreign(path, "is there already and is no checkpoint");
}

absl::Status WriteCheckpoint(const std::string& path, const Checkpoint& checkpoint, CheckpointOver over) {
  if (over == CheckpointOver::kCheckpoint) RETURN_IF_ERROR(CheckCheckpointPlace(path));
  Json targets = Json::array();
  for (const TargetSnapshot& target : checkpoint.targets) targets.push_back(ToJson(target));
  const Json json = {{"version", 1},
                     {"streamer", checkpoint.streamer},
                     {"position", ToJson(checkpoint.position)},
                     {"event_count", checkpoint.event_count},
                     {"byte_count", checkpoint.byte_count},
                     {"last_update", ToJson(checkpoint.last_update)},
                     {"start_time", ToJson(checkpoint.start_time)},
                     {"fresh_until", ToJson(checkpoint.fresh_until)},
                     {"targets", targets}};
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(path).parent_path().string(), 0750));
  return ReplaceFile(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n", 0640);
}

absl::StatusOr<Checkpoint> ReadCheckpoint(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path, kMostBytes));
  try {
    const Json json = Json::parse(bytes);
    Checkpoint checkpoint;
    checkpoint.position = PositionFrom(json.at("position"));
    checkpoint.fresh_until = TimeFrom(json.at("fresh_until"));
    for (const Json& target : json.at("targets")) checkpoint.targets.push_back(TargetFrom(target));
    return checkpoint;
  } catch (const std::exception&) {
    return MakeError(
        absl::StatusCode::kDataLoss, "CHECKPOINT_CORRUPT",
        absl::StrCat(path, " is not a checkpoint; the targets know their positions, so it is written anew"));
  }
}

}  // namespace binlogd
