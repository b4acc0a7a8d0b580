#include "pipeline/checkpoint.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

using Json = nlohmann::ordered_json;

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
          {"healthy", target.error.ok()},
          {"last_write", ToJson(target.last_write)},
          {"error", std::string(target.error.message())},
          {"position", ToJson(target.durable.position)}};
}

}  // namespace

absl::Status WriteCheckpoint(const std::string& path, const Checkpoint& checkpoint) {
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

absl::StatusOr<absl::Time> ReadCheckpointFreshness(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path, 64 << 20));
  const Json json = Json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  const auto field = json.is_object() ? json.find("fresh_until") : json.end();
  if (field != json.end() && field->is_null()) return absl::InfinitePast();
  absl::Time time;
  std::string error;
  if (field == json.end() || !field->is_string() ||
      !absl::ParseTime(absl::RFC3339_full, field->get<std::string>(), &time, &error)) {
    return MakeError(
        absl::StatusCode::kDataLoss, "CHECKPOINT_CORRUPT",
        absl::StrCat(path, " is not a checkpoint; the targets know their positions, so it is written anew"));
  }
  return time;
}

Position LeastPosition(const std::vector<TargetSnapshot>& targets) {
  const DurablePosition* least = nullptr;
  for (const TargetSnapshot& target : targets) {
    const DurablePosition& durable = target.durable;
    const bool less =
        least == nullptr || durable.epoch.number < least->epoch.number ||
        (durable.epoch.number == least->epoch.number && ComparePositions(durable.position, least->position) < 0);
    if (less) least = &durable;
  }
  return least == nullptr ? Position() : least->position;
}

}  // namespace binlogd
