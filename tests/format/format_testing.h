// What tests of the formats share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "format/event_encoder.h"
#include "tests/binlog/golden_log.h"

namespace binlogd::testing {

// A captured log in a format, with keys. `passes` decides which of its events are delivered.
inline RecordBuffer EncodeGoldenLog(
    EventFormat format, Flavor flavor, EncoderOptions options = {"orders"},
    bool (*passes)(const DecodedEvent& event) = [](const DecodedEvent&) { return true; }) {
  options.flavor = flavor;
  const std::unique_ptr<EventEncoder> encoder = MakeEventEncoder(format, options);
  EventDecoder decoder(flavor, nullptr);
  RecordBuffer out(true);
  uint64_t offset = kFirstEventOffset;
  for (const std::string& bytes : ReadGoldenLog(flavor).events) {
    offset += bytes.size();
    const DecodedEvent* event = nullptr;
    absl::Status status = decoder.Feed(bytes, &event);
    if (status.ok() && event != nullptr) {
      status = encoder->Append(*event, {"binlog.000001", offset}, passes(*event), &out);
    }
    EXPECT_TRUE(status.ok()) << status;
  }
  encoder->Finish(&out);
  return out;
}

// Its records, parsed.
inline std::vector<nlohmann::json> Parse(const RecordBuffer& buffer) {
  std::vector<nlohmann::json> records;
  for (const absl::string_view line : absl::StrSplit(buffer.values, '\n', absl::SkipEmpty())) {
    records.push_back(nlohmann::json::parse(line.begin(), line.end()));
  }
  EXPECT_EQ(records.size(), buffer.count);
  return records;
}

// Those of a captured log that tell of a table.
inline std::vector<nlohmann::json> RecordsOfTable(EventFormat format, Flavor flavor, const std::string& table) {
  std::vector<nlohmann::json> found;
  for (nlohmann::json& record : Parse(EncodeGoldenLog(format, flavor))) {
    const nlohmann::json& told = format == EventFormat::kDebeziumJson ? record["source"] : record;
    if (told["table"] == table) found.push_back(std::move(record));
  }
  return found;
}

}  // namespace binlogd::testing
