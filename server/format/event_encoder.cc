#include "format/event_encoder.h"

#include "base/status_macros.h"
#include "format/json_encoder.h"

namespace binlogd {
namespace {

class JsonLines : public EventEncoder {
 public:
  absl::Status Append(const DecodedEvent& event, const EventPlace& place, bool passes, RecordBuffer* out) override {
    if (!passes) return absl::OkStatus();
    const size_t begin = out->values.size();
    RETURN_IF_ERROR(encoder_.Append(event, place.file, place.end_offset, &out->values));
    ++out->count;
    if (out->wants_keys) out->records.push_back({begin, out->values.size() - begin - 1, 0, 0, false});
    return absl::OkStatus();
  }
  void Finish(RecordBuffer*) override {}

 private:
  JsonEncoder encoder_;
};

}  // namespace

std::unique_ptr<EventEncoder> MakeEventEncoder(EventFormat, const EncoderOptions&) {
  return std::make_unique<JsonLines>();
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
  return format == EventFormat::kProtobuf ? "binpb" : "jsonl";
}

}  // namespace binlogd
