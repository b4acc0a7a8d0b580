#include "target/position_record.h"

#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace binlogd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

Json PlaceJson(const Position& place) { return {{"file", place.file}, {"offset", place.offset}}; }

// These throw when a field has the wrong type.
Position PlaceFrom(const Json& json, const char* name) {
  if (!json.contains(name)) return Position();
  return Position{json[name].value("file", ""), json[name].value("offset", uint64_t{0}), ""};
}

EventMark EventMarkFrom(const Json& json) {
  return EventMark{json.value("size", uint32_t{0}), json.value("last_bytes", uint32_t{0}),
                   json.value("checksum", uint32_t{0})};
}

Json EventMarkJson(const EventMark& mark) {
  return {{"size", mark.size}, {"last_bytes", mark.last_bytes}, {"checksum", mark.checksum}};
}

EpochEnd EpochEndFrom(const Json& json) {
  EpochEnd end;
  // Of a name that is none nothing is known.
  if (!ParseEpochName(json.value("epoch", ""), &end.epoch)) return EpochEnd();
  end.position = PlaceFrom(json, "position");
  end.boundary = PlaceFrom(json, "boundary");
  end.log_created = json.value("log_created", uint32_t{0});
  end.log_server_id = json.value("log_server_id", uint32_t{0});
  end.next_file = json.value("next_file", "");
  return end;
}

// Throws when a field has the wrong type.
StoreTake TakeFrom(const Json& json) {
  return {json.value("generation", uint64_t{0}), json.value("instance", ""), json.value("host", ""),
          json.value("since", "")};
}

Json TakeJson(const StoreTake& take) {
  return {{"generation", take.generation}, {"instance", take.instance}, {"host", take.host}, {"since", take.since}};
}

Json EpochEndJson(const EpochEnd& end) {
  Json json = {{"epoch", end.epoch.name()}};
  if (!end.position.empty()) {
    json["position"] = PlaceJson(end.position);
    json["log_created"] = end.log_created;
    json["log_server_id"] = end.log_server_id;
  }
  if (!end.boundary.empty()) json["boundary"] = PlaceJson(end.boundary);
  if (!end.next_file.empty()) json["next_file"] = end.next_file;
  return json;
}

// Throws when a field has the wrong type.
bool ParseFields(const Json& json, PositionRecord* record) {
  if (!json.is_object() || json.value("version", 0) != kVersion) return false;
  DurablePosition& durable = record->durable;
  if (!ParseEpochName(json.value("epoch", ""), &durable.epoch)) return false;
  record->format = json.value("format", "");
  durable.position.file = json.value("file", "");
  durable.position.offset = json.value("offset", uint64_t{0});
  durable.position.gtid_set = json.value("gtid_set", "");
  durable.at_boundary = json.value("at_boundary", true);
  durable.boundary = PlaceFrom(json, "boundary");
  durable.read_whole_file = json.value("read_whole_file", false);
  durable.log_created = json.value("log_created", uint32_t{0});
  durable.log_server_id = json.value("log_server_id", uint32_t{0});
  if (json.contains("last_event")) durable.last_event = EventMarkFrom(json["last_event"]);
  durable.source_time = json.value("source_time", uint32_t{0});
  durable.held_gtid_set = json.value("held_gtid_set", "");
  if (json.contains("before")) durable.before = EpochEndFrom(json["before"]);
  record->output_file = json.value("output_file", "");
  record->output_length = json.value("output_length", uint64_t{0});
  record->output_content = json.value("output_content", uint64_t{0});
  record->output_began = json.value("output_began", int64_t{0});
  record->owner = json.value("owner", "");
  if (json.contains("take")) record->take = TakeFrom(json["take"]);
  return true;
}

}  // namespace

std::string PositionRecordJson(const PositionRecord& record) {
  const DurablePosition& durable = record.durable;
  Json json = {{"version", kVersion},
               {"format", record.format},
               {"epoch", durable.epoch.name()},
               {"file", durable.position.file},
               {"offset", durable.position.offset},
               {"gtid_set", durable.position.gtid_set},
               {"at_boundary", durable.at_boundary},
               {"read_whole_file", durable.read_whole_file},
               {"log_created", durable.log_created},
               {"log_server_id", durable.log_server_id},
               {"source_time", durable.source_time},
               {"held_gtid_set", durable.held_gtid_set},
               {"output_file", record.output_file},
               {"output_length", record.output_length}};
  if (!durable.boundary.empty()) json["boundary"] = PlaceJson(durable.boundary);
  if (durable.last_event.known()) json["last_event"] = EventMarkJson(durable.last_event);
  if (!durable.before.epoch.empty()) json["before"] = EpochEndJson(durable.before);
  if (record.output_content != 0) json["output_content"] = record.output_content;
  if (record.output_began != 0) json["output_began"] = record.output_began;
  if (!record.owner.empty()) json["owner"] = record.owner;
  if (record.take.generation != 0) json["take"] = TakeJson(record.take);
  json["time"] = absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone());
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool ParsePositionRecord(absl::string_view json, PositionRecord* record) {
  try {
    return ParseFields(Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false), record);
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

}  // namespace binlogd
