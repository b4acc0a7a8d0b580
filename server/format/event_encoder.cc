#include "format/event_encoder.h"

#include <algorithm>

#include "format/canal_encoder.h"
#include "format/debezium_encoder.h"
#include "format/json_encoder.h"
#include "format/maxwell_encoder.h"
#include "format/protobuf_encoder.h"

namespace binlogd {

RecordOrigin::RecordOrigin(const DecodedEvent& event, const EventPlace& place)
    : kind(event.kind),
      timestamp(event.header.timestamp),
      end_offset(place.end_offset),
      database(event.database),
      table(event.table),
      gtid(event.gtid) {}

void RecordBuffer::AddRecord(size_t value_begin, size_t value_size, absl::string_view key, bool tombstone) {
  records.push_back({value_begin, value_size, keys.size(), key.size(), tombstone, origins.size() - 1});
  keys.append(key.data(), key.size());
}

std::unique_ptr<EventEncoder> MakeEventEncoder(EventFormat format, const EncoderOptions& options) {
  switch (format) {
    case EventFormat::kJson: break;
    case EventFormat::kDebeziumJson: return std::make_unique<DebeziumEncoder>(options);
    case EventFormat::kMaxwellJson: return std::make_unique<MaxwellEncoder>();
    case EventFormat::kCanalJson: return std::make_unique<CanalEncoder>(options);
    case EventFormat::kProtobuf: return std::make_unique<ProtobufEncoder>();
  }
  return std::make_unique<JsonEncoder>();
}

absl::string_view EventFormatName(EventFormat format) {
  switch (format) {
    case EventFormat::kJson: return "JSON";
    case EventFormat::kDebeziumJson: return "DEBEZIUM_JSON";
    case EventFormat::kMaxwellJson: return "MAXWELL_JSON";
    case EventFormat::kCanalJson: return "CANAL_JSON";
    case EventFormat::kProtobuf: return "PROTOBUF";
  }
  return "JSON";
}

absl::string_view EventFormatSuffix(EventFormat format) {
  return EventFormatFraming(format) == RecordFraming::kLengths ? "binpb" : "jsonl";
}

RecordFraming EventFormatFraming(EventFormat format) {
  return format == EventFormat::kProtobuf ? RecordFraming::kLengths : RecordFraming::kLines;
}

size_t FramedRecordSize(RecordFraming framing, absl::string_view records) {
  if (framing == RecordFraming::kLines) return records.find('\n') + 1;
  constexpr size_t kMostLengthBytes = 5;
  uint64_t size = 0;
  for (size_t i = 0; i < std::min(kMostLengthBytes, records.size()); ++i) {
    const uint8_t byte = static_cast<uint8_t>(records[i]);
    size |= uint64_t{byte & 0x7fu} << (7 * i);
    if ((byte & 0x80) != 0) continue;
    return size <= records.size() - i - 1 ? i + 1 + size : 0;
  }
  return 0;
}

}  // namespace binlogd
