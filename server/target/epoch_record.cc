#include "target/epoch_record.h"

#include <nlohmann/json.hpp>

namespace binlogd {

std::string EpochJson(const EpochStart& start, absl::Time began) {
  const nlohmann::ordered_json json = {
      {"version", 1},
      {"epoch", start.epoch.name()},
      {"server_uuid", start.server_uuid},
      {"server_id", start.server_id},
      {"server_version", start.server_version},
      {"first_position",
       {{"file", start.first.file}, {"position", start.first.offset}, {"gtid", start.first.gtid_set}}},
      {"reason", start.reason},
      {"began", absl::FormatTime(absl::RFC3339_sec, began, absl::UTCTimeZone())}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace binlogd
